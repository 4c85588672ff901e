"""The model that a filter is on: what filters use of it, and its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from limpyd.exceptions import InvalidFilter, UnknownField
from limpyd.expressions import Comparison
from limpyd.fields import Field
from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.keys import ModelKeys, Partition
from limpyd.utils.suggestions import closest, did_you_mean


class LookupCache(Protocol):
    """The lookups of filters that a model knows already, by their names."""

    lookups: dict[str, Any]


class Queried(Protocol):
    """The attributes that a filter uses of a model."""

    name: str
    model: Any
    keys: ModelKeys

    @property
    def queries(self) -> LookupCache: ...
    @property
    def fields(self) -> Mapping[str, Field[Any]]: ...

    def field(self, name: str) -> Field[Any]: ...
    def composites(self, partition: Partition) -> list[CompositeFieldIndex]: ...


def own_field(model: Queried, comparison: Comparison) -> Field[Any]:
    """The model's own field that an expression means, which may have been written of a class it inherits from."""
    field = comparison.field
    owner = getattr(field, "model", None)
    if owner is model:
        return field  # type: ignore[no-any-return]
    name = field.name
    inherited = owner is None or issubclass(model.model, owner.model)
    if not inherited or not model.model.has_field(name):
        msg = f"{field} is not a field of {model.name}"
        raise InvalidFilter(msg)
    return model.field(name)


ARGUMENTS = {
    "if_": "update",
    "if_version": "update",
    "defaults": "update_or_create",
    "create_defaults": "update_or_create",
}
"""The arguments that methods take beside values of fields, with the methods."""


def unknown_field(model: Queried, name: str) -> UnknownField:
    """The error for a name that is no field of the model."""
    meant = did_you_mean(name, model.fields)
    argument = closest(name, [*model.fields, *ARGUMENTS])
    if argument in ARGUMENTS:
        meant = f"; did you mean the argument {argument!r} of {ARGUMENTS[argument]}?"
    return UnknownField(f"{model.name} has no field {name!r}; it has {', '.join(model.fields)}{meant}")


def check_lasting_operand(shown: str, model: Any, other: Any) -> None:
    """Refuses to compare with a value of another model that may be over, which only requests to that model remove.

    Raises:
        InvalidFilter: the values of the other field lapse, or its objects may be gone when others expire.
    """
    if other.model is model:
        return
    unknown = other.model.expiring_targets.keys() - model.expiring_targets.keys()
    if other.lapses or (unknown and other.model.has_unsure_objects):
        what = (
            f"the values of {other} expire"
            if other.lapses
            else f"objects expire to which those of {other.model.name} refer"
        )
        msg = (
            f"{shown}: {what}, and only requests to {other.model.name} know that they are gone; get the field's value "
            "first"
        )
        raise InvalidFilter(msg)


def check_lasting(field: Any, reference: Any) -> None:
    """Refuses to look through a reference at values that lapse, or at references to objects that expire.

    Only queries of models that are concerned remove what is over.

    Raises:
        InvalidFilter: the field has such values.
    """
    if getattr(field, "refers", False) and field.has_target:
        unknown = field.target.expiring_targets.keys() - reference.model.expiring_targets.keys()
        if unknown:
            expiring = field.target.expiring_targets[min(unknown)]
            msg = (
                f"{reference} leads to {field}, which changes when objects of {expiring.name} expire, and queries of "
                f"{reference.model.name} do not know that they have: find the objects of {field.model.name} first"
            )
            raise InvalidFilter(msg)
    if getattr(field, "lapses", False):
        msg = (
            f"{reference} leads to {field}, whose values expire, and only queries of {field.model.name} know that they "
            f"are gone: find the objects of {field.model.name} first"
        )
        raise InvalidFilter(msg)
