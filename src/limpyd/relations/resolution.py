"""Resolution of references to the models that they name, which may be declared after them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from keyword import iskeyword
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.fields import Field
from limpyd.keys import to_bytes
from limpyd.relations.awaited_deletions import note_reference
from limpyd.relations.expiring_targets import check_expiring, note_expiring
from limpyd.relations.locality import is_local
from limpyd.relations.model_registry import ModelRegistry
from limpyd.relations.references import ReferenceField
from limpyd.relations.reverse_annotations import annotated_reverse, check_annotation, check_names


def connect(database: Any, reverse: Any) -> None:
    """Connects the references of a database's new models, and those of others to them.

    Args:
        database: the database.
        reverse: makes the reverse side of a reference, an attribute of the model it refers to.

    Raises:
        DeclarationError: a reverse side has a name that the model has already.
    """
    named = database._models.named
    fresh = named.begin()
    found: list[tuple[ReferenceField[Any], Any]] = []
    names: set[tuple[Any, str]] = set()
    try:
        for field, target in _answered(database, fresh):
            _check(field, target, reverse, names)
            found.append((field, target))
        _check_annotated(found)
        check_expiring(found)
    except BaseException:
        named.revert(fresh)
        raise
    for model in fresh:
        named.done_waiting(model)
    for field, target in found:  # now that nothing can be refused any more
        _join(field, target, reverse)


def _answered(database: Any, fresh: list[Any]) -> Iterator[tuple[ReferenceField[Any], Any]]:
    """The references of new models that can be connected, and those of others to them; each with its model."""
    named: ModelRegistry = database._models.named
    for model in fresh:
        for field in named.waiting_for(model):
            if field._target is None and database._models.get(field.model.keys.tag) is field.model.model:
                yield field, model
        for field in references_of(model._schema):
            if field._target is None:
                name = field.named()
                if not isinstance(name, tuple):
                    yield field, _current(database, name)
                elif (target := named.first(name)) is not None:
                    yield field, target
                else:
                    named.wait(field, name)


def _current(database: Any, model: Any) -> Any:
    """The class that was declared in the place of a model of the database; the model itself if there is none.

    Raises:
        DeclarationError: the model is abstract.
    """
    tag = model._declared().keys.tag
    if model.database is not database:
        return model
    return database._models.declared_before(model, tag) or model


def references_of(schema: Any) -> list[Any]:
    """The references of a model; of a dynamic one what all of its versions have in common."""
    fields = [*schema.value_fields.values(), *(dynamic.template for dynamic in schema.dynamic.values())]
    return [field for field in fields if isinstance(field, ReferenceField)]


def _refuse_unchecked(field: ReferenceField[Any], target: Any) -> None:
    """Refuses a reference to objects of the same partition, if nothing looks whether they are in it.

    Raises:
        DeclarationError: it is one.
    """
    holder: Any = field.model
    if not field.check and holder.keys.count > 1 and is_local(holder, target._declared()):
        msg = (
            f"{field}: check=False is not possible with colocate_with and {holder.keys.count} partitions: nothing "
            f"would refuse a {target.__name__} of another partition, which the reverse side would not find"
        )
        raise DeclarationError(msg)


def _check(field: ReferenceField[Any], target: Any, reverse: Any, names: set[tuple[Any, str]]) -> None:
    """Refuses what cannot be joined."""
    schema = target._declared()
    _refuse_unchecked(field, target)
    if target.database is not field.model.model.database:
        msg = f"{field} refers to {target.__name__}, which is on another database; both must be on the same database"
        raise DeclarationError(msg)
    if not schema.mints_pks and field.reverse_index(field.model.keys.first).kind.order == "number":
        msg = (
            f"{field}: its number index cannot find the objects that refer to a {target.__name__}, whose primary "
            "keys are text; add EqualIndex to its indexes"
        )
        raise DeclarationError(msg)
    name = field.accessor()
    if not name.isidentifier() or iskeyword(name) or name.startswith("__") or "__" in name.strip("_"):
        msg = f"{field}: {name!r} cannot be the name of the reverse side; choose another related_name"
        raise DeclarationError(msg)
    check_annotation(field, target, name)
    taken = _taken(target, name, reverse)
    if taken is not None or name in schema.fields or (target, name) in names:
        what = "a field" if isinstance(taken, Field) else "something else"
        if (target, name) in names or isinstance(taken, reverse):
            what = f"that of {getattr(taken, 'field', 'another field')}"
        msg = (
            f"{field}: the reverse side would be {target.__name__}.{name}, which is already {what}; choose another "
            "related_name"
        )
        raise DeclarationError(msg)
    names.add((target, name))


def _check_annotated(found: list[tuple[ReferenceField[Any], Any]]) -> None:
    """Refuses annotations of reverse sides that are none.

    Raises:
        DeclarationError: there is one.
    """
    for holder, target in dict.fromkeys((field.model.model, target) for field, target in found):
        new = [field for field, of in found if of is target and field.model.model is holder]
        known = [field for field in references_of(holder._schema) if field._target is target._schema]
        check_names(holder, target, {field.accessor(): field for field in (*known, *new)})


def _taken(target: Any, name: str, reverse: Any) -> Any:
    """Returns the attribute of a model; a reverse side that it inherits leads nowhere, so it does not count."""
    found = next((vars(base)[name] for base in target.__mro__ if name in vars(base)), None)
    if isinstance(found, reverse) and name not in vars(target):
        return None
    annotations = [inspect.get_annotations(base).get(name) for base in target.__mro__]
    annotated = any(each is not None and annotated_reverse(each) is None for each in annotations)
    return name if found is None and annotated else found


def _join(field: ReferenceField[Any], target: Any, reverse: Any) -> None:
    """Makes a reference and the model it refers to known to each other."""
    joined: Any = field if field.template_of is None else field.template_of
    setattr(target, field.accessor(), reverse(field.accessor(), joined))
    join(field, target._declared())


def join(field: ReferenceField[Any], schema: Any) -> None:
    """Makes a reference and the schema of the model it refers to known to each other."""
    holder: Any = field.model
    joined: Any = field if field.template_of is None else field.template_of
    joined.connect(schema)
    if joined is field:
        schema.incoming.append(field)
    if not field.is_local:
        if field.check:
            holder.targets[to_bytes(schema.keys.tag)] = schema
    elif schema.keys.top.tag != holder.keys.top.tag:
        holder.crosses_slots = schema.crosses_slots = True
    for changed in (holder, schema):
        changed.renew()
    holder.maintenance.invalidate()  # it has one more reference to declare
    if joined is field:
        note_reference(field)
        note_expiring(field)


def disconnect(database: Any, model: Any, reverse: Any) -> None:
    """Takes a model off its database, since its class is declared again. It still works, on the same keys.

    References to it wait for the model that comes in its place; its own no longer have reverse sides.
    """
    database._models.unregister(model._schema.keys.tag)
    for field in references_of(model._schema):
        if field._target not in {None, model._schema}:
            _part(field)
    for joined in [side.field for side in vars(model).values() if isinstance(side, reverse)]:
        field = joined if isinstance(joined, ReferenceField) else joined.template
        if field.model is not model._schema:
            field._target = None
            database._models.named.wait(field, (model.namespace, model.__name__))


def reconnect(database: Any, model: Any, reverse: Any) -> None:
    """Puts a model back, after the one that was to take its place was refused."""
    schema = model._schema
    for field in references_of(schema):
        field._target = None
    for name, side in list(vars(model).items()):
        if isinstance(side, reverse):
            delattr(model, name)
    schema.incoming.clear()
    database._models.register(model, schema.keys)
    connect(database, reverse)


def _part(field: ReferenceField[Any]) -> None:
    """Takes the reverse side of a reference away from the model that it refers to."""
    joined: Any = field if field.template_of is None else field.template_of
    schema = joined._target
    side = vars(schema.model).get(field.accessor())
    if side is not None and getattr(side, "field", None) is joined:
        delattr(schema.model, field.accessor())
    schema.incoming[:] = [field for field in schema.incoming if field is not joined]
    schema.renew()
