"""The executions of a worker: prepared, in slots, and the events of each on their way out."""
