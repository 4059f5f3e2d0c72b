"""What a command does with a terminal: standard output, standard error, standard input, signals."""
