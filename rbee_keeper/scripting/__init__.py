"""What a routing script sees of rbee: tasks, workers and decisions as data."""
