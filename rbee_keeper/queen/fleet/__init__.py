"""The fleet: hives and workers as the queen knows them, and what it asks of them."""
