"""The version of limpyd, which its connections send to the server as well."""

__version__ = "3.0.0.dev0"
