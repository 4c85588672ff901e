"""The migration of objects, in many short steps. Other clients read and write between them.

The progress is not recorded: all objects that still have the old name have to be moved. So after any interruption, the
next call continues.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from limpyd.exceptions import LimpydError
from limpyd.indexes.kind import has_keys_by_value
from limpyd.indexes.maintenance.generators import OnProgress, part_of, rebuild, sizes
from limpyd.indexes.maintenance.requests import clear, forget
from limpyd.keys import to_text
from limpyd.migrations import requests
from limpyd.migrations.migration_plan import MigrationPlan
from limpyd.migrations.requests import Conflict
from limpyd.requests.request import Program, Request
from limpyd.requests.walks import Origin, attempt, walked


class Moved(NamedTuple):
    """The result of a migration.

    Attributes:
        objects: the number of objects that were moved.
        conflicts: the objects that were not moved, with the reasons. Remove the reasons, and call the move again.
        kept: the names of keys without an object that were not renamed, because a key has the new name already.
    """

    objects: int
    conflicts: list[Conflict]
    kept: list[str]


def move(plans: Sequence[MigrationPlan], progress: OnProgress | None) -> Program[Moved]:
    """Moves all objects from one schema to another, then the other keys of the first: partition by partition."""
    parts = yield from _progress_of_parts(plans, progress)
    counts = [_Count() for _ in plans]
    conflicts: list[Conflict] = []
    kept: list[str] = []
    for plan, part, count in zip(plans, parts, counts, strict=True):
        known = yield plan.target.maintenance.at(plan.target_partition).asking(may_write=True)
        try:
            moved = yield from _move_counted(plan, known.unbuilt, part, count)
        except LimpydError as error:
            error.add_note(
                f"{sum(each.moved for each in counts)} objects of {plan} were moved before, each of them completely; "
                "the next call continues"
            )
            raise
        conflicts += moved.conflicts
        kept += moved.kept
    first = plans[0]
    if first.to_another_set and first.source.keys.has_record and not conflicts:
        yield Request((b"UNLINK", first.source.keys.root.meta), int, subject=first.target)
    return Moved(sum(count.moved for count in counts), conflicts, kept)


def _progress_of_parts(
    plans: Sequence[MigrationPlan], progress: OnProgress | None
) -> Program[Sequence[OnProgress | None]]:
    """Returns the progress of each partition, which is reported as that of the whole."""
    if progress is None or len(plans) == 1:
        return [progress] * len(plans)
    counts = yield from sizes(plans[0].target, [plan.source_partition for plan in plans])
    return [part_of(progress, sum(counts[:at]), sum(counts)) for at in range(len(plans))]


class _Count:
    """The number of objects moved so far."""

    moved = 0


def _move_counted(
    plan: MigrationPlan, unbuilt: frozenset[bytes], progress: OnProgress | None, count: _Count
) -> Program[Moved]:
    while True:
        passed = yield from _pass(plan, count, progress)
        moved = count.moved
        if not passed.whole or (passed.objects and (passed.remaining or not plan.to_another_set)):
            continue  # meanwhile, objects may have been created, or have got values, under the old name
        if not plan.to_another_set:
            yield from _build(plan, unbuilt)
        if passed.conflicts:
            return Moved(moved, passed.conflicts, [])
        if not plan.to_another_set:
            yield from _clear(plan)
            return Moved(moved, [], [])
        kept, done = yield from _sweep(plan)
        if done:
            return Moved(moved, [], kept)


class _Passed(NamedTuple):
    objects: int
    remaining: int
    conflicts: list[Conflict]
    whole: bool


def _pass(plan: MigrationPlan, count: _Count, progress: OnProgress | None) -> Program[_Passed]:
    """Goes through all objects once, and moves them."""
    before = count.moved
    origin, cursor, waiting = Origin(), b"0", list[bytes]()
    moved = looked = remaining = 0
    conflicts: dict[str, Conflict] = {}
    while True:
        step, again = yield from _attempt(plan, origin, cursor, waiting)
        if step is None:
            return _Passed(moved, remaining, list(conflicts.values()), whole=False)
        cursor, waiting, remaining = step.cursor, step.waiting, step.remaining
        moved, looked = moved + step.moved, looked + step.looked
        count.moved = before + moved
        conflicts.update({conflict.pk: conflict for conflict in step.conflicts})
        if progress is not None:
            whole = before + moved + remaining if plan.to_another_set else remaining
            progress(before + moved if plan.to_another_set else min(looked, remaining), whole)
        if again or (cursor == b"0" and not waiting):
            return _Passed(moved, remaining, list(conflicts.values()), whole=not again)


def _attempt(
    plan: MigrationPlan, origin: Origin, cursor: bytes, waiting: Sequence[bytes]
) -> Program[tuple[requests.MoveStep | None, bool]]:
    """Moves some objects; returns the step, and whether another server has answered: then there may be none."""
    if not any(index.is_claimed for index in plan.gaining):
        return (yield from attempt(origin, requests.move(plan, cursor, waiting), cursor))
    from limpyd.claims.steps import attempt_with_claims  # noqa: PLC0415 - few models have several partitions

    step = partial(requests.move, plan, cursor, waiting)
    return (yield from attempt_with_claims(plan.target, plan.target_partition, origin, step, cursor))


def _sweep(plan: MigrationPlan) -> Program[tuple[list[str], bool]]:
    """Removes or renames the remaining keys of the source. False if the source has objects again."""
    origin, cursor, again = Origin(), b"0", True
    kept: dict[str, None] = {}
    while again or cursor != b"0":
        step, again = yield from attempt(origin, requests.sweep(plan, cursor), cursor)
        if step.objects:
            return [], False
        kept.update(dict.fromkeys(step.kept))
        cursor = b"0" if again else step.cursor
    return list(kept), True


def _build(plan: MigrationPlan, unbuilt: frozenset[bytes]) -> Program[None]:
    """Builds the indexes that fields have under their new names."""
    indexes = [index for index in plan.gaining if index.name in unbuilt]
    if indexes:
        yield from rebuild(plan.target, plan.target_partition, indexes, None)


def _clear(plan: MigrationPlan) -> Program[None]:
    """Removes the remaining keys of the indexes that fields had under their old names."""
    source, target = plan.source, plan.target
    gone = {*source.fields, *source.dynamic} - {*target.fields, *target.dynamic}
    known = yield Request((b"HKEYS", plan.target_partition.meta), list[bytes], readonly=True, subject=plan.target)
    names = [name for name in known if not name.startswith(b":") and not gone.isdisjoint(_fields_of(name))]
    if names:
        keys = [plan.target_partition.prefix + name for name in names]
        exact = [key for key, name in zip(keys, names, strict=True) if not has_keys_by_value(_word(name))]
        if plan.target_partition.count > 1:
            exact += [key for name in names for key in plan.target_partition.claims_of(name)]
        # A star stands for the part of versions of a dynamic field (keys/templates.py), which follow each other there.
        beginnings = [key.partition(b"*")[0] if b".*" in key else key + b":" for key in keys]
        yield from walked(lambda cursor: clear(plan.target, plan.target_partition, names, exact, beginnings, cursor))
        yield forget(plan.target, plan.target_partition, names)


def _word(name: bytes) -> bytes:
    return name.partition(b":")[0]


def _fields_of(name: bytes) -> list[str]:
    """The fields of an index, by the name under which it is known: `eq:name+city.key`."""
    return to_text(name).partition(":")[2].partition(".")[0].split("+")
