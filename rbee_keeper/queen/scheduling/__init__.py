"""Pure: a snapshot in, a decision out; no clock, socket, file or log."""
