"""The engine for models that write text."""
