"""Several indexes under one name."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Self

from limpyd.exceptions import DeclarationError
from limpyd.indexes.base import Declared, Index
from limpyd.indexes.encoding import Transform


class MultiIndexes(Index):
    """Several indexes that are declared as one; made by `compose`.

    Its `transform` runs before theirs; its `key` and `prefix` come before theirs.

    Attributes:
        index_classes: the indexes, each a class or an instance with settings of its own.
    """

    index_classes: Sequence[Declared] = ()

    @classmethod
    def compose(
        cls,
        index_classes: Sequence[Declared],
        key: str | None = None,
        transform: Transform | None = None,
        name: str | None = None,
    ) -> type[Self]:
        """Returns a class for these indexes.

        Raises:
            DeclarationError: one of them is no index, or a setting is of a wrong type.
        """
        for index in index_classes:
            declared(index)
        settings: dict[str, Any] = {"key": key, "transform": transform, "name": name}
        composed = cls.configure(**settings)
        composed.index_classes = tuple(index_classes)
        return composed

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.normalize_value is not Index.normalize_value:
            msg = f"{cls.__name__}.normalize_value would have no effect: define it on its indexes, or define transform"
            raise DeclarationError(msg)

    def renamed(self, names: Mapping[str, str]) -> Self:
        mine = super().renamed(names)
        mine.index_classes = [declared(each).renamed(names) for each in self.index_classes]
        return mine

    def expanded(self) -> list[Index]:
        if not self.index_classes:
            msg = f"{self} has no indexes; create it with MultiIndexes.compose([EqualIndex, …])"
            raise DeclarationError(msg)
        found = []
        for member in self.index_classes:
            for index in declared(member).expanded():
                mine = copy.copy(index)
                mine.around = (*self.around, self, *index.around)
                mine.prefix = "__".join(filter(None, (self.prefix, index.prefix)))
                mine.key = "_".join(filter(None, (self.key, index.key)))
                mine.handle_uniqueness = self.handle_uniqueness and index.handle_uniqueness
                found.append(mine)
        return found


def declared(index: Any) -> Index:
    """Returns the index that a class or an instance declares.

    Raises:
        DeclarationError: it is neither an index nor a class of indexes.
    """
    if isinstance(index, type) and issubclass(index, Index):
        index = index()
    if not isinstance(index, Index):
        msg = f"{index!r} is not an index; pass a class such as EqualIndex, or an instance of one"
        raise DeclarationError(msg)
    return index
