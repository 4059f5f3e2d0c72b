"""Tasks: what the queen remembers of them, and who follows them."""
