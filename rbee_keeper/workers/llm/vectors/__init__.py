"""The engine for models that make vectors of texts."""
