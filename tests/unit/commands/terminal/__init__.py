"""Tests: what commands do with a terminal."""
