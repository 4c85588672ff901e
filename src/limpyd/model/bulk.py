"""Operations on many objects, from an iterable of any length. Only one chunk is in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from limpyd.exceptions import BulkError, InvalidValue, LimpydError, ObjectsMoved, ranges, shorten
from limpyd.fields.checks import integer
from limpyd.keys import Partition
from limpyd.keys.by_partition import ByPartition
from limpyd.model.bulk_chunk import Chunk
from limpyd.requests.request import Program
from limpyd.requests.scattered import outcomes
from limpyd.requests.waiting import Waiting
from limpyd.schema.schema import Schema

Result = TypeVar("Result")
ChunkT = TypeVar("ChunkT", bound=Chunk[Any])

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


class Bulk(Generic[Result, ChunkT]):
    """A bulk operation: it takes objects one by one, and yields a request when a chunk is full.

    If the model has several partitions, each has a chunk. Once one of them is full, all are sent at once. Objects that
    have moved to other partitions meanwhile are added to chunks of those, and sent again.
    """

    operation: ClassVar[str]
    gives_up: ClassVar[bool] = False
    """True if its objects give up values."""
    result: Result

    def __init__(self, schema: Schema, chunk: int, progress: OnProgress | None) -> None:
        self._schema = schema
        self._chunk = integer("chunk", chunk, low=1)
        self._progress = progress
        self._taken = 0  # how many objects were passed
        self._done = 0  # how many are dealt with
        self._items: dict[int, Any] = {}
        """Those of the unfinished chunks by their positions, if they may move."""
        self._waiting: Waiting | None = None
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
            chunk = self._add(item)
        except LimpydError as error:
            yield from self.rest()
            raise BulkError(self._name, self._taken, self.result, error) from error
        chunk.positions.append(self._taken)
        if self._schema.keys.count > 1:
            self._items[self._taken] = item
        self._taken += 1
        if len(chunk.positions) == self._chunk or chunk.size >= MAX_ROOM:
            yield from self.rest()

    def rest(self) -> Program[None]:
        """Stores the objects of the unfinished chunks; a refusal ends only its own chunk."""
        refusals: list[tuple[int, LimpydError]] = []
        done: list[int] = []
        while chunks := [chunk for chunk in self._all_chunks() if chunk.positions]:
            moved = yield from self._sent_or_moved(chunks)
            self._take(chunks)
            before = len(done)
            for chunk in chunks:
                done += chunk.remove_processed()
                if chunk.outcome is not None and chunk.outcome.refused is not None:
                    refusals.append((chunk.positions[0], chunk.outcome.refused[1]))
                    chunk.positions = []
            if moved:
                self._add_again()
            if not refusals:
                self._report(len(done) - before)
        if refusals:
            position, error = min(refusals, key=itemgetter(0))
            beyond = sorted(other for other in done if other > position)
            raise BulkError(self._name, position, self.result, error, beyond) from error
        if self.gives_up and any(chunk.claims is not None for chunk in self._all_chunks()):
            from limpyd.claims.releasing import release_given_up  # noqa: PLC0415 - few models have several partitions

            yield from release_given_up(self._schema)
        self._empty()

    def _report(self, number: int) -> None:
        """Counts objects that are done."""
        self._done += number
        if self._progress is not None:
            self._progress(self._done)

    def _sent_or_moved(self, chunks: list[ChunkT]) -> Program[bool]:
        """Sends chunks, and returns whether objects of some have moved; then it has waited until they may have arrived.

        Raises:
            LimpydError: of a request; the error says what is done.
            ObjectsMoved: the database has no more patience.
        """
        for chunk in chunks:
            chunk.outcome = None
        try:
            return (yield from self._sent_or_waited(chunks))
        except LimpydError as failure:
            failure.add_note(f"{self._name}: the chunks before {self._failed(chunks)} are done: {self.result}")
            raise

    def _sent_or_waited(self, chunks: list[ChunkT]) -> Program[bool]:
        try:
            yield from self._sent(chunks)
        except ObjectsMoved as moved:
            if self._waiting is None or any(chunk.outcome is not None for chunk in chunks):
                self._waiting = Waiting(self._schema.model.database._patience)
            yield self._waiting.request(moved)
            return True
        self._waiting = None
        return False

    def _sent(self, chunks: list[ChunkT]) -> Program[None]:
        """Sends chunks, at once if they are several; first what claims the values that are unique over partitions.

        Chunks that want the same value, and those whose scripts ask for claims, have no outcome yet.
        """
        if chunks[0].claims is not None:
            from limpyd.claims.chunk_claims import claimed_together, without_common_values  # noqa: PLC0415

            chunks = without_common_values(chunks)
            question = claimed_together(chunks)
            if question is not None:
                yield question
        if len(chunks) == 1:
            yield chunks[0].request()
            return
        found = yield outcomes([chunk.request() for chunk in chunks])
        errors = [one for one in found if isinstance(one, Exception)]
        if errors:
            raise next((error for error in errors if not isinstance(error, ObjectsMoved)), errors[0])

    def _add_again(self) -> None:
        """Adds the objects that have not been processed to new chunks, where they are now."""
        left = sorted(position for chunk in self._all_chunks() for position in chunk.positions)
        self._begin_chunks()
        for position in left:
            self._add(self._items[position]).positions.append(position)

    def _failed(self, chunks: list[ChunkT]) -> str:
        """Counts what was done although a request failed; returns the text that names the chunks that were not."""
        answered = [chunk for chunk in chunks if chunk.outcome is not None]
        if len(chunks) == 1:
            return "this one"
        self._take(answered)
        done = sorted(position for chunk in answered for position in chunk.remove_processed())
        return f"those sent with it, and of these the objects at the positions {ranges(done) or 'none'},"

    @property
    def _name(self) -> str:
        return f"{self._schema.name}.{self.operation}"

    def _empty(self) -> None:
        """Forgets what is done, and begins the next chunks."""
        self._items.clear()
        self._begin_chunks()

    def _begin_chunks(self) -> None:
        """Begins the chunks, with no objects."""
        self._chunks: ByPartition[ChunkT] = ByPartition(self._new_chunk)

    def _all_chunks(self) -> Iterable[ChunkT]:
        """Returns the chunks that have been begun."""
        return self._chunks.values()

    def _new_chunk(self, partition: Partition) -> ChunkT:
        """Returns an empty chunk."""
        raise NotImplementedError

    def _add(self, item: Any) -> ChunkT:
        """Adds an object to the chunk of its partition, and returns that chunk."""
        raise NotImplementedError

    def _take(self, chunks: list[ChunkT]) -> None:
        """Counts the outcomes of chunks."""
        raise NotImplementedError

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
