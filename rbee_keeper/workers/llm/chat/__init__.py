"""Chat: conversations into a model's own words, and its answers back into events."""
