"""The expiries of values: what the export reads of them, their JSON form, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import InvalidValue, shorten
from limpyd.keys import Partition
from limpyd.query.results.columns import Column
from limpyd.requests.request import Argument
from limpyd.transfer.field_forms import FieldForm, rows
from limpyd.transfer.texts import as_stored, text_form
from limpyd.transfer.version_forms import VersionsForm

EXPIRIES = "expires at"
"""The name of the expiries in a line, which no field can have."""
MAX_MOMENT = 2**46
"""The first moment, in milliseconds since 1970, that servers take for no key of a hash."""


class Expiry(NamedTuple):
    """The moment that a value of a new object expires.

    Attributes:
        field: the field, or the version of a dynamic one.
        moment: the moment, in milliseconds since 1970.
        sub: the sub-key, if it is only that of a hash.
    """

    field: Any
    moment: int
    sub: bytes | None = None

    def entry(self, partition: Partition) -> tuple[bytes, bytes, bytes]:
        """Returns it like an index entry (see lua/library/index_kinds/ttl.lua)."""
        sub = self.field.sub_key if self.field.stored_as == b"entry" else self.sub
        text = b"%d" % self.moment if sub is None else b"%d:%b" % (self.moment, sub)
        return b"ttl", self.field.place_in(partition).prefix, text


class ExpiryColumn(Column):
    """The moment that the value of a field expires."""

    __slots__ = ("_form",)

    def __init__(self, form: FieldForm) -> None:
        super().__init__(form.name, form.field)
        self._form = form

    def args(self, partition: Partition, scores: bytes) -> tuple[Argument, ...]:
        if isinstance(self._form, VersionsForm):
            prefix, stored, sub = self._form.column.stored_in(partition, scores)[:3]
        else:
            prefix, stored, sub = self.stored_in(partition, scores)[:3]
        return prefix, b"expiry:%b" % stored, sub

    def refuse(self, reply: Any, pk: bytes | None = None) -> None:
        """Moments fit."""


class EntriesExpiryColumn(Column):
    """The moments that the values of fields in the hash of each object expire, in the order of the fields."""

    __slots__ = ("_fields",)

    def __init__(self, forms: Sequence[FieldForm]) -> None:
        super().__init__(EXPIRIES, None)
        self._fields = [form.field for form in forms]

    def args(self, partition: Partition, scores: bytes) -> tuple[Argument, ...]:  # noqa: ARG002 - it has no scores
        prefix = self._fields[0].place_in(partition).prefix
        return prefix, b"expiry:entries", b"\0".join(field.sub_key for field in self._fields)

    def refuse(self, reply: Any, pk: bytes | None = None) -> None:
        """Moments fit."""


class ExpiryWriter:
    """Writes when the values of an object expire.

    Args:
        forms: the forms of the fields.

    Attributes:
        columns: the columns to read.
    """

    def __init__(self, forms: Sequence[FieldForm]) -> None:
        expiring = [form for form in forms if may_expire(form)]
        self._entries = [form for form in expiring if _is_entry(form)]
        self._others = [form for form in expiring if not _is_entry(form)]
        self.columns: list[Column] = [ExpiryColumn(form) for form in self._others]
        if self._entries:
            self.columns.append(EntriesExpiryColumn(self._entries))

    def written(self, replies: Sequence[Any]) -> dict[str, Any]:
        """The JSON form of the moments, by field."""
        found = {form.name: written(form, reply) for form, reply in zip(self._others, replies, strict=False) if reply}
        if self._entries and replies[-1]:
            entries = zip(self._entries, replies[-1], strict=True)
            found |= {form.name: moment for form, moment in entries if moment > 0}
        return found


def _is_entry(form: FieldForm) -> bool:
    return form.field.stored_as == b"entry" and not isinstance(form, VersionsForm)


def may_expire(form: FieldForm) -> bool:
    """Returns whether values of a field may expire: they have no index and are not required."""
    return not (form.field.indexed or form.field.required)


def written(form: FieldForm, reply: Any) -> Any:
    """The JSON form of the moments that the values of a field expire."""
    if isinstance(form, VersionsForm):
        pairs = sorted(zip(reply[::2], reply[1::2], strict=True), key=lambda pair: pair[0])
        return [[text_form(part), _written(moment)] for part, moment in pairs]
    return _written(reply)


def _written(reply: int | Sequence[Any]) -> Any:
    if isinstance(reply, int):
        return reply
    whole = [] if reply[0] is None else [[None, reply[0]]]
    keys = sorted(zip(reply[1::2], reply[2::2], strict=True))
    return whole + [[text_form(key), moment] for key, moment in keys]


def read(forms: Mapping[str, FieldForm | None], document: Any) -> Iterator[Expiry]:
    """Yields the expiries of an object.

    Raises:
        InvalidValue: they are none, or are those of values that cannot expire.
    """
    if not isinstance(document, dict):
        msg = f"{EXPIRIES!r} has moments by field, not {shorten(document)}"
        raise InvalidValue(msg)
    for name, moments in document.items():
        if name not in forms:
            msg = f"{EXPIRIES!r} has a moment of {shorten(name)}, which the first line does not name"
            raise InvalidValue(msg)
        form = forms[name]
        if form is None:
            continue
        if not may_expire(form):
            msg = (
                f"{form.field} is indexed or required, so its value cannot expire; remove the field from "
                f"{EXPIRIES!r}, or leave it out with exclude=[{name!r}]"
            )
            raise InvalidValue(msg)
        try:
            yield from _read(form, moments)
        except ValueError as error:
            msg = f"{shorten(moments)} is not when {form.field} expires: {error}"
            raise InvalidValue(msg) from error


def _read(form: FieldForm, moments: Any) -> Iterator[Expiry]:
    if not isinstance(form, VersionsForm):
        yield from _of_field(form.field, moments)
        return
    for part, of_version in rows(moments, 2):
        yield from _of_field(form.version(part), of_version)


def _of_field(field: Any, moments: Any) -> Iterator[Expiry]:
    if field.stored_as != b"hash":
        yield Expiry(field, _moment(moments))
        return
    for key, moment in rows(moments, 2):
        yield Expiry(field, _moment(moment), None if key is None else as_stored(key))


def _moment(form: Any) -> int:
    if type(form) is int and 0 < form < MAX_MOMENT:
        return form
    msg = f"{shorten(form)} is not a number of milliseconds since 1970"
    raise ValueError(msg)
