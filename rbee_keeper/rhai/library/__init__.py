"""The standard library, one file per theme."""
