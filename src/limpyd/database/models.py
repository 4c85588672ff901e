"""The models that are declared on a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.keys import ModelKeys
from limpyd.relations.model_registry import ModelRegistry


class DeclaredModels:
    """The models of a database, by the tags of their keys.

    Attributes:
        named: the same by the names that references use.
        lent: models that are pointed at another database for a while.
        stand_in: the database, while others are replaced by it.
        adopted: models that were declared on those meanwhile, each after its database.
        partitioned: true if a model has several partitions.
    """

    def __init__(self) -> None:
        self._by_tag: dict[str, Any] = {}
        self.named = ModelRegistry()
        self.lent: list[Any] = []
        self.stand_in: Any = None
        self.adopted: list[tuple[Any, Any]] = []
        self.partitioned = False

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._by_tag.values()))

    def get(self, tag: str) -> Any:
        """Returns the model whose keys have a tag; None if there is none."""
        return self._by_tag.get(tag)

    def check_free(self, model: Any, tag: str) -> None:
        """Refuses a model whose keys another model of the database has.

        Raises:
            DeclarationError: another one has them.
        """
        known = self._by_tag.get(tag)
        if known is not None and known is not model:
            msg = (
                f"two models on this database have the name {tag!r}: {known.__module__}.{known.__qualname__} and "
                f"{model.__module__}.{model.__qualname__}. Their data would mix; give one of them another "
                "namespace or model_name. (A class that is declared again replaces the former one if its module "
                "and qualified name are the same)"
            )
            raise DeclarationError(msg)

    def declared_before(self, model: Any, tag: str) -> Any:
        """Returns the class that a model replaces: one of its module and name, with its keys; None if there is none."""
        known = self._by_tag.get(tag)
        return known if known is not None and _is_again(model, known) else None

    def place_for(self, model: Any, tag: str) -> Any:
        """Returns the database for a new model: its own, or the one where that, or the class it replaces, is lent."""
        lent = next((lent for lent in self.lent if not lent.abstract and _is_lent_before(model, lent, tag)), None)
        if lent is not None:
            return lent.database
        if self.stand_in is None or model.database is self.stand_in:
            return model.database
        self.adopted.append((model.database, model))
        return self.stand_in

    def register(self, model: Any, keys: ModelKeys) -> None:
        """Adds a model.

        Raises:
            DeclarationError: another one has its keys.
        """
        self.check_free(model, keys.tag)
        self._by_tag[keys.tag] = model
        self.named.register(model)
        self.partitioned = self.partitioned or keys.count > 1

    def unregister(self, tag: str) -> None:
        """Removes a model."""
        self.named.unregister(self._by_tag.pop(tag))

    def forget_indexes(self) -> None:
        """Has the models ask anew which indexes are built: where the connections lead next, they may not be."""
        for model in self:
            model._schema.forget()


def _is_lent_before(model: Any, lent: Any, tag: str) -> bool:
    return lent._schema.keys.tag == tag and _is_again(model, lent)


def _is_again(model: Any, known: Any) -> bool:
    """Returns whether a class is another one declared again."""
    names = known.__module__, known.__qualname__
    return known is not model and names == (model.__module__, model.__qualname__)
