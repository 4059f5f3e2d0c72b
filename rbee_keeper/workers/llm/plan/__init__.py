"""Pure: what a model is loaded with, decided before anything is loaded."""
