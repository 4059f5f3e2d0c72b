"""GGUF: what a model file says about itself, and the memory that it will need."""
