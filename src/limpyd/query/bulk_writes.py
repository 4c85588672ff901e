"""Changes to all objects that a query finds, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from limpyd.exceptions import InvalidValue, LimpydError, TooManyChanges
from limpyd.fields import PKField, SingleValueField
from limpyd.query.filters.conditions import Condition
from limpyd.query.planning.plan import Plan
from limpyd.query.results.projections import RawPrimaryKeys
from limpyd.query.scanning.chunks import chunk_of, search_among
from limpyd.requests.request import Program, Request
from limpyd.scripts.queries import Search
from limpyd.scripts.writes import WriteStep

RAW = RawPrimaryKeys()


def at_once(plan: Plan, change: Callable[[Search], Request[int]]) -> Program[int]:
    """Changes all that a plan finds in one step: what it is compared with may change too, so must be read only once."""
    return (yield change(plan.search).assuming(*plan.assumes)) if not plan.empty else 0


def in_chunks(
    plan: Plan,
    size: int,
    change: Callable[[Search], Request[int]],
    *,
    moving: bool,
) -> Program[int]:
    """Changes what a plan finds, chunk by chunk; how many objects were changed.

    Each chunk is found first and then changed in one step, as far as it still matches; in several smaller ones, if that
    would be too many changes.

    Args:
        plan: the plan.
        size: about how many objects a chunk has.
        change: the request that changes what a search finds.
        moving: whether objects move in the indexes by which they are found, so that one may be met again.
    """
    cursor, changed = b"", 0
    met: set[bytes] = set()
    while True:
        chunk = yield chunk_of(plan, RAW, size, cursor)
        pks = [*chunk.items, *chunk.others]
        all_found = not cursor and not chunk.cursor and not chunk.others
        if moving:
            pks = [pk for pk in pks if pk not in met]
            met.update(pks)
        step = -(-len(pks) // max(1, round(len(pks) / size))) or 1
        left = [pks[start : start + step] for start in range(0, len(pks), step)]
        while left:
            some = left.pop()
            try:
                changed += yield change(search_among(plan, some, cursor, size, all_found=all_found))
            except TooManyChanges as error:
                if len(some) == 1:
                    raise _noted(error, changed) from None
                left += [some[: len(some) // 2], some[len(some) // 2 :]]
            except LimpydError as error:
                raise _noted(error, changed) from None
        cursor = chunk.cursor
        if not cursor:
            return changed


def _noted(error: LimpydError, changed: int) -> LimpydError:
    """The error, which also says how much is done."""
    error.add_note(f"{changed} objects were changed in the chunks before")
    return error


def steps_of(model: Any, values: Mapping[str, Any]) -> list[WriteStep]:
    """The write commands that give objects some values.

    Raises:
        UnknownField: a name is no field.
        InvalidValue: there is none, one does not fit its field's type, or its field is not of one value.
    """
    if not values:
        msg = f"{model.name}: update needs the new value of at least one field"
        raise InvalidValue(msg)
    steps = []
    for given, value in values.items():
        name = model.pk_name if given == "pk" else given
        field = model.field(name)
        if isinstance(field, PKField):
            msg = f"{field} is the primary key of an object, which it keeps; create another object"
            raise InvalidValue(msg)
        if not isinstance(field, SingleValueField):
            msg = f"update takes fields of one value; {field} is a {field.redis_type}: change it in each instance"
            raise InvalidValue(msg)
        steps.append(field.setting(value))
    if model.version is not None:
        steps.append(model.version.counting())
    return steps


def indexes_of(model: Any, names: Iterable[str]) -> set[bytes]:
    """The keys of the indexes of some fields, and of all those of several fields."""
    (partition,) = model.keys.partitions
    of_composites = [index.key for index in model.composites(partition)]
    return {*(index.key for name in names for index in model.field(name).place_in(partition).indexes), *of_composites}


def finds_by(conditions: Iterable[Condition], indexes: Collection[bytes]) -> bool:
    """Returns whether some conditions rely on one of some indexes."""
    return any(index.key in indexes for condition in conditions for index in condition.indexes())
