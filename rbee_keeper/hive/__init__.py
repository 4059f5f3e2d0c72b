"""Does, on one machine: its models, its devices, the workers it spawned; decides nothing."""
