"""Changes to all objects that a query finds, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

from limpyd.exceptions import InvalidValue, LimpydError, TooManyChanges
from limpyd.expressions import Expression
from limpyd.fields import PKField, SingleValueField, VersionField
from limpyd.keys import Partition
from limpyd.operands import Operand
from limpyd.query.filters.conditions import Condition
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.plans import AnyPlan
from limpyd.query.results.projections import RawPrimaryKeys
from limpyd.requests.request import Program as Steps
from limpyd.requests.request import Request
from limpyd.requests.side_by_side import side_by_side
from limpyd.requests.walks import Origin, attempt
from limpyd.scripts.queries import Search
from limpyd.scripts.query_writes import assign_found
from limpyd.scripts.updates import Assigned, Program
from limpyd.scripts.writes import WriteStep

if TYPE_CHECKING:
    from limpyd.query.scanning.chunks import Chunk

RAW = RawPrimaryKeys()


def at_once(plan: Plan, change: Callable[[Search], Request[int]]) -> Steps[int]:
    """Changes all objects in one step, because it may also change the values that the server compares them with."""
    return (yield change(plan.search).assuming(*plan.assumes)) if not plan.empty else 0


def in_chunks(
    plan: AnyPlan,
    size: int,
    change: Callable[[Search], Request[int]],
    *,
    moving: bool,
    repeats: bool,
    by_itself: bool = False,
) -> Steps[int]:
    """Changes the objects of a plan in chunks, and returns how many were changed.

    Chunks of several partitions are changed at once; each is smaller.

    Args:
        plan: the plan.
        size: about how many objects are changed at once.
        change: returns the request that changes the objects of a search.
        moving: true if an object that was changed could be found and changed again: its entries move in the indexes
            that are searched, or a value is computed from the old one.
        repeats: true if an object that was changed is changed and counted again when the walk begins again; false if
            it is not found again, or `moving`.
        by_itself: true if a chunk may have to wait for what others change: one partition comes after the other.
    """
    plans = (yield from plan.settled()).plans
    size = size if by_itself else ceil(size / len(plans))
    parts = [_Part(each, size, change, moving=moving, repeats=repeats) for each in plans]
    try:
        if by_itself:
            for part in parts:
                yield from part.changes()
        else:
            yield from side_by_side([part.changes() for part in parts])
    except LimpydError as error:
        error.add_note(f"{sum(part.changed for part in parts)} objects were changed in other chunks")
        raise
    return sum(part.changed for part in parts)


class _Part:
    """The change of the objects of one partition. Takes the arguments of `in_chunks`.

    Attributes:
        changed: how many were changed.
    """

    def __init__(
        self, plan: Plan, size: int, change: Callable[[Search], Request[int]], *, moving: bool, repeats: bool
    ) -> None:
        self._plan = plan
        self._size = size
        self._change = change
        self._moving = moving
        self._repeats = repeats
        self._met: set[bytes] = set()
        self.changed = 0

    def changes(self) -> Steps[None]:
        """Changes the objects in chunks.

        One request finds the objects of a chunk. Another one changes those that still match, in one step; if these are
        too many changes, in several steps.
        """
        from limpyd.query.scanning.chunks import chunk_of  # noqa: PLC0415 - many update no collections

        origin, cursor = Origin(), b""
        while True:
            chunk, again = yield from attempt(origin, chunk_of(self._plan, RAW, self._size, cursor), cursor)
            if again:
                cursor, self.changed = b"", 0 if self._repeats else self.changed
                continue
            yield from self._change_chunk(chunk, cursor)
            cursor = chunk.cursor
            if not cursor:
                return

    def _change_chunk(self, chunk: Chunk, cursor: bytes) -> Steps[None]:
        from limpyd.query.scanning.chunks import search_among  # noqa: PLC0415 - as above

        pks = [*chunk.items, *chunk.others]
        all_found = not cursor and not chunk.cursor and not chunk.others
        if self._moving:
            pks = [pk for pk in dict.fromkeys(pks) if pk not in self._met]
            self._met.update(pks)
        step = -(-len(pks) // max(1, round(len(pks) / self._size))) or 1
        left = [pks[start : start + step] for start in range(0, len(pks), step)]
        while left:
            some = left.pop()
            try:
                self.changed += yield self._change(
                    search_among(self._plan, some, cursor, self._size, all_found=all_found)
                )
            except TooManyChanges:
                if len(some) == 1:
                    raise
                left += [some[: len(some) // 2], some[len(some) // 2 :]]


def steps_of(model: Any, partition: Partition, values: Mapping[str, Any]) -> list[WriteStep]:
    """The write commands that assign some values to objects of a partition.

    Raises:
        UnknownField: a name is no field.
        InvalidValue: there is none, one does not fit its field's type, or its field is not of one value.
    """
    steps = [field.setting(value, partition) for field, value in _fields_and_values(model, values)]
    if model.version is not None:
        steps.append(model.version.counting(partition))
    return steps


def computing(model: Any, values: Mapping[str, Any], if_: Expression | None) -> Callable[[Search], Request[int]]:
    """The change that assigns values, some of them expressions, to the objects that meet a condition.

    Raises:
        InvalidFilter: the condition is not about the values of an object alone.
        Others as `steps_of`.
    """
    from limpyd.query.computed.arithmetic import computed  # noqa: PLC0415 - most programs compute nothing

    assigned: list[Assigned] = []
    for field, value in _fields_and_values(model, values):
        if isinstance(field, VersionField):
            field.refuse()
        if isinstance(value, Operand):
            args: Program | tuple[bytes, ...] = computed(model, field, value)
        else:
            args = () if value is None else (field.encode_new(value),)
        assigned.append(Assigned(field.name, field.layout_in, args))
    version, condition = None if model.version is None else model.version.sub, condition_of(model, if_)
    return lambda search: assign_found(model, search, assigned, version, condition)


def _fields_and_values(model: Any, values: Mapping[str, Any]) -> Iterator[tuple[SingleValueField[Any], Any]]:
    if not values:
        msg = f"{model.name}: update needs the new value of at least one field"
        raise InvalidValue(msg)
    if model.lapses is not None:
        values = model.lapses.with_new_deadlines(values)
    for given, value in values.items():
        name = model.pk_name if given == "pk" else given
        field = model.field(name)
        if isinstance(field, PKField):
            msg = f"{field} is the primary key, which cannot change; create another object"
            raise InvalidValue(msg)
        if not isinstance(field, SingleValueField):
            msg = f"update takes fields of one value; {field} is a {field.redis_type}: change it in each instance"
            raise InvalidValue(msg)
        yield field, value


def is_computed(values: Mapping[str, Any]) -> bool:
    """Returns whether any value is an expression, which the server computes."""
    for value in values.values():  # noqa: SIM110 - a generator takes three times as long
        if isinstance(value, Operand):
            return True
    return False


def condition_of(model: Any, if_: Expression | None) -> Program | None:
    """The program of the condition of an update, if there is one. Raises as `condition`."""
    if if_ is None:
        return None
    from limpyd.query.computed.conditions import condition  # noqa: PLC0415 - most programs have none

    return condition(model, if_)


def indexes_of(model: Any, names: Iterable[str]) -> set[bytes]:
    """The names of the indexes of some fields, and of all those of several fields."""
    partition = model.keys.first
    indexes = [index for name in names for index in model.field(name).place_in(partition).indexes]
    return {index.declared_key for index in (*indexes, *model.composites(partition))}


def finds_by(conditions: Iterable[Condition], indexes: Collection[bytes]) -> bool:
    """Returns whether some conditions rely on one of some indexes."""
    return any(index.declared_key in indexes for condition in conditions for index in condition.indexes())
