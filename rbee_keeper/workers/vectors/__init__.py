"""Vectors: what workers do whose model makes them of texts, whatever the engine."""
