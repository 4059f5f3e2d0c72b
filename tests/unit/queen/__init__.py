"""Tests: queen."""
