"""Holds the bundled model bee-tiny as package data."""
