"""What compiled scripts run on: values in use, the functions and types they reach, and limits."""
