"""Tests: hosts."""
