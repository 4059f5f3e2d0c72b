"""What is asked of a model: conversations, sampling, vectors, and how its engine is set."""
