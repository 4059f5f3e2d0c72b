"""What a person who writes a routing script has: tests, checks, measurements and a sample."""
