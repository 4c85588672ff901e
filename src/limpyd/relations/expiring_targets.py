"""References to objects that expire: from the deadline on they are as after a deletion, by `on_delete`.

Scripts of all models that are concerned first remove the objects whose deadline is over, with all that comes of it, in
their own step (lua/overdue_targets.lua). So none of them ever meets a reference to one, or an object that should have
gone with it. What they need for that is in the catalogs of the models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.keys import Partition, to_bytes
from limpyd.relations.deletion import clearing_command, models_concerned, models_gone_with
from limpyd.relations.locality import is_local
from limpyd.relations.references import CASCADE, CLEAR, RESTRICT, ReferenceField
from limpyd.requests.promise_guards import netstrings
from limpyd.requests.request import Argument
from limpyd.scripts.python_transforms import PythonTransform

LAYOUT, REFERS = b":layout", b":refers:"
"""The names of the records in the catalog of a model: of its keys and indexes, and of each reference by its index."""

Found = Sequence[tuple[Any, Any]]
"""References that are about to be connected, each with the model that it refers to."""


def records(schema: Any, partition: Partition) -> Iterator[tuple[bytes, bytes]]:
    """The records of a model by which scripts delete its objects, and clear its references.

    They are read by relations/sweep_targets.lua.
    """
    yield LAYOUT, _text(schema.deletions.layout(partition))
    for field in schema.value_fields.values():
        if isinstance(field, ReferenceField) and field.has_target and field.target.expiring_targets:
            index = field.reverse_index(partition)
            name = index.key.removeprefix(partition.prefix).removesuffix(b":")
            clearing = clearing_command(field, partition) if field.on_delete == CLEAR else []
            many = b"many" if field.many else b"one"
            yield REFERS + name, _text([index.key, field.on_delete, many, *clearing])


def _text(args: Sequence[Argument]) -> bytes:
    return netstrings([arg if isinstance(arg, bytes) else to_bytes(str(arg)) for arg in args])


def note_expiring(field: ReferenceField[Any]) -> None:
    """Takes note of a reference that was connected."""
    for target in models_gone_with(field.target):
        if target.objects_expire:
            _, concerned = models_concerned(target)
            for model in concerned:
                model.settle_first(target, concerned)


def check_expiring(found: Found) -> None:
    """Refuses references that cannot be as after a deletion at the moment when an object expires.

    Args:
        found: those that are about to be connected.

    Raises:
        DeclarationError: one cannot.
    """
    for field, target in found:
        _check_expiring_holder(field, target)
        goes_with = _targets_of(target._declared(), found)
        expiring = next((model for model in goes_with if model.objects_expire), None)
        if expiring is not None:
            for reference, of in _references_to(target._declared(), field, found):
                _check_reference(reference, of, expiring)
            for model in goes_with:
                _check_indexes(model, expiring)


def _check_expiring_holder(field: Any, target: Any) -> None:
    holder = field.model
    if holder.objects_expire and field.on_delete == RESTRICT:
        msg = (
            f"{field}: objects of {holder.name} expire, and one that has expired must not forbid the deletion of a "
            f"{target.__name__}; declare on_delete='cascade' or on_delete='clear'"
        )
        raise DeclarationError(msg)
    if holder.objects_expire and holder.keys.count > 1 and not is_local(holder, target._declared()):
        msg = (
            f"{field}: objects of {holder.name} expire, and are in {holder.keys.count} partitions; references between "
            "partitions know no deadlines. Store the primary key in a plain field, or set partitions = 1 on "
            f"{holder.name}"
        )
        raise DeclarationError(msg)


def _targets_of(schema: Any, found: Found) -> list[Any]:
    """Returns a model, and those whose objects it goes with, also by references that are about to be connected."""
    models = models_gone_with(schema)
    for model in models:
        new = (target._declared() for field, target in found if field.model is model and field.on_delete == CASCADE)
        models += [each for one in new for each in models_gone_with(one) if each not in models]
    return models


def _references_to(schema: Any, field: Any, found: Found) -> list[tuple[Any, Any]]:
    """Returns a reference to a model, and those to what goes with the objects that refer; each with its target."""
    references = [(field, schema)]
    for reference, _ in references:
        if reference.on_delete == CASCADE:
            holder = reference.model
            new = [one for one, target in found if target._declared() is holder]
            known = {one for one, _ in references}
            references += [(one, holder) for one in (*holder.incoming, *new) if one not in known]
    return references


def _check_reference(reference: Any, target: Any, expiring: Any) -> None:
    """Refuses a reference to a model whose objects expire, or may be deleted when those of another one do."""
    why = _why_not(reference, target)
    if why:
        gone = f"objects of {target.name} expire"
        if target is not expiring:
            gone = f"objects of {target.name} are deleted when those of {expiring.name} expire that they refer to"
        msg = f"{reference}: {gone}, {why}"
        raise DeclarationError(msg)
    if reference.on_delete == CASCADE:
        _check_indexes(reference.model, expiring)


def _why_not(reference: Any, target: Any) -> str:
    """Returns why scripts cannot apply `on_delete` at a deadline; empty if they can."""
    holder = reference.model
    partition = holder.keys.first
    indexes = [*reference.place_in(partition).indexes]
    indexes += [index for index in holder.composites(partition) if index.has(reference)]
    if reference.on_delete == RESTRICT:
        return "and on_delete='restrict' cannot forbid that; declare on_delete='clear' or on_delete='cascade'"
    if reference.template_of is not None:
        return "and deletions leave dynamic references as they are; store primary keys in a plain dynamic field"
    if not is_local(holder, target):
        return (
            f"and those of {holder.name} that refer to them may be in another partition, which knows no deadlines. "
            f"Declare {holder.name} with colocate_with={target.name}, or store the primary key in a plain field"
        )
    if reference.on_delete == CLEAR and any(map(_needs_python, indexes)):
        return "and one of its indexes needs Python to find the entries of a value; the server clears a reference alone"
    return ""


def _check_indexes(model: Any, expiring: Any) -> None:
    """Refuses a model whose objects the server cannot delete alone."""
    partition = model.keys.first
    fields = (*model.value_fields.values(), *model.dynamic.values())
    for index in (each for field in fields for each in field.place_in(partition).indexes):
        if _needs_python(index):
            msg = (
                f"{index.field}: one of its indexes needs Python to find the entries of a value, but the server alone "
                f"deletes objects of {model.name} when those of {expiring.name} expire. Leave out the transform, or "
                "have no model refer to them: store the primary key in a plain field"
            )
            raise DeclarationError(msg)


def _needs_python(index: Any) -> bool:
    return isinstance(index.form, PythonTransform)
