"""How models write tool calls: read while they are written, and asked for by a grammar."""
