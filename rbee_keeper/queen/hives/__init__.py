"""The hives that this queen starts itself, one for each node."""
