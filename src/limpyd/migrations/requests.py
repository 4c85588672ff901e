"""The requests of a move: one function per Lua file, which says what its arguments mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.exceptions import LimpydError, MoveConflict, ServerError, UniquenessError
from limpyd.fields import ValueField
from limpyd.keys import key_from_template, to_text
from limpyd.keys.partition import CLAIM_WORDS
from limpyd.lua.script import Script, evalsha
from limpyd.migrations.migration_plan import MigrationPlan
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import expiring, refusal, shown
from limpyd.scripts.python_transforms import answer

R = TypeVar("R")

MOVE = Script("move")
SWEEP = Script("sweep")

FOUND = 100
"""About how many objects a step finds."""
MILLISECONDS = 5
"""After how long a step leaves the others to the next one."""
KEYS = 500
"""About how many keys a step of the sweep looks at."""


class Conflict(NamedTuple):
    """An object that stays where it is, since something stands against its move.

    Attributes:
        pk: its primary key.
        error: why.
    """

    pk: str
    error: LimpydError


class MoveStep(NamedTuple):
    """The result of a step of a migration.

    Attributes:
        cursor: where to look for more objects; 0 if all were found.
        moved: how many objects it moved.
        looked: how many it looked at.
        remaining: how many objects there are where it takes them from.
        waiting: the primary keys that it found and did not come to.
        conflicts: what it could not move.
    """

    cursor: bytes
    moved: int
    looked: int
    remaining: int
    waiting: list[bytes]
    conflicts: list[Conflict]


def move(plan: MigrationPlan, cursor: bytes, waiting: Sequence[bytes]) -> Request[MoveStep]:
    """Moves some objects.

    Raises (from the reply):
        ServerError: the server refuses a command, or both names are on different nodes of a cluster.
    """
    old, new = plan.source_partition, plan.target_partition
    args: list[Argument] = [int(plan.to_another_set), new.pks, old.seq, new.seq, cursor, FOUND, MILLISECONDS]
    args += (plan.target.max_changes, len(waiting), *waiting)
    for pairs in (plan.keys, plan.subs, plan.dynamic):
        args += (2 * len(pairs), *(text for pair in pairs for text in pair))
    args += (len(plan.leaves), *plan.leaves, *plan.enters)

    def decode(reply: list[Any]) -> MoveStep:
        if reply[0] != b"ok":
            raise _error(plan, None, reply)
        cursor, moved, looked, remaining, waiting, refused = reply[1:]
        conflicts = []
        for pk, outcome in zip(refused[::2], refused[1::2], strict=True):
            error = _error(plan, pk, outcome)
            if isinstance(error, ServerError):
                raise error
            conflicts.append(Conflict(to_text(pk), error))
        return MoveStep(cursor, moved, looked, remaining, waiting, conflicts)

    request = _request_across_slots(MOVE, plan, args, decode).assuming(plan.target.maintenance.at(new).declared)
    request.retry_with = answer
    return request


class Swept(NamedTuple):
    """The result of a step of the sweep.

    Attributes:
        cursor: where to go on; 0 if all was done.
        kept: the keys that could not get their new name, since there is such a key.
        objects: whether there are objects again, so that nothing was done.
    """

    cursor: bytes
    kept: list[str]
    objects: bool


def sweep(plan: MigrationPlan, cursor: bytes) -> Request[Swept]:
    """Does away with some of what is left of the source, once it has no objects.

    Raises (from the reply):
        ServerError: the server refuses a command.
    """
    old, new = plan.source_partition, plan.target_partition
    args: list[Argument] = [
        old.prefix,
        b"" if plan.from_other_layout else new.prefix,
        old.seq,
        new.seq,
        old.meta,
        new.meta,
        cursor,
        old.pattern,
        KEYS,
        *old.index_prefixes,
        *(old.prefix + word for word in (CLAIM_WORDS if old.count > 1 else ())),
    ]

    def decode(reply: list[Any]) -> Swept:
        if reply[0] == b"ok":
            return Swept(reply[1], [to_text(key) for key in reply[2] if old.owns(key)], objects=False)
        if reply[0] == b"objects":
            return Swept(b"0", [], objects=True)
        raise _error(plan, None, reply)

    return _request_across_slots(SWEEP, plan, args, decode)


def _request_across_slots(
    script: Script, plan: MigrationPlan, args: Sequence[Argument], decode: Callable[[Any], R]
) -> Request[R]:
    script = script.allow_cross_slot(plan.to_another_set)
    everything = evalsha(script, (plan.source_partition.pks,), args)
    # To do it twice does no harm, so it may be sent again after a lost connection.
    return Request(everything, decode, readonly=True, script=script, subject=plan.target)


def _error(plan: MigrationPlan, pk: bytes | None, outcome: list[Any]) -> LimpydError:
    """The error that an outcome stands for."""
    model = plan.target
    who = shown(model, pk) if pk is not None else f"the move of {model.name}"
    kind: bytes = outcome[0]
    facts: list[Any] = outcome[1:]
    if kind == b"taken":
        former = to_text(plan.source_partition.prefix)
        return MoveConflict(f"{who} stays under {former!r}: another object already has this primary key")
    if kind == b"both":
        key, sub = (None if fact is None else to_text(fact) for fact in facts)
        what = f"the key {key!r}" if sub is None else f"the entry {sub!r} of {key!r}"
        return MoveConflict(f"{who} is not moved: there is already a value under {what}. Delete one of the two")
    if kind == b"unique":
        of_index, value, owner, *under = facts
        index = model.index_at(of_index)
        field = index.field_names if index else to_text(of_index)
        shown_value = model.value_of(field, value)
        return UniquenessError(
            model.name,
            field,
            {to_text(under[0]): shown_value} if under and under[0] is not None else shown_value,
            to_text(owner),
            *([] if pk is None else [to_text(pk)]),
        )
    if kind == b"expiring":
        return _expiring(plan, who, pk or b"", facts)
    return refusal(model, outcome, pk, who=who)


def _expiring(plan: MigrationPlan, who: str, pk: bytes, facts: list[Any]) -> LimpydError:
    """The error for a value that expires, and would be indexed under its new name; it has the old one still."""
    new_key: bytes = facts[1]
    new_sub: bytes | None = facts[2]
    field = plan.target.field_at(new_key, new_sub)
    names = {key_from_template(new, pk): key_from_template(old, pk) for old, new in plan.keys}
    subs: dict[bytes | None, bytes] = {new: old for old, new in plan.subs}
    key, sub = names.get(new_key, new_key), subs.get(new_sub, new_sub)
    if isinstance(field, ValueField) and field.version_of is not None:
        was: Any = plan.source.dynamic[plan.names.get(field.version_of.name, field.version_of.name)]
        version: ValueField[Any] = was.get_for(field.version_part)
        key, sub = key_from_template(version.place_in(plan.source_partition).prefix, pk), version.sub_key or None
    command = f"persist({to_text(key)!r})" if sub is None else f"hpersist({to_text(key)!r}, {to_text(sub)!r})"
    cure = f"Remove the expiry with {plan.target.name}.database.connection.{command}, and move the object again"
    return expiring(who, field, [facts[0], key, sub], cure)
