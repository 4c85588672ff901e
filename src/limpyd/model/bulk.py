"""Many objects at once, from an iterable of any length: chunk by chunk, of which only one is held here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from limpyd.exceptions import BulkError, InvalidPrimaryKey, InvalidValue, LimpydError, shorten
from limpyd.fields.checks import integer
from limpyd.fields.declaration.setters import with_own_setters
from limpyd.fields.pk import pk_bytes
from limpyd.keys import to_text
from limpyd.model.create_plan import Plain, plain
from limpyd.model.crud import given_pk, known, new_object, nothing_to_store
from limpyd.model.updates import assigned
from limpyd.requests.request import Program, Request
from limpyd.schema.schema import Schema
from limpyd.scripts import bulk

Result = TypeVar("Result")
Outcome = TypeVar("Outcome", bulk.Created, bulk.Changed)

OnConflict = Literal["raise", "skip", "update"]
OnMissing = Literal["raise", "skip"]
PkAndValues = tuple[Any, Mapping[str, Any]] | Mapping[str, Any]
"""A primary key, or an instance, and values; or values, the primary key among them."""

OnProgress = Callable[[int], object]
"""Called with the number of objects done so far."""

USUAL_CHUNK = 200
MOST_ROOM = 500_000
"""A chunk whose values take more room is full, so that none keeps the server busy for long."""
MOST_PLANS = 500
"""The most combinations of fields whose layouts are kept."""


class BulkCreated(NamedTuple):
    """The result of a `bulk_create`.

    Attributes:
        created: how many objects were created.
        skipped: how many were passed over, since something of theirs belongs to another object.
        updated: how many existing objects were given the values instead.
        pks: the primary keys of those created or updated, in order, if they were asked for.
    """

    created: int = 0
    skipped: int = 0
    updated: int = 0
    pks: list[str] | None = None


class BulkUpdated(NamedTuple):
    """The result of a `bulk_update`.

    Attributes:
        updated: how many objects were updated.
        missing: how many do not exist.
    """

    updated: int = 0
    missing: int = 0


class BulkDeleted(NamedTuple):
    """The result of a `bulk_delete`.

    Attributes:
        deleted: how many objects were deleted.
        missing: how many did not exist.
    """

    deleted: int = 0
    missing: int = 0


class Bulk(Generic[Result, Outcome]):
    """A bulk operation: it takes objects one by one, and has a request when a chunk is full."""

    operation: ClassVar[str]
    result: Result

    def __init__(self, schema: Schema, chunk: int, progress: OnProgress | None) -> None:
        self._schema = schema
        (self._where,) = schema.keys.partitions  # where there will be several, each will have its own chunks
        self._chunk = integer("chunk", chunk, low=1)
        self._progress = progress
        self._before = 0  # how many objects are dealt with
        self._count = 0  # how many are in the chunk
        self._empty()

    def all(self, items: Iterable[Any]) -> Program[Result]:
        """Takes all items."""
        for item in items:
            yield from self.one(item)
        yield from self.rest()
        return self.result

    def one(self, item: Any) -> Program[None]:
        """Takes one item; once all are taken, `rest` must follow."""
        try:
            full = self._add(item)
        except LimpydError as error:
            yield from self.rest()
            raise BulkError(self._name, self._before, self.result, error) from error
        self._count += 1
        if full or self._count == self._chunk:
            yield from self.rest()

    def rest(self) -> Program[None]:
        """Has the chunk stored as far as it is filled."""
        while self._count:
            try:
                outcome = yield self._request()
            except LimpydError as failure:
                failure.add_note(f"{self._name}: the chunks before are done: {self.result}")
                raise
            self._take(outcome)
            if outcome.refused is not None:
                number, error = outcome.refused
                raise BulkError(self._name, self._before + number, self.result, error) from error
            done = self._remove(outcome)
            self._before += done
            self._count -= done
            if self._progress is not None:
                self._progress(self._before)

    @property
    def _name(self) -> str:
        return f"{self._schema.name}.{self.operation}"

    def _empty(self) -> None:
        """Begins a chunk."""
        raise NotImplementedError

    def _add(self, item: Any) -> bool:
        """Adds an object to the chunk; whether that is full now."""
        raise NotImplementedError

    def _request(self) -> Request[Outcome]:
        """The request for the chunk."""
        raise NotImplementedError

    def _take(self, outcome: Outcome) -> None:
        """Counts what came of a chunk."""
        raise NotImplementedError

    def _remove(self, outcome: Outcome) -> int:  # noqa: ARG002 - those that remove only a part look at it
        """Removes from the chunk what was dealt with; returns how many objects that were."""
        self._empty()
        return self._count

    def _values(self, item: Any) -> Mapping[str, Any]:
        if not isinstance(item, Mapping):
            msg = f"{self._name} takes mappings from the names of fields to values, not {shorten(item)}"
            raise InvalidValue(msg)
        return item


class BulkCreate(Bulk[BulkCreated, bulk.Created]):
    """Creates objects."""

    operation = "bulk_create"

    def __init__(
        self, schema: Schema, chunk: int, on_conflict: OnConflict, pks: bool, progress: OnProgress | None
    ) -> None:
        self._on_conflict = one_of("on_conflict", on_conflict, ("raise", "skip", "update"))
        self._give_pks = pks
        self._plans: dict[tuple[str, ...], Plain | None] = {}
        self.result = BulkCreated(pks=[] if pks else None)
        super().__init__(schema, chunk, progress)

    def _empty(self) -> None:
        self._objects = bulk.NewObjects(self._schema, self._where)
        self._updates = bulk.Updates(self._schema, self._where, self._schema.version_sub)

    def _add(self, item: Any) -> bool:
        values = to_set = item if type(item) is dict else self._values(item)
        if self._schema.own_setters:
            values = with_own_setters(self._schema, values)
        objects, given = self._objects, tuple(values)
        plan = self._plans[given] if given in self._plans else self._plan(given)
        pk = None if plan is not None and plan.mints_pk else given_pk(self._schema, values)
        if self._on_conflict == "update":
            self._updates.add(None, self._to_update(to_set))
        if plan is None or not plan.add_to(objects, pk, values):
            new = new_object(self._schema, values)
            if pk is None and new.empty:
                raise nothing_to_store(self._schema)
            objects.add_any(new)
        return objects.size + self._updates.size >= MOST_ROOM

    def _plan(self, given: tuple[str, ...]) -> Plain | None:
        known(self._schema, dict.fromkeys(given))
        if len(self._plans) == MOST_PLANS:
            self._plans.clear()
        plan = plain(self._schema, self._where, given)
        if plan is not None and plan.stores_nothing:
            plan = None
        self._plans[given] = plan
        return plan

    def _to_update(self, values: Mapping[str, Any]) -> list[Any]:
        names = {"pk", self._schema.pk_name}
        others = {name: value for name, value in values.items() if name not in names}
        return assigned(self._schema, others) if others else []

    def _request(self) -> Request[bulk.Created]:
        if self._on_conflict == "update":
            updates = self._updates
            return self._objects.create_or_update(updates.fields, updates.args, give_pks=self._give_pks)
        return self._objects.create(skip=self._on_conflict == "skip", give_pks=self._give_pks)

    def _take(self, outcome: bulk.Created) -> None:
        created, skipped, updated, pks = self.result
        if pks is not None:
            pks += map(to_text, outcome.pks)
        self.result = BulkCreated(created + outcome.created, skipped + outcome.skipped, updated + outcome.updated, pks)


class BulkUpdate(Bulk[BulkUpdated, bulk.Changed]):
    """Gives objects new values."""

    operation = "bulk_update"
    result = BulkUpdated()

    def __init__(self, schema: Schema, chunk: int, on_missing: OnMissing, progress: OnProgress | None) -> None:
        self._skip = one_of("on_missing", on_missing, ("raise", "skip")) == "skip"
        super().__init__(schema, chunk, progress)

    def _empty(self) -> None:
        self._updates = bulk.Updates(self._schema, self._where, self._schema.version_sub)

    def _add(self, item: Any) -> bool:
        pk, values = self._pk_and_values(item)
        updates = self._updates
        updates.add(pk_bytes(self._schema.name, pk), assigned(self._schema, values))
        return updates.size >= MOST_ROOM

    def _pk_and_values(self, item: Any) -> tuple[Any, Mapping[str, Any]]:
        if isinstance(item, tuple) and len(item) == 2:  # noqa: PLR2004
            return pk_of(self._schema, item[0]), self._values(item[1])
        values = dict(self._values(item))
        for name in ("pk", self._schema.pk_name):
            if name in values:
                return values.pop(name), values
        msg = f"{self._name} takes pairs of a primary key and values, or values with the key; {shorten(item)} has none"
        raise InvalidPrimaryKey(msg)

    def _request(self) -> Request[bulk.Changed]:
        return self._updates.update(skip=self._skip)

    def _take(self, outcome: bulk.Changed) -> None:
        self.result = BulkUpdated(self.result.updated + outcome.done, self.result.missing + outcome.missing)


class BulkDelete(Bulk[BulkDeleted, bulk.Changed]):
    """Deletes objects."""

    operation = "bulk_delete"
    result = BulkDeleted()

    def __init__(self, schema: Schema, chunk: int, on_missing: OnMissing, progress: OnProgress | None) -> None:
        self._skip = one_of("on_missing", on_missing, ("raise", "skip")) == "skip"
        super().__init__(schema, chunk, progress)

    def _empty(self) -> None:
        self._pks: list[bytes] = []
        self._size = 0

    def _add(self, item: Any) -> bool:
        pk = pk_bytes(self._schema.name, pk_of(self._schema, item))
        self._pks.append(pk)
        self._size += bulk.room((pk,))
        return self._size >= MOST_ROOM

    def _request(self) -> Request[bulk.Changed]:
        return self._schema.deletions.bulk_delete(self._where, self._pks, skip=self._skip)

    def _take(self, outcome: bulk.Changed) -> None:
        self.result = BulkDeleted(self.result.deleted + outcome.done, self.result.missing + outcome.missing)

    def _remove(self, outcome: bulk.Changed) -> int:
        """The same; what would have been too much for one step is left for the next."""
        done = outcome.done + outcome.missing
        self._pks = self._pks[done:]
        self._size = bulk.room(self._pks)
        return done


def pk_of(schema: Schema, given: Any) -> Any:
    """The primary key of an instance, or what was given instead of one.

    Raises:
        InvalidPrimaryKey: it is an instance of another model, or has no primary key.
    """
    if not hasattr(given, "_schema"):
        return given
    if given._schema is not schema or given._pk_bytes is None:
        what = "has no primary key" if given._schema is schema else f"is no {schema.name}"
        msg = f"{schema.name}: {given!r} {what}"
        raise InvalidPrimaryKey(msg)
    return given._pk_bytes


def one_of(name: str, given: Any, choices: tuple[str, ...]) -> Any:
    """An argument that is one of a few words.

    Raises:
        InvalidValue: it is another.
    """
    if given not in choices:
        msg = f"{name} is one of {', '.join(map(repr, choices))}, not {shorten(given)}"
        raise InvalidValue(msg)
    return given
