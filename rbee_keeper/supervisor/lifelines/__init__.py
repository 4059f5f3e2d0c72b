"""How a child learns that its parent is gone, and a parent gives a sign of life."""
