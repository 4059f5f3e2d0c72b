"""Keeps processes in their wanted state and leaves none behind."""
