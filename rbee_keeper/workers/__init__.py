"""Executes: one process, one model, one device."""
