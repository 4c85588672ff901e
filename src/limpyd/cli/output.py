"""The output of a command: a page for people, or with `--json` one JSON document and nothing else on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from limpyd.cli.failures import OutputClosed

UNITS = ("B", "kB", "MB", "GB", "TB")
KILO = 1024


def printed(document: Any, page: Callable[[Console], None], *, as_json: bool) -> None:
    """Prints a document as JSON, or as a page."""
    if as_json:
        try:
            sys.stdout.write(json.dumps(safe(document), indent=2) + "\n")
        except BrokenPipeError:
            raise OutputClosed from None
    else:
        page(console())


def note(text: str) -> None:
    """Writes a line on stderr, so that stdout stays what was asked for."""
    sys.stderr.write(f"limpyd: {text.encode('utf-8', 'backslashreplace').decode()}\n")


def console() -> Console:
    """The console that prints pages."""
    return Page(highlight=False, soft_wrap=not sys.stdout.isatty())


class Page(Console):
    """A console of which a closed pipe is an error like any other."""

    def on_broken_pipe(self) -> None:
        raise OutputClosed


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table of text as it is: nothing in it is markup, and numbers stand on the right."""
    made = Table(title=Text(shown(title)) if title else None, title_justify="left", box=None, header_style="bold")
    listed = [list(row) for row in rows]
    for number, column in enumerate(columns):
        numbers = all(isinstance(row[number], int) for row in listed)
        made.add_column(column, justify="right" if numbers and listed else "left", overflow="fold")
    for row in listed:
        made.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else shown(cell)) for cell in row))
    return made


def shown(cell: object) -> str:
    """A text that a terminal can show: what is not printable, such as NUL or an escape, is spelled out."""
    text = "" if cell is None else str(cell)
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def safe(document: Any) -> Any:
    """A document with all its text as UTF-8 can hold it: bytes that are not are spelled out."""
    if isinstance(document, str):
        return document.encode("utf-8", "backslashreplace").decode()
    if isinstance(document, dict):
        return {safe(key): safe(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [safe(each) for each in document]
    return document


def size(count: int | None) -> str:
    """A number of bytes, for people."""
    if count is None:
        return "unknown"
    amount, unit = float(count), 0
    while amount >= KILO and unit < len(UNITS) - 1:
        amount, unit = amount / KILO, unit + 1
    return f"{count} B" if unit == 0 else f"{amount:.1f} {UNITS[unit]}"
