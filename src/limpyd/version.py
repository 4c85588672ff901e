"""The version of limpyd, which its connections tell the server as well."""

__version__ = "3.0.0.dev0"
