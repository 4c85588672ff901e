"""Texts that filters are compared as, of one index of a field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.expressions import EQUALITY
from limpyd.indexes.numbers import NEAREST, NUMERIC, NeverStored, bound, equal
from limpyd.keys import to_text


class FilterTexts:
    """The part of an index of a field that makes texts of what filters compare with."""

    __slots__ = ()

    index: Any
    field: Any
    _steps: Any
    _final: Callable[[bytes], bytes]
    _final_name: str
    _filter_encoder: Callable[[Any], bytes] | None

    @property
    def compares_on_server(self) -> bool:
        """True if the server can compare what it keeps with a value that it reads itself."""
        return self._final_name != "casefold" and self.index.compares_with_fields and not self.index.normalizes

    def filter_text(self, operator: str, value: Any) -> bytes:
        """Returns the text that a filter's value is compared as.

        Raises:
            InvalidValue: it does not fit.
            NeverStored: it is a number that no object can have.
        """
        encode = self._filter_encoder
        try:
            return self.filter_stored(
                self.index.encode_filter(self.field, operator, value) if encode is None else encode(value)
            )
        except InvalidValue as refused:
            return self._number_text(operator, value, refused)

    def _number_text(self, operator: str, value: Any, refused: InvalidValue) -> bytes:
        """Returns the text for a number that the field cannot hold, or the index not keep."""
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
        """Returns the text that the primary key of an instance is compared as."""
        return self.filter_text("eq", to_text(pk)) if self.index.normalizes else self.filter_stored(pk)

    def filter_stored(self, stored: bytes) -> bytes:
        """Returns the text that a stored value is compared as.

        Raises:
            InvalidValue: it does not fit.
        """
        try:
            return self._final(stored)
        except ValueError as error:
            msg = f"{self.field}: a filter cannot compare with {shorten(stored)}: {error}"
            raise InvalidValue(msg) from error

    @property
    def final_name(self) -> bytes:
        """The form that filters are compared in."""
        return self._final_name.encode()
