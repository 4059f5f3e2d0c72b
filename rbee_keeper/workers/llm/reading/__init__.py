"""From the bytes of tokens to text, and from text to what a model thinks and says."""
