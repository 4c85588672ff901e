"""Pickling of models, fields and queries: by the names under which another process finds their classes."""

from __future__ import annotations

import sys
from typing import Any, NoReturn, Self


class ByAttributes:
    """Something that is pickled, and copied, by what its slots hold; by any protocol."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        names = [name for base in type(self).__mro__ for name in vars(base).get("__slots__", ())]
        return _with_attributes, (type(self), {name: getattr(self, name) for name in names})


class Unchanging:
    """Something that does not change, so it is its own copy."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: Any) -> Self:
        return self


def _with_attributes(kind: type[Any], attributes: dict[str, Any]) -> Any:
    made = object.__new__(kind)
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def schema_of(model: Any) -> Any:
    """The schema of a model."""
    return model._schema


def field_of(schema: Any, name: str) -> Any:
    """A field of a schema, by its name; also a dynamic one, or a version of one."""
    return schema.dynamic.get(name) or schema.field(name)


def check_importable(model: type[Any]) -> None:
    """Refuses a class that another process does not find by its name.

    Raises:
        PicklingError: it is local to a function, or its name is that of something else.
    """
    found: Any = sys.modules.get(model.__module__)
    for part in model.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is not model:
        msg = (
            f"{model.__name__} cannot be pickled: another process would look for {model.__qualname__} in the "
            f"module {model.__module__}, where it does not exist; declare the model at the top level of a module"
        )
        from pickle import PicklingError  # noqa: PLC0415 - who pickles has imported it

        raise PicklingError(msg)


def not_sent(what: object, instead: str) -> NoReturn:
    """Refuses to pickle, or to copy, what makes sense in this process only.

    Raises:
        TypeError: always.
    """
    msg = f"{what!r} is neither pickled nor copied: {instead}"
    raise TypeError(msg)
