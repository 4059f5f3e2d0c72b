"""Regular expressions, as automata, in grammars."""
