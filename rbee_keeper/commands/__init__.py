"""The CLI: one file per noun or top-level verb."""
