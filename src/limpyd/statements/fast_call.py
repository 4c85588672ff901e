"""Calls that are sent without a `Request`: what a frequent call packs, and what it makes of the reply.

A call is made on a *holder*, such as a field of an instance, an instance or a model, with what it is *given*: a value,
the values by name, or the names. If it differs from the others in more than that, it is described as a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

from limpyd.keys import Partition
from limpyd.requests.resp import Argument
from limpyd.statements.scalar_field import ScalarField
from limpyd.statements.statement import Statement

PLAIN_TYPES = frozenset({bool, bytes, date, datetime, Decimal, float, int, str, time, timedelta, UUID})
"""The types of values that stand for themselves only; what others mean, such as fields and lists, is described."""

PLAIN_PKS = frozenset({str, int, bytes})
"""The types of most primary keys as they are given."""

Packer = Callable[[Any, Any], bytes | None]
Settle = Callable[[Any, Any], Any]


if TYPE_CHECKING:

    class Trust(Protocol):
        """The trust of plain reads in a partition that its objects have not moved."""

        @property
        def is_trusted(self) -> bool: ...


class FastCall(NamedTuple):
    """The common part of calls that differ in their holder and in what is given only.

    Attributes:
        packed: returns the bytes to send for a holder and what is given; None if the call needs a request.
        settle: makes the result of a holder and a reply that is no refusal, and notes what the reply shows.
        model: the model of the objects.
        home: the slot of the objects, by which a cluster routes the calls.
        statement: of a write, to which a list in reply is a refusal; None for a read.
        trust: for reads of a model of several partitions, the trust in the one where the objects are; otherwise None.
    """

    packed: Packer
    settle: Settle
    model: Any
    home: Partition | ReadHome
    statement: Statement | None = None
    trust: Trust | None = None


class ReadHome(NamedTuple):
    """The slot of reads, which a replica may serve."""

    slot: int
    crosses_slots: bool = False
    may_be_stale: bool = True


def trust_in(model: Any, partition: Partition) -> Trust | None:
    """Returns what plain reads in a partition trust; None if its objects cannot move while the model is in use."""
    if model.keys.count == 1:
        return None
    trust: Trust = model.maintenance.at(partition)
    return trust


class Form:
    """The format of a statement's requests; it is made again when the catalog changes.

    Args:
        statement: the statement.
        before: the values that all requests have.
        count: the number of values after them.

    Attributes:
        known: a catalog, and the format under it.
    """

    __slots__ = ("_args", "_statement", "known")

    def __init__(self, statement: Statement, before: Sequence[Argument], count: int) -> None:
        self._statement = statement
        self._args = before, count
        self.known: tuple[object, Any] = (self, None)

    def renewed(self) -> bytes | None:
        """Returns the format under the catalog that is known now; None if the server has to be asked."""
        made = self._statement.form(*self._args)
        if made is None:
            return None
        self.known = made
        return made[1]


class ValuesForm(Form):
    """The format of a statement's requests whose values are those of several fields.

    Args:
        statement: the statement.
        before: the values that all requests have.
        scalar_fields: the fields.
    """

    __slots__ = ("_fields", "_maintenance")

    def __init__(self, statement: Statement, before: Sequence[Argument], scalar_fields: Sequence[ScalarField]) -> None:
        super().__init__(statement, before, sum(1 + len(field.computed) for field in scalar_fields))
        self._fields = [(field.name, field.encode_unchecked, field.computed) for field in scalar_fields]
        self._maintenance = statement.maintenance

    def packed(self, pk: bytes, values: Mapping[str, Any]) -> bytes | None:
        """Returns the request with plain values of all the fields, and of no other.

        None if the call has to be described as a request: there are other values, or one does not fit, which the
        description says; or the catalog is not known.
        """
        catalog, form = self.known
        if catalog is not self._maintenance.catalog:
            form = self.renewed()
        fields = self._fields
        if form is None or len(values) != len(fields):
            return None
        sent: list[int | bytes] = [len(pk), pk]
        try:
            for name, encode, computed in fields:
                value = values[name]
                if type(value) not in PLAIN_TYPES:
                    return None
                stored = encode(value)
                sent += (len(stored), stored)
                for index in computed:
                    for text in index.indexed_texts(stored):
                        sent += (len(text), text)
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        return form % tuple(sent)  # type: ignore[no-any-return]
