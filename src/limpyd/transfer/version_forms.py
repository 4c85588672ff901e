"""The JSON form of the versions of a dynamic field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import DynamicField, ValueField
from limpyd.keys import Partition, to_text
from limpyd.query.results.columns import Column
from limpyd.scripts.query_values import Stored
from limpyd.transfer.field_forms import FieldForm, form_of, rows
from limpyd.transfer.texts import as_stored, text_form


class VersionsColumn(Column):
    """All versions of a dynamic field of each object: their parts and values in turn."""

    __slots__ = ("_dynamic",)

    def __init__(self, dynamic: DynamicField[Any]) -> None:
        super().__init__(dynamic.name, dynamic)
        self._dynamic = dynamic

    def stored_in(self, partition: Partition, scores: bytes) -> Stored:  # noqa: ARG002 - it has no scores
        stored = self._dynamic.template.place_in(partition).stored
        return Stored(self._dynamic.family_in(partition), b"versions", stored)

    def refuse(self, reply: Any, pk: bytes | None = None) -> None:
        for part, value in zip(reply[::2], reply[1::2], strict=True):
            version = self._dynamic.get_for(to_text(part))
            Column(version.name, version).refuse(value, pk)


class VersionsForm(FieldForm):
    """The versions of a dynamic field: an object with their values by part; or pairs, if a part is not UTF-8."""

    kind = "versions"

    def __init__(self, field: DynamicField[Any]) -> None:
        super().__init__(field.template)
        self.name = field.name
        self._dynamic = field
        self._version = form_of(field.template)

    @property
    def column(self) -> Column:
        """The column that the export reads."""
        return VersionsColumn(self._dynamic)

    @property
    def type(self) -> str:
        return f"{self.kind} of {self._version.type}"

    def version(self, part: Any) -> ValueField[Any]:
        """The version with a part.

        Raises:
            ValueError: the JSON form is not that of a text.
            UnknownField: the part cannot be one.
        """
        return self._dynamic.get_for(to_text(as_stored(part)))

    def written(self, reply: Sequence[Any]) -> Any:
        found = sorted(zip(reply[::2], reply[1::2], strict=True), key=lambda pair: pair[0])
        pairs = [(text_form(part), self._version.written(value)) for part, value in found]
        return dict(pairs) if all(isinstance(part, str) for part, _ in pairs) else [list(pair) for pair in pairs]

    def add_to(self, values: dict[str, Any], form: Any) -> None:
        try:
            pairs = form.items() if isinstance(form, dict) else rows(form, 2)
            versions = [(self.version(part), value) for part, value in pairs]
        except ValueError as error:
            msg = f"{self._dynamic} takes {self.type}, by part, not {shorten(form)}: {error}"
            raise InvalidValue(msg) from error
        for version, value in versions:
            if value is not None:
                values[version.name] = self._version.read(value)
