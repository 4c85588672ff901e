"""The claims of the values that a write names, if they are unique over several partitions (see limpyd.claims).

They are claimed before the write is sent. Of other values only the server knows what they will be, such as those of
increments, or whether they are written, under a condition; its scripts ask for their claims. A claim that is not needed
would stay until somebody wants the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

from limpyd.keys import Partition
from limpyd.requests.request import Assumption, Request
from limpyd.scripts.error_mapping import Model

R = TypeVar("R")
OVER_PARTITIONS = b"@uniq"
"""The kind of indexes of one field whose values are unique over several partitions."""


CONDITIONAL = frozenset(
    {*("SETNX", "HSETNX", "LPUSHX", "RPUSHX", "LINSERT", "SMOVE"), *("NX", "XX", "FNX", "FXX", "IFEQ", "GT", "LT")}
)
"""Commands, and words of commands, that write only under a condition."""


class NamedValue(bytes):
    """A new value of a field whose values are unique over several partitions, as an argument of the write.

    Attributes:
        field: the field.
    """

    field: Any

    def __new__(cls, stored: bytes, field: Any) -> Self:
        value = super().__new__(cls, stored)
        value.field = field
        return value


def names_claims(field: Any) -> bool:
    """Returns whether the values that writes of a field name are claimed: those of sub-keys are not."""
    return field.unique and not field.has_subkeys and field.model.keys.count > 1


def naming(field: Any, encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Returns an encoder of new values of a field that notes whose they are, if they have to be claimed."""

    def encode_new(value: Any) -> bytes:
        stored = encode(value)
        return NamedValue(stored, field) if type(stored) is bytes else stored

    return encode_new if names_claims(field) else encode


def with_named_claims(request: Request[R], model: Model, partition: Partition, pk: bytes | None) -> Request[R]:
    """Returns a write to an object with the claims of the values that its arguments name, if it has no condition."""
    if not CONDITIONAL.isdisjoint(arg for arg in request.args if type(arg) is str):
        return request
    return request.assuming(*_claims(request, model, partition, pk))


def _claims(request: Request[Any], model: Model, partition: Partition, pk: bytes | None) -> Iterator[Assumption]:
    from limpyd.claims.claim import claim_of  # noqa: PLC0415 - few models have several partitions

    for arg in request.args:
        if type(arg) is NamedValue and arg.field.model is model:
            for index in arg.field.place(pk).indexes:
                if index.kind_name == OVER_PARTITIONS:
                    for _, key, text in index.entries(arg):
                        yield claim_of(model, partition, key, text, pk)
