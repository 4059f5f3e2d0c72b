"""Writes the files that follow from the code: completions, man pages, reference pages."""
