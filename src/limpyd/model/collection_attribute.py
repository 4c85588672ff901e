"""`Model.collection` on both faces: the collection of all objects of a model; called with filters, of some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from limpyd.query.collection.default_scope import collection_of

C_co = TypeVar("C_co", covariant=True)


class WithManager(Protocol[C_co]):
    """A model that declares the class of its collections, for type checkers."""

    @property
    def collection_manager(self) -> type[C_co]:
        """The class of its collections."""
        ...


class CollectionAttribute:
    """The attribute of a model that begins a collection."""

    if not TYPE_CHECKING:

        def __get__(self, instance: Any, owner: Any) -> Any:
            return Undeclared(owner) if owner.abstract else collection_of(owner, owner.collection_manager)


class Undeclared:
    """The attribute of an abstract model, which has no collections.

    Args:
        model: the model.
    """

    __slots__ = ("_model",)

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, *_expressions: Any, **_filters: Any) -> Any:
        """Raises DeclarationError: the model is abstract."""
        return self._model._declared()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._model._declared()
