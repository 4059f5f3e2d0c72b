"""Where settings come from: flags, then environment, then file, then default."""
