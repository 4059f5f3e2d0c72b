"""The forms in which an answer can leave a worker."""
