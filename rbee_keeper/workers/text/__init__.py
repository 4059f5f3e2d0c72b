"""Text: what workers do whose model writes it, whatever the engine."""
