"""The requests that give objects new values of several fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.keys import Partition
from limpyd.lua.arguments import NewValue, Updated, UpdatedFields, packed
from limpyd.lua.script import Script
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.scripts.object_requests import scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.writes import WriteLayout

UPDATE = Script("update")
CLEAR = Script("update", flags="allow-oom")
"""The same where values are only removed, which a full server must not refuse."""


class Assigned(NamedTuple):
    """A new value of a field.

    Attributes:
        field: its name.
        layout: the layout of the field (see WriteLayout).
        args: what makes the value (see lua/library/assign.lua).
    """

    field: str
    layout: WriteLayout
    args: tuple[Argument, ...]


class Fields:
    """The fields that are given new values, as lua/library/assign.lua knows them, each once."""

    def __init__(self, model: Model, partition: Partition, version: bytes | None) -> None:
        self._model = model
        self._head = (partition.hash_prefix, version or b"")
        self._layouts: dict[str, WriteLayout] = {}
        self._numbers: dict[str, int] = {}

    def values(self, assigned: Sequence[Assigned], version: int | None) -> list[Argument]:
        """Returns the arguments for one object: version and values."""
        values = []
        for field, layout, args in assigned:
            if field not in self._numbers:
                self._numbers[field] = len(self._numbers)
                self._layouts[field] = layout
            values.append(NewValue(self._numbers[field], args))
        return list(packed(Updated(b"" if version is None else version, values)))

    def args(self) -> list[Argument]:
        """Returns the arguments for the fields."""
        return list(packed(UpdatedFields(*self._head, list(self._layouts.values()))))

    def claims(self) -> list[Claim]:
        """The values that may turn out to belong to another object."""
        return [Claim(self._model, field) for field in self._layouts]


def update(
    model: Model,
    partition: Partition,
    pk: bytes,
    assigned: Sequence[Assigned],
    version: bytes | None = None,
    expected: int | None = None,
) -> Request[int | None]:
    """Gives fields of an object new values; its new version comes back, or None if it has none.

    Args:
        model: its model.
        partition: its partition.
        pk: its primary key.
        assigned: the values.
        version: the sub-key of its version, if it has one.
        expected: the version that it is to have.

    Raises (from the reply):
        DoesNotExist: there is no such object.
        StaleObject: it has another version.
        UniquenessError: a new value belongs to another object.
        InvalidValue: an index cannot keep a new value.
    """
    fields = Fields(model, partition, version)
    values = fields.values(assigned, expected)

    def decode(reply: list[Any]) -> int | None:
        if reply[0] == b"ok":
            return None if reply[1] is None else int(reply[1])
        raise refusal(model, reply, pk, fields.claims(), expected=expected)

    only_removes = version is None and not any(each.args for each in assigned)
    script = CLEAR if only_removes else UPDATE
    request = scripted(script, (partition.pks,), (pk, *fields.args(), *values), decode, model, retry_with=answer)
    return request.assuming(model.maintenance.declared)
