"""How hops talk: HTTP/1.1, server-sent events, deadlines, correlation."""
