"""The embedded server: a private Valkey server for development, tests and small programs."""

from limpyd.embedded.server import PATIENCE, EmbeddedServer, server_binary

__all__ = ["PATIENCE", "EmbeddedServer", "server_binary"]
