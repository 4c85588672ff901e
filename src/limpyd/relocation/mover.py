"""The move of the objects of models to another database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import DifferentPartitions, LimpydError
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.relocation import states
from limpyd.relocation.beginning import Beginning, overtaken, with_other_models
from limpyd.relocation.decided_deletions import finish_deletions
from limpyd.relocation.declarations import check_families, models_to_move
from limpyd.relocation.opening import Opening
from limpyd.relocation.passes import Passes
from limpyd.relocation.places import Catalog, Place, Steps
from limpyd.relocation.probes import check_place
from limpyd.relocation.states import FORMER, FROM, LEAVING, RECORD, TO, Relocation, State
from limpyd.repartitioning.moved_claims import move_claims
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.schema.sweeping import sweep_before_move

ENDED = 100
"""The milliseconds after which a deletion is finished by a mover. Others cannot go on with it, as all is closed."""


class Migrated(NamedTuple):
    """The result of `migrate_to`.

    Attributes:
        objects: how many objects of all models are at the destination; 0 if they had all arrived before this call.
        copied: how many copies this call made, more than one of an object that changed meanwhile.
        pause: the seconds for which writers were refused during this call, up to the opening of the destination.
        unindexed: the primary keys of objects that an index refused, each with the error. The indexes of their
            partitions count as not built; put the values right, and call `rebuild_indexes`.
    """

    objects: int
    copied: int
    pause: float
    unindexed: list[tuple[str, LimpydError]]


def migrate(models: Sequence[Any], database: Any, destination: Any, progress: OnProgress | None) -> Steps[Migrated]:
    """Copies the objects of models to another database, closes the models here, and opens them there.

    Args:
        models: the model, each with the number of partitions that it is to have there, and all that are connected with
            it by references, or are in the same partitions.
        database: where their objects are.
        destination: where they go.
        progress: called with the numbers of objects that were compared, and are to be compared.
    """
    schemas = models_to_move("migrate_to", models, database, destination, progress)
    there = Place({schema: schema.keys.count for schema in schemas}, destination)
    # The destination comes first: the origin knows of all moves that have ended.
    [arrival] = yield there.ask(states.state(there.root))
    here, roots = yield from place_of(schemas, database)
    check_families(here, there)
    return (yield from _Mover(here, there, progress).run(roots, arrival))


def place_of(schemas: Sequence[Schema], database: Any) -> Steps[tuple[Place, list[State]]]:
    """Returns the database where the objects of models are, and the states of their roots there.

    Raises:
        DifferentPartitions: they are being moved to another number of partitions, arrive from another database
            themselves, or are in the partitions of another model than is declared.
        MoveConflict: some of them have been moved without the others, or together with more.
    """
    declared = Place({schema: schema.keys.count for schema in schemas}, database)
    roots = yield declared.ask(*(states.state(Catalog(each, each.keys.root)) for each in declared.schemas))
    found = dict(zip(schemas, roots, strict=True))
    here = Place({schema: _partitions(schema, found) for schema in schemas}, database)
    of_all = roots[0].departure
    for schema, root in found.items():
        # The mark of another model may be of a call that came late, whose move had been abandoned.
        move = of_all if root is roots[0] else root.relocation
        is_same = of_all is not None and move is not None and move.token == of_all.token
        if move is not None and not (is_same and here.is_of_these(move.token)):
            raise with_other_models(here, schema.name, move.place)
    return here, roots


def _partitions(schema: Schema, roots: dict[Schema, State]) -> int:
    """Returns the number of partitions that the objects of a model are in, by the states of the roots of all models."""
    top = schema
    while top.parent is not None:
        top = top.parent
    count = _recorded(top, roots[top])
    if schema is not top and _recorded(schema, roots[schema], count) != count:
        raise states.different_partitions(schema.name, schema.keys.record.encode(), roots[schema].record)
    return count


def _recorded(schema: Schema, root: State, none: int = 1) -> int:
    """Returns the number of partitions that the root of a model records."""
    relocation = root.relocation
    record = root.record if relocation is None else root.former if relocation.stage == TO else b"0"
    count, _, beside = record.partition(b" ")
    declared = schema.keys.record.partition(" ")[2].encode()
    if record and not (count.isdigit() and int(count) > 0 and beside == declared):
        raise states.different_partitions(schema.name, schema.keys.record.encode(), root.record)
    return int(count or none)


class _Mover:
    """One call of `migrate_to`."""

    def __init__(self, origin: Place, destination: Place, progress: OnProgress | None) -> None:
        self._name = origin.models
        self._origin = origin
        self._destination = destination
        self._passes = Passes(origin, destination, progress)
        self._move = Relocation(FROM, b"", 0, b"")

    def run(self, roots: Sequence[State], arrival: State) -> Steps[Migrated]:
        """Goes on with the move.

        Args:
            roots: the states of the roots of the origin.
            arrival: that of the root of the destination, which was read before.
        """
        origin, destination = self._origin, self._destination
        departure = roots[0].departure
        if departure is not None and arrival.arrived == departure.token:
            return Migrated(0, 0, 0.0, [])
        if departure is None and arrival.relocation is None:
            yield from check_place(origin, destination)
        objects, pause = 0, time.monotonic()
        self._move = yield from Beginning(origin, destination).run(roots[0], arrival)
        try:
            if self._move.stage == FROM:
                if roots[0].relocation is None:
                    yield from self._sweep()
                    yield from self._passes.while_in_use(self._mark.mark)
                    yield from finish_deletions(origin)
                pause = time.monotonic()
                yield from self._close_origin()
                yield from self._sweep()
                objects = yield from self._passes.last(self._mark.mark)
                for schema in destination.schemas:
                    yield destination.run(move_claims(schema))
            yield from Opening(self._move, origin, destination).run()
        except DifferentPartitions as error:
            raise overtaken(self._name) from error
        return Migrated(objects, self._passes.copied, time.monotonic() - pause, self._passes.unindexed)

    @property
    def _mark(self) -> Relocation:
        """The move as the origin notes it."""
        return self._move._replace(place=self._destination.name.encode())

    def _sweep(self) -> Steps[None]:
        for schema in self._origin.schemas:
            yield self._origin.run(sweep_before_move(schema))

    def _close_origin(self) -> Steps[None]:
        """Closes the origin to all writers: first the roots, so that no process begins, and then the partitions.

        What is deleted by then is finished: so nobody refers to what is gone.
        """
        here = self._origin
        for some in here.stages:
            found = yield here.ask(*(states.state(each) for each in some))
            open_yet = [(each, state) for each, state in zip(some, found, strict=True) if not self._is_closed(state)]
            closed = yield here.ask(*(self._closing(each, state) for each, state in open_yet))
            if not all(done for done, _ in closed):
                raise overtaken(self._name)
            records = dict(zip(some, (state.record for state in found), strict=True))
            records.update((each, state.record) for (each, _), (_, state) in zip(open_yet, closed, strict=True))
            for catalog, record in records.items():
                catalog.partition.recorded = record
        here.forget_catalogs()
        while (yield from finish_deletions(here, ENDED)):
            pass

    def _is_closed(self, state: State) -> bool:
        return state.relocation is not None and state.relocation.token == self._move.token

    def _closing(self, catalog: Catalog, state: State) -> Request[tuple[bool, State]]:
        if state.record not in {b"", catalog.record}:  # objects were moved to another number of partitions meanwhile
            raise overtaken(self._name)
        changes = {RECORD: self._mark.at(TO).record, FORMER: state.record}
        return states.swap(catalog, {RECORD: state.record, LEAVING: self._mark.mark}, changes)
