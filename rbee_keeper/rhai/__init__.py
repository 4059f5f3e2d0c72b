"""The Rhai language in pure Python: source in, closures out, values back."""
