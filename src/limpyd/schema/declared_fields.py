"""The fields that a class declares, and the names that they may have."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.fields import Field, PKField
from limpyd.query.results.columns import SORTED_SCORE

ARGUMENT_NAMES = frozenset({"chunk", "cls", "defaults", "if_version", "lazy", "self"})
"""Names that the model's methods take besides the names of fields."""


def collect(model: type) -> tuple[PKField, list[Field[Any]]]:
    """The primary key of a class, and its other fields: the inherited ones, then its own, as declared.

    Raises:
        DeclarationError: there are two primary keys.
    """
    declared = declared_fields(model)
    pks = {name: field for name, field in declared.items() if isinstance(field, PKField)}
    own = [field for field in pks.values() if not field.is_default]
    if len(own) > 1:
        msg = f"{model.__name__} has two primary keys: {' and '.join(field.name for field in own)}; keep one"
        raise DeclarationError(msg)
    if not pks:
        msg = f"{model.__name__} has no primary key; declare a PKField, or leave `pk` as it is"
        raise DeclarationError(msg)
    pk = own[0] if own else next(iter(pks.values()))
    fields = [field for name, field in declared.items() if name not in pks]
    if any(getattr(field, "lapses", False) for field in fields):
        from limpyd.fields.value_deadline import with_deadlines  # noqa: PLC0415 - the values of most models do not lapse

        fields = with_deadlines(model, fields)
    return pk, fields


def declared_fields(model: type) -> dict[str, Field[Any]]:
    """The fields of a class by name, the inherited ones first; a base's field is taken away by `name = None`."""
    declared: dict[str, Field[Any]] = {}
    for base in reversed(model.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Field) and value.name == name:
                declared[name] = value
            elif name in declared and value is None:
                del declared[name]
    return declared


def vars_of(model: type, name: str) -> Any:
    """Returns the attribute of a class, or of the first of its bases that has it."""
    return next(vars(base)[name] for base in model.__mro__ if name in vars(base))


def check_names(model: type) -> None:
    """Refuses names under which a field could not be reached, or would hide something.

    Raises:
        DeclarationError: there is such a name.
    """
    for name, field in vars(model).items():
        if isinstance(field, Field) and field.name != name != "pk":
            msg = f"{model.__name__}: {field.name!r} and {name!r} are one field object; declare two"
            raise DeclarationError(msg)
    declared = declared_fields(model)
    hidden = next((name for name in declared if not isinstance(vars_of(model, name), Field)), None)
    if hidden is not None:
        msg = (
            f"{model.__name__}.{hidden} is a field of a base class, and something else here; rename one, or remove "
            f"the field with `{hidden} = None`"
        )
        raise DeclarationError(msg)
    if not declared:
        return
    api = {
        name
        for base in model.__mro__
        if base.__module__.startswith("limpyd.") and not vars(base).get("_names_may_be_fields")
        for name, value in (*vars(base).items(), *vars(base).get("__annotations__", {}).items())
        if not isinstance(value, Field)
    }
    for name, field in declared.items():
        reason = _against(name, field, api)
        if reason:
            msg = f"{model.__name__}.{name}: a field cannot have this name: {reason}. Choose another"
            raise DeclarationError(msg)


def _against(name: str, field: Field[Any], api: AbstractSet[str]) -> str:
    """Returns the reason why a field cannot have a name; empty if it can."""
    if not name.isidentifier():
        return "it is not a Python name"
    if name.startswith("_"):
        return "names with a leading underscore are reserved for the library"
    if "__" in name:
        return "two underscores separate a field from an operator in filters"
    if name in api or name in ARGUMENT_NAMES:
        return f"it would hide {name!r} of the model's own API"
    if name == SORTED_SCORE:
        return "it stands for the score in the values of a collection"
    if name == "pk" and not isinstance(field, PKField):
        return "`pk` is always the primary key"
    return ""
