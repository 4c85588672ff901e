"""The JSON form of the value of a field: of one value, or of its members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import ValueField
from limpyd.fields.geo.field import position_of
from limpyd.keys import to_text
from limpyd.transfer.texts import as_json, as_stored, reader_of, text_form, writer_of


class FieldForm:
    """The form of a field's values: here of one value.

    Args:
        field: the field.
    """

    kind = ""

    def __init__(self, field: ValueField[Any]) -> None:
        self.field = field
        self.name = field.name
        self._write = writer_of(field)
        self._read = reader_of(field)

    @property
    def type(self) -> str:
        """The type of the values, as the first line of a file has it."""
        return f"{self.kind} of {self.field.codec.name}" if self.kind else self.field.codec.name

    def written(self, reply: Any) -> Any:
        """The JSON form of what the server has.

        Raises:
            ValueError: that does not fit the field's type.
        """
        return self._write(reply)

    def read(self, form: Any) -> Any:
        """The value that a JSON form stands for, as a new object takes it.

        Raises:
            InvalidValue: it stands for none.
        """
        try:
            return self._value(form)
        except (ValueError, TypeError, OverflowError) as error:
            msg = f"{self.field} takes {self.type}, not {as_json(form)}: {error}"
            raise InvalidValue(msg) from error

    def add_to(self, values: dict[str, Any], form: Any) -> None:
        """Adds what a JSON form stands for to the values of a new object. Raises as `read`."""
        values[self.name] = self.read(form)

    def _value(self, form: Any) -> Any:
        return self._read(form)


class ListForm(FieldForm):
    """A list, in its order."""

    kind = "list"

    def written(self, reply: Sequence[bytes]) -> Any:
        return list(map(self._write, reply))

    def _value(self, form: Any) -> Any:
        return list(map(self._read, array(form)))


class SetForm(ListForm):
    """A set, in the order of its stored members, so that equal sets have one form."""

    kind = "set"

    def written(self, reply: Sequence[bytes]) -> Any:
        return super().written(sorted(reply))


class HashForm(FieldForm):
    """A hash: an object; or pairs of key and value, if a key is no UTF-8."""

    kind = "hash"

    def written(self, reply: Sequence[bytes]) -> Any:
        pairs = [(text_form(key), self._write(value)) for key, value in zip(reply[::2], reply[1::2], strict=True)]
        return dict(pairs) if all(isinstance(key, str) for key, _ in pairs) else [list(pair) for pair in pairs]

    def _value(self, form: Any) -> Any:
        pairs = form.items() if isinstance(form, dict) else rows(form, 2)
        return {as_stored(key): self._read(value) for key, value in pairs}


class ScoredForm(FieldForm):
    """A sorted set: pairs of member and score."""

    kind = "sorted set"

    def written(self, reply: Sequence[bytes]) -> Any:
        return [
            [self._write(member), _score_form(score)] for member, score in zip(reply[::2], reply[1::2], strict=True)
        ]

    def _value(self, form: Any) -> Any:
        return {self._read(member): float(score) for member, score in rows(form, 2)}


class PlacesForm(FieldForm):
    """Places: triples of member, longitude and latitude."""

    kind = "places"

    def written(self, reply: Sequence[bytes]) -> Any:
        pairs = zip(reply[::2], reply[1::2], strict=True)
        return [[self._write(member), *position_of(int(score))] for member, score in pairs]

    def _value(self, form: Any) -> Any:
        return {
            self._read(member): (float(longitude), float(latitude)) for member, longitude, latitude in rows(form, 3)
        }


FORMS: dict[bytes, type[FieldForm]] = {
    b"list": ListForm,
    b"set": SetForm,
    b"hash": HashForm,
    b"zset": ScoredForm,
}


def form_of(field: ValueField[Any]) -> FieldForm:
    """The form of a field's values."""
    return PlacesForm(field) if field.has_places else FORMS.get(field.stored_as, FieldForm)(field)


def _score_form(score: bytes) -> Any:
    value = float(score)
    return value if abs(value) != float("inf") else to_text(score)


def array(form: Any) -> list[Any]:
    """A JSON array.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(form, list):
        return form
    msg = "it is not an array"
    raise ValueError(msg)


def rows(form: Any, width: int) -> Iterator[list[Any]]:
    """Yields the arrays in a JSON array, each of so many elements.

    Raises:
        ValueError: it is something else.
    """
    for row in array(form):
        if not isinstance(row, list) or len(row) != width:
            msg = f"{shorten(row)} is not an array of {width}"
            raise ValueError(msg)
        yield row
