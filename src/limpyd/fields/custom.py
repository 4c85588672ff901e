"""Fields of a user's own class: its methods are commands of its bound fields, and `post_command` runs after each.

A declaration and what is bound to an instance are two objects. What a subclass of a field defines beside the
declaration is meant for the second one, so that one gets a class of its own, with those methods.
"""

from __future__ import annotations

import functools
from types import CellType, FunctionType
from typing import Any, cast

from limpyd.commands import hooked
from limpyd.exceptions import DeclarationError

OWN = "limpyd."
COMMAND_LISTS = frozenset({"_commands_to_proxy", "available_getters", "available_modifiers"})
"""Where limpyd 2 names commands to be made."""


def custom_class(field: Any, model: Any) -> type[Any] | None:
    """The class of a model's field that binds to a class of its own; None if the usual one does.

    Args:
        field: the field.
        model: the class of the model.
    """
    kind = type(field)
    _refuse_lists_of_commands(field, kind)
    users = [each for each in kind.__mro__ if not each.__module__.startswith(OWN) and each is not object]
    hooks = hasattr(model, "post_command") or any("post_command" in vars(each) for each in users)
    usual = next(each for each in kind.__mro__ if each.__module__.startswith(OWN))
    if not hooks and not any(_methods(each, usual) for each in users):
        return None
    return _customized(cast("Any", kind), hooks)


def _refuse_lists_of_commands(field: Any, kind: type[Any]) -> None:
    """Refuses what limpyd 2 reads to make commands, and nothing here does.

    Raises:
        DeclarationError: there is such a thing.
    """
    for each in kind.__mro__:
        for name in () if each.__module__.startswith(OWN) else vars(each):
            if name in COMMAND_LISTS or name.startswith("_call_"):
                command = name.removeprefix("_call_") if name.startswith("_call_") else "…"
                msg = (
                    f"{field}: {each.__name__}.{name} has no effect: a command of a field is a method of its class, "
                    f"`def {command}(self, …)`, which calls the one of the library as super().{command}(…)"
                )
                raise DeclarationError(msg)


@functools.cache
def _customized(kind: Any, hooks: bool) -> type[Any]:
    def bind(self: Any, instance: Any, owner: Any = None) -> Any:
        bound = kind.__get__(self, instance, owner)
        return bound if instance is None else _bound_class(kind, cast("Any", type(bound)), hooks)(self, instance)

    return type(kind.__name__, (kind,), {"__get__": bind, "__module__": f"{OWN}fields.custom", "__doc__": kind.__doc__})


@functools.cache
def _bound_class(kind: Any, bound: Any, hooks: bool) -> type[Any]:
    """The class of bound fields with the methods of a class of fields, and of its bases up to those of the library."""
    usual = next(each for each in kind.__mro__ if each.__module__.startswith(OWN))
    made = type(bound.__name__, (bound,), _hooked_commands(bound) if hooks else {})
    made.__getattr__ = _from_field  # type: ignore[attr-defined]
    for each in reversed(kind.__mro__):
        methods = {} if each is object or each.__module__.startswith(OWN) else _methods(each, usual, bound)
        if methods:
            made = type(each.__name__, (made,), {"__doc__": each.__doc__})
            for name, method in methods.items():
                setattr(made, name, _moved(method, made))
    return made


def _methods(kind: Any, usual: Any, bound: Any = None) -> dict[str, Any]:
    """What a class of fields defines beside what all declarations have."""
    return {
        name: value
        for name, value in vars(kind).items()
        if (callable(value) or isinstance(value, property | functools.cached_property | classmethod | staticmethod))
        and not name.startswith("__")
        and (not hasattr(usual, name) or hasattr(bound, name))
        and not isinstance(value, type)
    }


def _from_field(self: Any, name: str) -> Any:
    """What a bound field has not is looked for in its declaration, such as its name or an option of the user's."""
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(self._field, name)


def _moved(method: Any, made: type[Any]) -> Any:
    """A method as one of another class, so that `super()` within it means the bases of that one."""
    if isinstance(method, property):
        return property(*(None if each is None else _moved(each, made) for each in (method.fget, method.fset)))
    if isinstance(method, classmethod | staticmethod):
        return type(method)(_moved(method.__func__, made))
    if not isinstance(method, FunctionType) or "__class__" not in method.__code__.co_freevars:
        return method
    cells = dict(zip(method.__code__.co_freevars, method.__closure__ or (), strict=True))
    cells["__class__"] = CellType(made)
    moved = FunctionType(
        method.__code__, method.__globals__, method.__name__, method.__defaults__, tuple(cells.values())
    )
    moved.__kwdefaults__ = method.__kwdefaults__
    return functools.update_wrapper(moved, method)


def _hooked_commands(bound: Any) -> dict[str, Any]:
    """The commands of a class of bound fields, each followed by `post_command`."""
    commands: dict[str, Any] = {"post_command": _post_command}
    for name in dir(bound):
        command = getattr(bound, name, None)
        if getattr(command, "describe", None) is not None:
            commands[name] = hooked(command)
    return commands


def _post_command(self: Any, sender: Any, name: str, result: Any, args: Any, kwargs: Any) -> Any:
    """Passes what a command gave on to the model's `post_command`, if it has one."""
    after = getattr(self._instance, "post_command", None)
    if after is None:
        return result
    return after(sender=sender, name=name, result=result, args=args, kwargs=kwargs)
