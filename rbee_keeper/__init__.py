"""rbee: your own AI on all the machines you own."""

__version__ = "0.1.0"
