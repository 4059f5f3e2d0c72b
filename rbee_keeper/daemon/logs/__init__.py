"""What a daemon says: lines, without secrets, bounded, written without ever failing."""
