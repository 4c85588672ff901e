"""Texts in filters of typed values: the beginning of a stored text, or a moment with its offset."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from uuid import UUID

from limpyd.exceptions import InvalidValue, shorten
from limpyd.expressions import EQUALITY
from limpyd.types import CODECS


class TextFormat:
    """The format of the stored texts of a type.

    Args:
        form: the format in messages.
        fillings: complete texts; the beginning of a valid text is completed by the rest of one of these.
        parse: raises ValueError for a text that is not complete.
    """

    def __init__(self, form: str, fillings: tuple[str, ...], parse: Callable[[str], object]) -> None:
        self.form = form
        self._fillings = fillings
        self._parse = parse

    def begins(self, text: str) -> bool:
        """Returns whether a text is the beginning of one in this format."""
        return bool(text) and any(self._is_real(text + filling[len(text) :], filling) for filling in self._fillings)

    def is_whole(self, text: str) -> bool:
        """Returns whether a text is in this format."""
        return len(text) == len(self._fillings[0]) and self.begins(text)

    def _is_real(self, text: str, filling: str) -> bool:
        digit = "[0-9a-f]" if self._parse is UUID else "[0-9]"
        pattern = "".join(digit if each.isdigit() else re.escape(each) for each in filling)
        try:
            self._parse(text)
        except ValueError:
            return False
        return re.fullmatch(pattern, text) is not None


DAYS, CLOCKS = ("0000-00-00", "1111-11-11"), ("00:00:00.000000", "11:11:11.111111")
SHAPES = {
    "date": TextFormat("YYYY-MM-DD", DAYS, date.fromisoformat),
    "time": TextFormat("HH:MM:SS.ffffff", CLOCKS, time.fromisoformat),
    "datetime": TextFormat(
        "YYYY-MM-DDTHH:MM:SS.ffffffZ, in UTC",
        tuple(f"{day}T{clock}Z" for day, clock in zip(DAYS, CLOCKS, strict=True)),
        datetime.fromisoformat,
    ),
    "UUID": TextFormat("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", (str(UUID(int=0)),), UUID),
}


def compared_text(subject: object, kind: str, operator: str, stored: bytes) -> bytes:
    """Returns the text that a filter compares with, for a given text.

    Args:
        subject: the field, as messages name it.
        kind: the type of the values: `date`, `time`, `datetime` or `UUID`.
        operator: the operator.
        stored: the text.

    Raises:
        InvalidValue: the text is not the beginning of a stored text; or not complete, for an operator of equality.
    """
    text, shape = stored.decode("utf-8", "replace"), SHAPES[kind]
    if kind == "UUID":
        text = text.lower()
    anything = operator == "startswith" and not text
    if anything or (shape.is_whole(text) if operator in EQUALITY else shape.begins(text)):
        return text.encode()
    if kind == "datetime" and operator != "startswith":
        try:
            return CODECS[datetime].encode(datetime.fromisoformat(text))
        except (TypeError, ValueError, OverflowError):  # no moment, or one without a time zone
            pass
    beginning = "a text" if operator in EQUALITY else "the beginning of a text"
    offset = ", or a complete datetime with its offset" if kind == "datetime" and operator != "startswith" else ""
    msg = f"{subject}: {operator} takes a {kind}, or {beginning} such as {shape.form}{offset}; not {shorten(text)}"
    raise InvalidValue(msg)
