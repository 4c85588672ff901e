"""Other libraries that map objects onto Redis, each in an environment of its own (`make bench-peers`)."""
