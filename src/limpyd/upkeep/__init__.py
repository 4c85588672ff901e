"""Upkeep: whether the indexes of a model are built, as far as this process knows; and what builds them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from limpyd.exceptions import IndexNotBuilt, InvalidValue
from limpyd.indexes.base import Index
from limpyd.indexes.kept import Kept
from limpyd.requests import Program, Request
from limpyd.upkeep import programs, steps
from limpyd.upkeep.declared import DeclaredIndex, Upkept, declared_indexes
from limpyd.upkeep.programs import OnProgress
from limpyd.upkeep.steps import Known


class Upkeep:
    """What is known of a model's indexes on its database.

    Attributes:
        first: what is to be asked before the next write; nothing once the server knows the indexes.
        all_built: whether all indexes are known to be built.
    """

    def __init__(self, model: Upkept) -> None:
        self._model = model
        (self._where,) = model.keys.partitions  # where there will be several, each will know its own indexes
        self._indexes = {index.kept.key: index for index in declared_indexes(model, self._where)}
        self.forget()

    def forget(self) -> None:
        """Forgets what is known, since the database is another from now on, or may be."""
        self._database = object()
        self.first: Request[Any] | None = self._asking(may_write=True)
        self.ask_again()

    def ask_again(self) -> None:
        """Has the next query ask whether its indexes are built."""
        self.all_built = not self._indexes
        self._unbuilt: frozenset[bytes] | None = None

    def built(self, indexes: Iterable[Kept]) -> Request[Any] | None:
        """What is to be asked before a query that uses some indexes; nothing if they are known to be built.

        Raises (from the reply):
            IndexNotBuilt: one of them is not.
        """
        if self.all_built:
            return None
        used = [self._indexes[index.key] for index in indexes]
        if not used or (self._unbuilt is not None and self._unbuilt.isdisjoint(index.name for index in used)):
            return None

        def check(known: Known) -> None:
            for index in used:
                if index.name in known.unbuilt:
                    raise IndexNotBuilt(self._model.name, index.kept.field.name, str(index.kept.index))

        return self._asking(may_write=False).then(check)

    def _asking(self, *, may_write: bool) -> Request[Known]:
        database = self._database

        def learn(known: Known) -> Known:
            if self._database is database:
                if known.as_declared:
                    self.first = None
                if known.certain:
                    self._unbuilt = known.unbuilt
                    self.all_built = not known.unbuilt
            return known

        request = steps.declare(self._model, self._where, list(self._indexes.values()), may_write=may_write)
        return request.then(learn)

    # --- building and clearing: what these return is to be awaited on the async face ---

    def rebuild(self, indexes: Sequence[DeclaredIndex] | None = None, progress: OnProgress | None = None) -> Any:
        """Builds some indexes, or all of the model."""
        if indexes is None:
            indexes = list(self._indexes.values())
        return self._run(programs.rebuild(self._model, self._where, indexes, progress))

    def clear(self, indexes: Sequence[DeclaredIndex] | None = None) -> Any:
        """Clears some indexes, or all of the model, also those that are no longer declared."""
        if indexes is None:
            return self._run(programs.clear_all(self._model, self._where))
        return self._run(programs.clear(self._model, self._where, indexes))

    def of(self, field: Any) -> list[DeclaredIndex]:
        """The indexes of a field, also those that it has together with others.

        Raises:
            InvalidValue: it has none.
        """
        found = [index for index in self._indexes.values() if any(one is field for one in index.fields)]
        if not found:
            msg = f"{field} has no index; declare it with indexable=True"
            raise InvalidValue(msg)
        return found

    def one_of(self, field: Any, index_class: type[Index] | None, key: str | None, prefix: str | None) -> Index:
        """The one index of a field that is of a class, and has a key and a prefix, as far as those are given.

        Raises:
            InvalidValue: there is none, or several.
        """
        indexes = self.of(field)
        found = [
            index
            for index in indexes
            if isinstance(index.as_a(index_class), index_class or Index)
            and key in {None, index.kept.index.key}
            and prefix in {None, index.kept.index.prefix}
        ]
        if len(found) != 1:
            which = ", ".join(index.told for index in found or indexes)
            msg = f"{field} has {'several' if found else 'no'} such indexes"
            msg += f"; name one of {which} by its class, key or prefix" if found else f"; it has {which}"
            raise InvalidValue(msg)
        mine = copy.copy(found[0].as_a(index_class))
        mine.on_field = FieldIndex(self, found[0])
        return mine

    def _run(self, program: Program[None]) -> Any:
        return self._model.model.database._run_program(self._after_asking(program))

    def _after_asking(self, program: Program[None]) -> Program[None]:
        if self.first is not None:
            yield self.first
        try:
            yield from program
        finally:
            self.ask_again()


class FieldIndex:
    """An index of a field, to be built or cleared."""

    def __init__(self, upkeep: Upkeep, index: DeclaredIndex) -> None:
        self._upkeep = upkeep
        self._index = index

    def __str__(self) -> str:
        return str(self._index.kept)

    def rebuild(self, progress: OnProgress | None = None) -> Any:
        return self._upkeep.rebuild([self._index], progress)

    def clear(self) -> Any:
        return self._upkeep.clear([self._index])
