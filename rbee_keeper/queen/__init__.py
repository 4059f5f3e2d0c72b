"""Decides: takes tasks, chooses workers, relays their events."""
