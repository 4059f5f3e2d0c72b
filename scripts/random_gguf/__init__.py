"""Models with random weights and real shapes, as GGUF files for tests and benchmarks."""
