"""What bee-tiny knows about the commands of rbee, one file per area."""
