"""Setters of a user's own class of fields, where an object is created or updated: what they would store is stored.

All values of an object are one request, so a setter is called on a field that takes down what reaches the library.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any, Never

from limpyd.exceptions import UnsupportedCommand, shorten
from limpyd.fields.declaration.custom import bound_class, users_classes, usual_bound_class
from limpyd.operands import Operand

OF_MEMBERS, OF_MAPPINGS = frozenset({"rpush", "sadd"}), frozenset({"hmset", "zadd"})
"""The setters of fields of many members, and of those of mappings."""
OPTIONS = frozenset({"nx", "xx", "gt", "lt", "ch", "incr"})
"""The options of ZADD, besides scores."""


def has_own_setter(field: Any) -> bool:
    """Returns whether a value for the field goes through a method of a class of the user's."""
    users = users_classes(type(field))
    if not users:
        return False
    names = {"proxy_set", "proxy_setter", *_stores(_usual_bound(field))}
    return any(names & vars(each).keys() for each in users)


def with_own_setters(schema: Any, values: Mapping[str, Any], *, defaults: bool = True) -> Mapping[str, Any]:
    """The values as the setters of the fields store them; those of fields without a setter of their own as they are.

    Args:
        schema: the model.
        values: the values, by field.
        defaults: whether the defaults of fields that are not given are set, too.

    Raises:
        UnsupportedCommand: a setter does more than store a value.
    """
    result = dict(values)
    if defaults:
        missing = (each for each in schema.own_setters if each.name not in result and each.name in schema.value_fields)
        result |= {field.name: field.default_value() for field in missing}
    for name, value in list(result.items()):
        field = _field(schema, name)
        if value is not None and field is not None and has_own_setter(field):
            stored = result[name] = _set(schema, field, value)
            if stored is None and not defaults:  # else the value that is there would be removed
                del result[name]
    return result


def _field(schema: Any, name: str) -> Any:
    return schema.value_fields.get(name, None if name in schema.settable else schema.dynamic.version(name))


def _set(schema: Any, field: Any, value: Any) -> Any:
    """Returns the value that the setter of a field would store; None if it stores nothing."""
    if isinstance(value, Operand):
        kind = type(field).__name__
        msg = f"{field}: the server computes {value!r}, and cannot run the setter of {kind}; read the value, and set it"
        raise UnsupportedCommand(msg)
    bound = bound_class(type(field).__mro__[1], _recording(_usual_bound(field)))(field, _Unsaved(schema, field))
    bound.recorded = []
    result = bound.proxy_set(value)
    if inspect.iscoroutine(result):
        _finish(result, field)
    calls = bound.recorded
    if not calls:
        return None
    setter = bound.usual_setter
    if setter in OF_MEMBERS:
        return [member for args, _ in calls for member in args]
    if setter in OF_MAPPINGS:
        return {name: each for args, given in calls for part in (*args, given) for name, each in part.items()}
    return calls[-1][0][0]


def _usual_bound(field: Any) -> Any:
    """The class of bound fields of the library that a field binds to."""
    kind: Any = type(field)
    return usual_bound_class(kind)


def _stores(bound: Any) -> set[str]:
    """The methods of the library that store a value."""
    return {name for name in (bound.proxy_setter, "set") if hasattr(bound, name)}


@functools.cache
def _recording(bound: Any) -> Any:
    """A class of bound fields that takes down what it is to store."""
    usual = {"usual_setter": bound.proxy_setter}
    return type(bound.__name__, (bound,), {name: _recorder(name) for name in _stores(bound)} | usual)


def _recorder(name: str) -> Any:
    def record(self: Any, *args: Any, **kwargs: Any) -> Any:
        setter, options = self.usual_setter, kwargs.keys() & OPTIONS
        if setter not in OF_MEMBERS | OF_MAPPINGS:  # it takes one value, which may be given by its name
            options = kwargs.keys() - {"value"}
            args = (*args, *(kwargs[each] for each in kwargs if each == "value"))
        if options or (setter not in OF_MAPPINGS and not args):
            shown = [*map(shorten, args), *(f"{each}={shorten(kwargs[each])}" for each in kwargs)]
            raise _refusal(self._field, f"calls {name}({', '.join(shown)})")
        self.recorded.append((args, kwargs))
        result = len(args) if setter in OF_MEMBERS else True
        return _Done(result) if self._instance.awaits else result

    return record


class _Done:
    """A result that is there, and can be awaited."""

    def __init__(self, result: Any) -> None:
        self._result = result

    def __await__(self) -> Any:
        return self._result
        yield


class _Unsaved:
    """Stands for the object that is being created, of which nothing can be asked yet."""

    def __init__(self, schema: Any, field: Any) -> None:
        self._model, self._field = schema.model, field
        self.awaits: bool = schema.model._awaits

    def __getattr__(self, name: str) -> Never:
        raise _refusal(self._field, "reads from the object or the server")

    def __repr__(self) -> str:
        return f"<{self._model.__name__} that is being stored>"


def _refusal(field: Any, what: str) -> UnsupportedCommand:
    kind = type(field).__name__
    return UnsupportedCommand(
        f"{field}: while an object is created or updated, a setter of {kind} can only store a value, but this one "
        f"{what}; leave out {field.name} there, and set it afterwards with a command of the field"
    )


def _finish(coroutine: Any, field: Any) -> None:
    """Runs a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise _refusal(field, "waits for something")
