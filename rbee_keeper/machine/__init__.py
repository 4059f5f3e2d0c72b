"""What this machine gives to a process: memory, CPUs, devices, and the limits of its container."""
