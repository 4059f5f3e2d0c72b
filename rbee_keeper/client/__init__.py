"""Talks to a queen: what can be asked, and how its response is read."""
