"""HTML for notebooks: tables of values, which may be any text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

MAX_LENGTH = 80
"""The characters of a value that are shown."""
MAX_SENTENCE = 1000
"""The characters of a sentence that are shown, which may have values in it."""
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), 11, 12, *range(14, 32), 127)}
MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def escaped(text: str) -> str:
    """Returns a text as HTML. What no browser shows, such as control characters and lone surrogates, is written out."""
    return text.translate(CONTROLS).translate(MARKUP).encode("utf-8", "backslashreplace").decode()


def cell(value: Any, limit: int = MAX_LENGTH) -> str:
    """Returns a value as HTML, cut where it is long."""
    if value is None:
        return "<em>None</em>"
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception as error:  # noqa: BLE001 - a class of the user's, or an int of too many digits
        return f"<em>{escaped(type(value).__name__)} that cannot be shown: {escaped(type(error).__name__)}</em>"
    return escaped(text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)")


class Undecodable:
    """A stored value that does not fit its field's type."""

    def __init__(self, stored: Any) -> None:
        self._stored = stored

    def __str__(self) -> str:
        return f"does not decode: {self._stored!r}"


def table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "", *, limit: int = MAX_LENGTH
) -> str:
    """Returns a table with a title above and a note below, and texts of a length at most in its cells."""
    lines = [f"<p><code>{escaped(title)}</code></p>", "<table>"]
    if headings:
        lines.append(f"<thead><tr>{''.join(f'<th>{cell(each)}</th>' for each in headings)}</tr></thead>")
    lines.append("<tbody>")
    lines += (f"<tr>{''.join(f'<td>{cell(each, limit)}</td>' for each in row)}</tr>" for row in rows)
    lines.append("</tbody></table>")
    return "\n".join(lines) + (f"<p>{escaped(note)}</p>" if note else "")


def remark(title: str, text: str) -> str:
    """Returns a title, and a text instead of a table."""
    return f"<p><code>{escaped(title)}</code></p><p>{escaped(text)}</p>"


def failure(title: str, error: Exception) -> str:
    """Returns a title, and the error that came instead of values."""
    return remark(title, f"{type(error).__name__}: {error}")
