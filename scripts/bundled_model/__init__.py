"""Everything that makes the bundled model bee-tiny: its text, its network, its file."""
