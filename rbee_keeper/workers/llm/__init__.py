"""Text generation with llama.cpp."""
