"""The end of the command: exit codes for scripts, and one line on stderr for any error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import IntEnum

import typer

from limpyd.exceptions import (
    DeclarationError,
    InvalidFilter,
    InvalidPrimaryKey,
    InvalidValue,
    LimpydError,
    ServerUnreachable,
    UnknownField,
)


class Ended(IntEnum):
    """The exit codes."""

    WELL = 0
    FOUND_SOMETHING = 1
    """The answer is no, or something is left to do: a conflict, a problem, an index that is not built."""
    BAD_USAGE = 2
    """A mistake in the arguments, or in the models that they name."""
    UNREACHABLE = 3
    """There is no server, or it does not let us in."""
    REFUSED = 4
    """The server, or the library, refused what was asked for; the message says why."""
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    """Whoever reads the output has enough of it, as `head` does."""


class BadUsage(Exception):
    """The command cannot do what its arguments ask for."""


class OutputClosed(Exception):
    """Whoever reads the output has closed it; click and typer would take a BrokenPipeError for themselves."""


SHOW_TRACEBACK = "LIMPYD_TRACEBACK"
MISTAKES = (BadUsage, DeclarationError, InvalidFilter, InvalidPrimaryKey, InvalidValue, UnknownField)


def ended(command: Callable[[], int | None]) -> int:
    """Prints what stopped a command, and returns its exit code."""
    try:
        code = command() or Ended.WELL
        sys.stdout.flush()
    except (BrokenPipeError, OutputClosed):
        return _silenced(Ended.PIPE_CLOSED)
    except typer.TyperException as error:
        return _reported(error.format_message(), Ended.BAD_USAGE)
    except MISTAKES as error:
        return _reported(str(error), Ended.BAD_USAGE)
    except ServerUnreachable as error:
        return _reported(str(error), Ended.UNREACHABLE)
    except LimpydError as error:
        return _reported(str(error), Ended.REFUSED)
    except (KeyboardInterrupt, typer.Abort):
        return _reported("interrupted", Ended.INTERRUPTED)
    except OSError as error:
        return _silenced(_reported(str(error), Ended.REFUSED))
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        how = f"set {SHOW_TRACEBACK}=1 in the environment to see the traceback"
        return _reported(f"{type(error).__name__}: {error} (unexpected; {how})", Ended.REFUSED)
    return code


def _reported(message: str, code: Ended) -> Ended:
    line = " ".join(message.split())
    if line:  # help that was asked for by no arguments has been shown
        sys.stderr.write(f"limpyd: {line.encode('utf-8', 'backslashreplace').decode()}\n")
    return code


def _silenced(code: Ended) -> Ended:
    """Has nothing more written to stdout, as Python tries when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return code
