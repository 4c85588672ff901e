"""The classes that `rows` takes, and the creation of their instances from values."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from limpyd.exceptions import InvalidFilter, UnknownField, shorten
from limpyd.keys import to_text
from limpyd.query.results.ambiguous_replies import refused
from limpyd.query.results.columns import Column, columns_of, reads
from limpyd.query.results.projections import RowProjection
from limpyd.query.results.row_factories import object_maker
from limpyd.query.results.unreadable_values import readable_rows
from limpyd.requests.request import IncompleteReply

KINDS = "a dataclass, a NamedTuple, a TypedDict, a msgspec Struct or a pydantic model"


class RowClass(NamedTuple):
    """A class of rows.

    Attributes:
        names: the names of its attributes, and whether each is required.
        make: makes an object of values by name.
    """

    names: dict[str, bool]
    make: Callable[..., Any]


class Objects(RowProjection):
    """Instances of a class, created from values by name.

    Args:
        model: the model of the values.
        row: the class.
        make: makes one of them.
        columns: the values.
    """

    def __init__(self, model: Any, row: type[Any], make: Callable[..., Any], columns: Sequence[Column]) -> None:
        super().__init__(columns, partial(object_maker, make, [column.name for column in columns]))
        self._model = model
        self._row = row
        self.asked = ("_rows", row)

    @property
    def text(self) -> str:
        return f".rows({getattr(self._row, '__name__', self._row)})"

    def read(self, replies: list[Any]) -> list[Any]:
        """The items. If the class refuses the values of an object, the error names it, or `errors` leaves it out."""
        try:
            return super().read(replies)
        except IncompleteReply:
            raise
        except Exception as error:  # whatever the class raises
            if self.errors == "skip" and isinstance(error, ValueError):
                return list(self._accepted(replies))
            raise refused(self.columns, error, self._refuse_row) from error

    def _accepted(self, replies: list[Any]) -> Iterator[Any]:
        for row in readable_rows(self.columns, replies, "skip"):
            try:
                yield from self._of_values([row])
            except ValueError:
                continue

    def _refuse_row(self, pk: bytes, replies: Sequence[Any]) -> None:
        """Raises what the class raises for the values of an object, with a note that names the object."""
        try:
            self._of_values(list(readable_rows(self.columns, replies, self.errors)))
        except Exception as error:
            error.add_note(f"the values are those of {self._model.name}({to_text(pk)!r})")
            raise


def row_projection(model: Any, row: Any) -> Objects:
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
        msg = f"{model.name}: {row.__name__} needs {', '.join(missing) or 'fields'}, which {model.name} does not have"
        raise UnknownField(msg)
    return Objects(model, row, found.make, columns_of(model, names, scored=False))


def _of_constructor(row: type[Any]) -> RowClass | None:
    """A dataclass or a NamedTuple, by the parameters of its constructor."""
    if not dataclasses.is_dataclass(row) and not (issubclass(row, tuple) and hasattr(row, "_fields")):
        return None
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(row).parameters.values()
    return RowClass({each.name: each.default is each.empty for each in parameters if each.kind in named}, row)


def _of_typed_dict(row: type[Any]) -> RowClass | None:
    if not typing.is_typeddict(row):
        return None
    try:
        hints = typing.get_type_hints(row, include_extras=True)
    except NameError:  # of a class within a function
        hints = row.__annotations__
    required: frozenset[str] = row.__required_keys__
    return RowClass({name: _is_required(hint, default=name in required) for name, hint in hints.items()}, dict)


def _is_required(hint: Any, *, default: bool) -> bool:
    """Returns whether a key is required: where annotations are texts, `__required_keys__` ignores their qualifiers."""
    if isinstance(hint, typing.ForwardRef):
        qualifier = hint.__forward_arg__.partition("[")[0].rpartition(".")[2]
        return {"Required": True, "NotRequired": False}.get(qualifier, default)
    return {typing.Required: True, typing.NotRequired: False}.get(typing.get_origin(hint), default)


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
    """A model of pydantic, which validates the values: each is that of the attribute's name, and given by its alias."""
    fields: dict[str, Any] | None = getattr(row, "__pydantic_fields__", None)
    if fields is None or not hasattr(row, "model_validate"):
        return None

    validate = row.model_validate
    aliases = {name: alias for name, field in fields.items() if isinstance(alias := field.validation_alias, str)}
    # Names as well, for aliases of other kinds; and aliases in any case, which models in JSON values may have too.
    accepted = {"by_name": True, "by_alias": True} if "by_name" in inspect.signature(validate).parameters else {}

    def make(**values: Any) -> Any:
        return validate({aliases.get(name, name): value for name, value in values.items()}, **accepted)

    return RowClass({name: field.is_required() for name, field in fields.items()}, make)


DESCRIBE = (_of_constructor, _of_typed_dict, _of_struct, _of_pydantic)
"""Each describes the classes of one kind."""
