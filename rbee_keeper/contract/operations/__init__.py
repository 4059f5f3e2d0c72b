"""Every operation of every daemon: what servers bind, clients call, access is decided by and the reference prints."""
