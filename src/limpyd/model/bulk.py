"""Operations on many objects, from an iterable of any length. Only one chunk is in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from limpyd.exceptions import BulkError, InvalidValue, LimpydError, shorten
from limpyd.fields.checks import integer
from limpyd.requests.request import Program, Request
from limpyd.schema.schema import Schema
from limpyd.scripts import bulk
from limpyd.scripts.bulk_create import Created

Result = TypeVar("Result")
Outcome = TypeVar("Outcome", Created, bulk.Changed)

OnConflict = Literal["raise", "skip", "update"]
OnMissing = Literal["raise", "skip"]
FileFormat = Literal["jsonl", "csv"]
"""The formats of exports and imports."""

PkAndValues = tuple[Any, Mapping[str, Any]] | Mapping[str, Any]
"""A primary key, or an instance, and values; or values, the primary key among them."""

OnProgress = Callable[[int], object]
"""Called with the number of objects done so far."""

USUAL_CHUNK = 200
MAX_ROOM = 500_000
"""A chunk whose values take more room is full, so that none keeps the server busy for long."""


class BulkCreated(NamedTuple):
    """The result of a `bulk_create`.

    Attributes:
        created: the number of created objects.
        skipped: the number of skipped objects, whose primary key or unique value belongs to another object.
        updated: the number of existing objects that were updated instead.
        pks: the primary keys of the created and updated objects, in order, with `pks=True`.
    """

    created: int = 0
    skipped: int = 0
    updated: int = 0
    pks: list[str] | None = None


class BulkUpdated(NamedTuple):
    """The result of a `bulk_update`.

    Attributes:
        updated: the number of updated objects.
        missing: the number of objects that do not exist.
    """

    updated: int = 0
    missing: int = 0


class BulkDeleted(NamedTuple):
    """The result of a `bulk_delete`.

    Attributes:
        deleted: the number of deleted objects.
        missing: the number of objects that did not exist.
    """

    deleted: int = 0
    missing: int = 0


class Bulk(Generic[Result, Outcome]):
    """A bulk operation: it takes objects one by one, and yields a request when a chunk is full."""

    operation: ClassVar[str]
    result: Result

    def __init__(self, schema: Schema, chunk: int, progress: OnProgress | None) -> None:
        self._schema = schema
        (self._partition,) = schema.keys.partitions  # where there will be several, each will have its own chunks
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
        """Stores the objects of the unfinished chunk."""
        while self._count:
            try:
                outcome = yield self._request()
            except LimpydError as failure:
                failure.add_note(f"{self._name}: the chunks before this one are done: {self.result}")
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
        """Adds an object to the chunk; returns whether the chunk is full."""
        raise NotImplementedError

    def _request(self) -> Request[Outcome]:
        """The request for the chunk."""
        raise NotImplementedError

    def _take(self, outcome: Outcome) -> None:
        """Counts the results of a chunk."""
        raise NotImplementedError

    def _remove(self, outcome: Outcome) -> int:  # noqa: ARG002 - those that remove only a part look at it
        """Removes the processed objects from the chunk; returns their number."""
        self._empty()
        return self._count

    def _values(self, item: Any) -> Mapping[str, Any]:
        if not isinstance(item, Mapping):
            msg = f"{self._name} takes mappings from the names of fields to values, not {shorten(item)}"
            raise InvalidValue(msg)
        return item


def one_of(name: str, given: Any, choices: tuple[str, ...]) -> Any:
    """An argument that is one of a few words.

    Raises:
        InvalidValue: it is another.
    """
    if given not in choices:
        msg = f"{name} is one of {', '.join(map(repr, choices))}, not {shorten(given)}"
        raise InvalidValue(msg)
    return given
