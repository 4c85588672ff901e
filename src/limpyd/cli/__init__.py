"""The `limpyd` command."""

from limpyd.cli.main import main

__all__ = ["main"]
