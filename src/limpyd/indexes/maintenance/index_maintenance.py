"""Index maintenance of a model: the knowledge of which indexes are built, and the operations that build and clear."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.indexes.base import Index
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.maintenance import generators, requests
from limpyd.indexes.maintenance.catalog import Assumed, Catalog
from limpyd.indexes.maintenance.declarations import DeclaredIndex, IndexedModel, declared_indexes
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.keys import to_bytes, to_text
from limpyd.requests.request import Assumption, Program, Request

MAX_AT_ONCE = 1_000_000
"""The most objects, entries or keys that a step may be asked to look at."""


class IndexMaintenance:
    """The indexes of a model on its database, as far as this process knows.

    Attributes:
        catalog: the server's record of them; None before it was read, or if it has changed.
        declared: the assumption of each write: the catalog contains the declarations of this process.
    """

    def __init__(self, model: IndexedModel) -> None:
        self._model = model
        (self._partition,) = model.keys.partitions  # where there will be several, each will know its own indexes
        self._indexes = {index.field_index.declared_key: index for index in declared_indexes(model, self._partition)}
        self.declared = Assumed(self, writes=True)
        self.forget()

    def forget(self) -> None:
        """Forgets the catalog, because the database is, or may be, another one."""
        self._database = object()
        self.catalog: Catalog | None = None

    def invalidate(self) -> None:
        """Forgets the catalog; the next request that needs it asks for it."""
        self.catalog = None

    def built(self, indexes: Iterable[FieldIndex]) -> tuple[Assumption, ...]:
        """Returns the assumptions of a query that uses some indexes; none if it uses none."""
        names = frozenset(self._indexes[index.declared_key].name for index in indexes)
        return (Assumed(self, names),) if names else ()

    def index_facts(self, name: bytes) -> tuple[str, str, str]:
        """Returns the model, the field and the index with a name in the catalog, for messages."""
        index = next(index for index in self._indexes.values() if index.name == name)
        return self._model.name, index.field_index.field.name, str(index.field_index.index)

    def asking(self, *, may_write: bool) -> Request[Catalog]:
        """Returns the request for the catalog; before a write it also sends the declarations of this process."""
        database = self._database

        def learn(catalog: Catalog) -> Catalog:
            if self._database is database:
                self.catalog = catalog
            return catalog

        return requests.declare(self._model, self._partition, list(self._indexes.values()), may_write=may_write).then(
            learn
        )

    # --- building and clearing: what these return is to be awaited on the async face ---

    def rebuild(
        self,
        indexes: Sequence[DeclaredIndex] | None = None,
        progress: OnProgress | None = None,
        chunk_size: int | None = None,
    ) -> Any:
        """Builds some indexes, or all of the model.

        Raises:
            InvalidValue: `progress` is no function, or `chunk_size` no int of at least 1.
        """
        if progress is not None and not callable(progress):
            msg = f"{self._model.name}: progress takes a function, not {shorten(progress)}; pass chunk_size by name"
            raise InvalidValue(msg)
        self._check_size(chunk_size)
        if indexes is None:
            indexes = list(self._indexes.values())
        return self._run(generators.rebuild(self._model, self._partition, indexes, progress, chunk_size))

    def clear(self, indexes: Sequence[DeclaredIndex] | None = None, chunk_size: int | None = None) -> Any:
        """Clears some indexes, or all of the model, including those that are no longer declared."""
        self._check_size(chunk_size)
        if indexes is None:
            return self._run(generators.clear_all(self._model, self._partition))
        return self._run(generators.clear(self._model, self._partition, indexes, chunk_size))

    def _check_size(self, chunk_size: Any) -> None:
        if chunk_size is not None and not (type(chunk_size) is int and 1 <= chunk_size <= MAX_AT_ONCE):
            msg = f"{self._model.name}: chunk_size takes an int from 1 to {MAX_AT_ONCE}, not {shorten(chunk_size)}"
            raise InvalidValue(msg)

    def of(self, field: Any) -> list[DeclaredIndex]:
        """Returns the indexes of a field, including composite ones.

        Raises:
            InvalidValue: it has none.
        """
        found = [index for index in self._indexes.values() if any(one is field.declaring for one in index.fields)]
        if not found:
            msg = f"{field} has no index; declare it with indexable=True"
            raise InvalidValue(msg)
        return found

    def one_of(self, field: Any, index_class: type[Index] | None, key: str | None, prefix: str | None) -> Index:
        """Returns the only index of a field with a class, a key and a prefix, as far as these are given.

        Raises:
            InvalidValue: there is none, or several.
        """
        indexes = self.of(field)
        found = [
            index
            for index in indexes
            if isinstance(index.as_a(index_class), index_class or Index)
            and key in {None, index.field_index.index.key}
            and prefix in {None, index.field_index.index.prefix}
        ]
        if len(found) != 1:
            which = ", ".join(index.description for index in found or indexes)
            msg = f"{field} has {'several' if found else 'no'} such indexes"
            msg += f"; select one of {which} by its class, key or prefix" if found else f"; it has {which}"
            raise InvalidValue(msg)
        mine = copy.copy(found[0].as_a(index_class))
        mine.on_field = IndexBuild(self, found[0])
        return mine

    def _run(self, program: Program[None]) -> Any:
        return self._model.model.database._run_program(self._after_asking(program))

    def _after_asking(self, program: Program[None]) -> Program[None]:
        if self.declared.guard() is None:
            yield self.declared.question()
        yield from program


class IndexBuild:
    """The building and clearing of one index of a field."""

    def __init__(self, maintenance: IndexMaintenance, index: DeclaredIndex) -> None:
        self._maintenance = maintenance
        self._index = index

    def __str__(self) -> str:
        return str(self._index.field_index)

    def rebuild(self, progress: OnProgress | None, chunk_size: int | None) -> Any:
        return self._maintenance.rebuild([self._index], progress, chunk_size)

    def clear(self, chunk_size: int | None) -> Any:
        return self._maintenance.clear([self._index], chunk_size)

    def storage_key(self, *args: Any, transform_value: bool) -> str:
        field_index, value = self._index.field_index, args[-1]
        sub = to_bytes(str(args[0])) if len(args) > 1 else None
        if not (field_index.kind.keys_by_value and field_index.index.alone):
            return to_text(field_index.key_and_text(b"", sub)[0])
        if not (transform_value and field_index.transforms):
            return to_text(b"".join(field_index.key_and_text(field_index.filter_text("eq", value), sub)))
        texts = field_index.indexed_texts(field_index.field.encode(value))
        if len(texts) != 1:
            msg = f"{field_index} keeps {len(texts) or 'nothing'} of {shorten(value)}: it has no one key"
            raise InvalidValue(msg)
        return to_text(b"".join(field_index.key_and_text(texts[0], sub)))
