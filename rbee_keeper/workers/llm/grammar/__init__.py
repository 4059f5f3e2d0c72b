"""Makes answers follow a JSON Schema, a regular expression or a grammar."""
