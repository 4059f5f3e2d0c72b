"""Text to tree: the lexer, the parser and the nodes they produce."""
