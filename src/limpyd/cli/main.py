"""The entry point of the `limpyd` command. It needs the `cli` extra, which nothing else in the library does."""

from __future__ import annotations

import importlib.util
import io
import sys

BAD_USAGE = 2


def main() -> int:
    """Runs the command with the arguments of the process, and returns its exit code."""
    missing = [name for name in ("typer", "rich") if importlib.util.find_spec(name) is None]
    if missing:
        sys.stderr.write(f"limpyd: the command needs {' and '.join(missing)}: pip install 'limpyd[cli]'\n")
        return BAD_USAGE
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever the terminal's encoding lacks
    from limpyd.cli.app import run  # noqa: PLC0415 - only the command pays for typer and rich

    return run(sys.argv[1:])
