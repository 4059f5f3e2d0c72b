"""A real worker process with scripted tokens, stalls and crashes, for tests."""
