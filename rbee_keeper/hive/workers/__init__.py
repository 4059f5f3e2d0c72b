"""The workers of this machine: their records, starts, ends and watch."""
