"""The texts of filters' values for one index of a field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.expressions import EQUALITY
from limpyd.indexes.numbers import NEAREST, NUMERIC, NeverStored, bound, equal
from limpyd.keys import to_text


class FilterTexts:
    """The part of an index of a field that makes the texts for filters' values."""

    __slots__ = ()

    index: Any
    field: Any
    _steps: Any
    _final: Callable[[bytes], bytes]
    _final_name: str
    _filter_encoder: Callable[[Any], bytes] | None

    @property
    def compares_on_server(self) -> bool:
        """True if the server can compare its texts with a value that a script reads."""
        return self._final_name != "casefold" and self.index.compares_with_fields and not self.index.normalizes

    def filter_text(self, operator: str, value: Any) -> bytes:
        """Returns the text for a filter's value.

        Raises:
            InvalidValue: the value does not fit.
            NeverStored: the value is a number that no object can have.
        """
        encode = self._filter_encoder
        try:
            return self.filter_stored(
                self.index.encode_filter(self.field, operator, value) if encode is None else encode(value)
            )
        except InvalidValue as refused:
            return self._number_text(operator, value, refused)

    def _number_text(self, operator: str, value: Any, refused: InvalidValue) -> bytes:
        """Returns the text for a number that no value of the field, or no text of the index, can be."""
        kind = "str" if self._steps else self.field.codec.name
        if self.index.normalizes or (kind not in NUMERIC and self._final_name not in NEAREST):
            raise refused
        if operator not in EQUALITY:
            return bound(kind, self._final_name, operator, value, refused)
        number = equal(kind, value, refused)
        try:
            return self._final(number)
        except ValueError as error:
            raise NeverStored(str(refused)) from error

    def filter_pk(self, pk: bytes) -> bytes:
        """Returns the text for the primary key of an instance."""
        return self.filter_text("eq", to_text(pk)) if self.index.normalizes else self.filter_stored(pk)

    def filter_stored(self, stored: bytes) -> bytes:
        """Returns the text for a stored value.

        Raises:
            InvalidValue: the value does not fit.
        """
        try:
            return self._final(stored)
        except ValueError as error:
            msg = f"{self.field}: a filter cannot compare with {shorten(stored)}: {error}"
            raise InvalidValue(msg) from error

    @property
    def final_name(self) -> bytes:
        """The final form of filters' values."""
        return self._final_name.encode()
