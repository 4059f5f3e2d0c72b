"""GBNF, the language of llama.cpp's grammars: writing it, and reading what strangers wrote."""
