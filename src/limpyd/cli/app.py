"""The command: one file per sub-command, each of which is one line here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from limpyd.cli.check import check
from limpyd.cli.explain import explain
from limpyd.cli.export import export
from limpyd.cli.failures import ended
from limpyd.cli.import_ import import_
from limpyd.cli.keys import keys
from limpyd.cli.migrate import migrate
from limpyd.cli.models import models
from limpyd.cli.rebuild import rebuild
from limpyd.cli.rename import rename
from limpyd.cli.repartition import repartition
from limpyd.cli.script import script
from limpyd.cli.serve import serve
from limpyd.cli.shell import shell
from limpyd.cli.sweep import sweep

LOOKING = (models, keys, explain, script, check)
CHANGING = (rebuild, sweep, rename, repartition, migrate, export, import_)
COMMANDS = (*LOOKING, *CHANGING, shell, serve)
"""The sub-commands in the order of `limpyd --help`; each function's name and docstring are its own there."""

EXIT_CODES = (
    "Exit codes: 0 success; 1 there are findings or open tasks; 2 a mistake in the arguments; 3 the server cannot "
    "be reached; 4 the server or the library refused the command; 130 interrupted; 141 the reader of the output "
    "has closed it."
)

app = typer.Typer(
    name="limpyd",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"limpyd {version('limpyd')}\n")
        raise typer.Exit


@app.callback(epilog=EXIT_CODES)
def limpyd(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Look after the data of limpyd's models."""


NAMES = {command.__name__.rstrip("_"): command for command in COMMANDS}
"""The sub-commands by name: `import_` has the name that Python keeps for itself."""

for name, command in NAMES.items():
    app.command(name)(command)


def run(args: Sequence[str]) -> int:
    """Runs the command with some arguments, and returns its exit code."""
    return ended(lambda: app(args=list(args), prog_name="limpyd", standalone_mode=False))
