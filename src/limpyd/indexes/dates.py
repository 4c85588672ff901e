"""Indexes of dates and times by their parts, for fields of text (YYYY-MM-DD HH:MM:SS) and of Python's types alike.

The text of a datetime is that of its moment in UTC, so its parts are those in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from limpyd.exceptions import DeclarationError, InvalidValue, shorten
from limpyd.indexes.date_texts import compared_text
from limpyd.indexes.encoding import Transform, encode_any
from limpyd.indexes.field_index import IndexedField
from limpyd.indexes.multi import MultiIndexes
from limpyd.indexes.ranges import NumberRangeIndex, TextRangeIndex


def _part(prefix: str, first: int, last: int, name: str) -> type[NumberRangeIndex]:
    """Returns the number at some positions of a text."""
    return NumberRangeIndex.configure(
        prefix=prefix, transform=f"slice:{first}:{last}", handle_uniqueness=False, name=name
    )


class TimeRangeIndex(TextRangeIndex):
    """The time of day, as text, to the second; of a field of type datetime, to the microsecond."""

    types = frozenset({"str", "bytes", "time"})
    limpyd2_key = "time"

    def check_field(self, field: IndexedField) -> None:
        if field.codec.name not in self.types:
            msg = f"{field} holds {field.codec.name}; {self} is for times of day: use DateTimeIndex for datetimes"
            raise DeclarationError(msg)

    def encode_filter(self, field: IndexedField, operator: str, value: Any) -> bytes:
        if isinstance(value, time) and field.codec.name not in {"datetime", "time"}:
            return value.isoformat().encode()
        if field.codec.name == "datetime" and not self.steps:
            return _of_part(field, "time", operator, value)
        return super().encode_filter(field, operator, value)


class TimeOfMomentIndex(TimeRangeIndex):
    """The time of day in a text with a date and a time."""

    types = frozenset({"str", "bytes", "datetime"})
    prefix = "time"
    handle_uniqueness = False

    def all_steps(self, field: IndexedField) -> tuple[Transform, ...]:
        last = 26 if field.codec.name == "datetime" else 19
        return (*self.steps, f"slice:12:{last}")


class DateRangeIndex(TextRangeIndex):
    """The date in a text, or of a datetime in UTC."""

    transform = "slice:1:10"
    limpyd2_key = "date"

    def check_field(self, field: IndexedField) -> None:
        whole_moments = field.codec.name == "datetime" and not self.prefix
        if whole_moments or field.codec.name not in {"str", "bytes", "date", "datetime"}:
            msg = f"{field} holds {field.codec.name}; {self} is for dates: use DateTimeIndex for datetimes"
            raise DeclarationError(msg)

    def encode_filter(self, field: IndexedField, operator: str, value: Any) -> bytes:
        if isinstance(value, datetime):
            value = (value if value.utcoffset() is None else value.astimezone(UTC)).date()
        if field.codec.name == "datetime" and not self.steps:
            return _of_part(field, "date", operator, value)
        if field.codec.name == "date" and not self.steps:
            return TextRangeIndex().encode_filter(field, operator, value)  # the part is the whole
        return super().encode_filter(field, operator, value)


def _of_part(field: IndexedField, kind: str, operator: str, value: Any) -> bytes:
    """Returns the text for a filter's value: a date or a time, or its text."""
    expected = {"date": date, "time": time}[kind]
    if not isinstance(value, str | bytes | expected):
        msg = f"{field}: compare its {kind} with a {kind} or its text, not with {shorten(value)}"
        raise InvalidValue(msg)
    return compared_text(field, kind, operator, encode_any(value))


FullRangeIndex = TextRangeIndex.configure(name="FullRangeIndex")
FullRangeIndex.limpyd2_key = "full"

DateIndexParts = MultiIndexes.compose(
    [_part("year", 1, 4, "YearIndex"), _part("month", 6, 7, "MonthIndex"), _part("day", 9, 10, "DayIndex")],
    name="DateIndexParts",
)
TimeIndexParts = MultiIndexes.compose(
    [_part("hour", 1, 2, "HourIndex"), _part("minute", 4, 5, "MinuteIndex"), _part("second", 7, 8, "SecondIndex")],
    name="TimeIndexParts",
)
_AFTER_DATE: Transform = "slice:12:26"

DateIndex = MultiIndexes.compose([DateRangeIndex, DateIndexParts], name="DateIndex")
DateIndex.__doc__ = "For dates: ranges, and `__year`, `__month`, `__day`."

TimeIndex = MultiIndexes.compose([TimeRangeIndex, TimeIndexParts], name="TimeIndex")
TimeIndex.__doc__ = "For times of day: ranges, and `__hour`, `__minute`, `__second`."

SimpleDateTimeIndex = MultiIndexes.compose(
    [FullRangeIndex, DateRangeIndex.configure(prefix="date", handle_uniqueness=False), TimeOfMomentIndex],
    name="SimpleDateTimeIndex",
)
SimpleDateTimeIndex.__doc__ = "For datetimes: ranges, and `__date`, `__time`."

DateSimpleTimeIndex = MultiIndexes.compose([SimpleDateTimeIndex, DateIndexParts], name="DateSimpleTimeIndex")
DateSimpleTimeIndex.__doc__ = "For datetimes: ranges, `__date`, `__time`, `__year`, `__month`, `__day`."

DateTimeIndex = MultiIndexes.compose(
    [DateSimpleTimeIndex, TimeIndexParts.configure(transform=_AFTER_DATE)], name="DateTimeIndex"
)
DateTimeIndex.__doc__ = "For datetimes: ranges, `__date`, `__time`, and all parts."
