"""Tests: gguf."""
