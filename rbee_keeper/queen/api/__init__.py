"""The queen's HTTP rooms."""
