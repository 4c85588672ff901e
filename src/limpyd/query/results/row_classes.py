"""The classes that `rows` takes, and how each makes an object of values."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable
from typing import Any, NamedTuple

from limpyd.exceptions import InvalidFilter, UnknownField, shorten
from limpyd.query.results.columns import columns_of, reads
from limpyd.query.results.projections import Objects

KINDS = "a dataclass, a NamedTuple, a TypedDict, a Struct of msgspec or a model of pydantic"


class RowClass(NamedTuple):
    """A class of rows.

    Attributes:
        names: of its attributes, each with whether it has to be given.
        make: makes an object of values by name.
    """

    names: dict[str, bool]
    make: Callable[..., Any]


def row_shape(model: Any, row: Any) -> Objects:
    """The projection of a class of rows.

    Raises:
        InvalidFilter: it is none of those.
        UnknownField: it needs what is no field.
    """
    found = next((known for describe in DESCRIBE if isinstance(row, type) and (known := describe(row))), None)
    if found is None:
        msg = f"{model.name}: rows takes {KINDS}, not {shorten(row)}"
        raise InvalidFilter(msg)
    names = [name for name in found.names if reads(model, name)]
    missing = [name for name, required in found.names.items() if required and name not in names]
    if missing or not names:
        msg = f"{model.name}: {row.__name__} needs {', '.join(missing) or 'fields'}, which {model.name} has not"
        raise UnknownField(msg)
    return Objects(row, found.make, columns_of(model, names, scored=False))


def _of_dataclass(row: type[Any]) -> RowClass | None:
    if not dataclasses.is_dataclass(row):
        return None
    missing = dataclasses.MISSING
    return RowClass(
        {
            field.name: field.default is missing and field.default_factory is missing
            for field in dataclasses.fields(row)
            if field.init
        },
        row,
    )


def _of_named_tuple(row: type[Any]) -> RowClass | None:
    if not issubclass(row, tuple) or not hasattr(row, "_fields"):
        return None
    defaults = getattr(row, "_field_defaults", {})
    names: tuple[str, ...] = getattr(row, "_fields", ())
    return RowClass({name: name not in defaults for name in names}, row)


def _of_typed_dict(row: type[Any]) -> RowClass | None:
    if not typing.is_typeddict(row):
        return None
    required: frozenset[str] = row.__required_keys__
    try:
        hints = typing.get_type_hints(row, include_extras=True)
    except NameError:  # of a class within a function
        hints = dict.fromkeys(row.__annotations__)
    kinds = {name: typing.get_origin(hint) for name, hint in hints.items()}
    # Where annotations are texts, __required_keys__ knows nothing of NotRequired.
    return RowClass({name: name in required and kind is not typing.NotRequired for name, kind in kinds.items()}, dict)


def _of_struct(row: type[Any]) -> RowClass | None:
    """A Struct of msgspec: its defaults are those of its last attributes, and of keyword arguments any."""
    names: tuple[str, ...] | None = getattr(row, "__struct_fields__", None)
    if names is None:
        return None
    from msgspec import NODEFAULT  # noqa: PLC0415 - who has a Struct has imported it

    defaults = row.__struct_defaults__
    without = len(names) - len(defaults)
    required = {name: at < without or defaults[at - without] is NODEFAULT for at, name in enumerate(names)}
    return RowClass(required, row)


def _of_pydantic(row: type[Any]) -> RowClass | None:
    """A model of pydantic, which validates the values, by the names of its attributes, whatever their aliases."""
    fields: dict[str, Any] | None = getattr(row, "__pydantic_fields__", None)
    if fields is None or not hasattr(row, "model_validate"):
        return None

    validate = row.model_validate
    by_name = {"by_name": True, "by_alias": False} if "by_name" in inspect.signature(validate).parameters else {}

    def make(**values: Any) -> Any:
        return validate(values, **by_name)

    return RowClass({name: field.is_required() for name, field in fields.items()}, make)


DESCRIBE = (_of_dataclass, _of_named_tuple, _of_typed_dict, _of_struct, _of_pydantic)
"""Each describes the classes of one kind."""
