"""Hosts: machines on which daemons of ours are started and held."""
