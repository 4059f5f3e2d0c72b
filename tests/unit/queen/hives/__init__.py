"""Tests: hives of the queen."""
