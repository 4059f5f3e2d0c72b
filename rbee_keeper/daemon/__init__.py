"""The shell that every long-running process shares."""
