"""Fields of a user's own class: its methods are commands of its bound fields, and `post_command` runs after each.

A field declaration and a field bound to an instance are two objects. The methods that a subclass of a field adds are
meant for the bound field. So the bound field gets a class of its own, which looks methods up in the user's classes
before those of the library, and `super()` works in both of its forms.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, cast

from limpyd.commands.calls import hooked
from limpyd.exceptions import DeclarationError, shorten
from limpyd.utils.conversion import OF_FIELD

OWN = "limpyd."
COMMAND_LISTS = frozenset({"_commands_to_proxy", "available_getters", "available_modifiers"})
"""The attributes in which limpyd 2 names commands to be made."""
OF_ANY_CLASS = frozenset({*vars(type("", (), {"__annotations__": {}})), "__parameters__", "__orig_bases__"})
"""The names in the body of a class that adds nothing."""
OF_DECLARATIONS = frozenset({"__init__", "__new__", "__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__"})
"""Special methods that declarations and bound fields each have for themselves."""


def custom_class(field: Any, model: Any) -> type[Any] | None:
    """The class of a model's field that binds to a class of its own; None if the usual one does.

    Args:
        field: the field.
        model: the class of the model.
    """
    kind = type(field)
    users = users_classes(kind)
    for each in users:
        _refuse_without_effect(field, each)
        _refuse_no_command(field, each, awaits=model._awaits)
    _refuse_no_proxy(field, users)
    _refuse_unawaited(model.__name__, "post_command", getattr(model, "post_command", None))
    hooks = hasattr(model, "post_command") or any("post_command" in vars(each) for each in users)
    if not hooks and not any(vars(each).keys() - OF_ANY_CLASS for each in users):
        return None
    return _customized(cast("Any", kind), hooks)


def users_classes(kind: type[Any]) -> list[type[Any]]:
    """The classes of a field that are not of the library, in the order in which methods are looked for."""
    return [each for each in kind.__mro__ if not each.__module__.startswith((OWN, "typing")) and each is not object]


@functools.cache
def bound_class(kind: Any, bound: Any, hooks: bool = False) -> type[Any]:
    """The class of bound fields with the methods of a class of fields before those of the library.

    Args:
        kind: the class of fields.
        bound: the class that such fields would bind to otherwise.
        hooks: whether `post_command` runs after each command.
    """
    users = users_classes(kind)
    if hooks:
        bound = type(bound.__name__, (bound,), _hooked_commands(bound))
    special = {name: getattr(bound, name, None) for each in users for name in vars(each) if name in OF_DECLARATIONS}
    body = {**special, "__getattr__": _from_field, "__dir__": _names, "__doc__": kind.__doc__, "_users_classes": users}
    return _WithUsersMethods(kind.__name__, (bound,), body)


class _WithUsersMethods(type):
    """The class of a class that looks for methods in those of a user, before its base class."""

    def mro(cls) -> list[type]:
        mro = super().mro()
        return [mro[0], *vars(cls).get("_users_classes", ()), *mro[1:]]


@functools.cache
def usual_bound_class(kind: Any) -> Any:
    """The class of bound fields of the library that a class of fields binds to."""
    users = users_classes(kind)
    usual: Any = next(each for each in kind.__mro__ if each not in users and each.__module__ != __name__)
    return type(usual.__get__(object.__new__(usual), object()))


def _refuse_without_effect(field: Any, users: type[Any]) -> None:
    """Refuses attributes by which limpyd 2 declares commands, and which have no effect here.

    Raises:
        DeclarationError: there is such a thing.
    """
    if vars(users).get("__slots__"):
        msg = f"{field}: {users.__name__} has __slots__, which a class of fields cannot have; leave them out"
        raise DeclarationError(msg)
    if "normalize" in vars(users) and hasattr(field, "mints"):
        msg = (
            f"{field}: {users.__name__}.normalize has no effect: a primary key is read as text; convert it where it "
            f"is used, such as int(instance.pk.get())"
        )
        raise DeclarationError(msg)
    for name in vars(users):
        if name in COMMAND_LISTS or name.startswith("_call_"):
            command = name.removeprefix("_call_") if name.startswith("_call_") else "…"
            msg = (
                f"{field}: {users.__name__}.{name} has no effect: a command of a field is a method of its class, "
                f"`def {command}(self, …)`, which calls the library's method as super().{command}(…)"
            )
            raise DeclarationError(msg)


def _refuse_no_command(field: Any, users: type[Any], *, awaits: bool) -> None:
    """Refuses attributes with the name of a command that are not a command.

    Raises:
        DeclarationError: there is such a thing.
    """
    kind: Any = type(field)
    bound = usual_bound_class(kind)
    for name, value in vars(users).items():
        if name != "post_command" and getattr(getattr(bound, name, None), "describe", None) is None:
            continue
        function = getattr(value, "__func__", value)
        if name == "post_command":
            _refuse_unawaited(f"{field}: {users.__name__}", name, function)
        if not callable(function) and not hasattr(value, "__get__"):
            reason = f"is {shorten(value)}, and would replace a method of the library; give it another name"
        elif inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            reason = "yields, so that calling it does nothing; a command returns its result"
        elif inspect.iscoroutinefunction(function) and not awaits:
            reason = "is a coroutine function, which only fields of an AsyncRedisModel may have; write it with def"
        else:
            continue
        msg = f"{field}: {users.__name__}.{name} {reason}"
        raise DeclarationError(msg)


def _refuse_unawaited(owner: str, name: str, function: Any) -> None:
    if inspect.iscoroutinefunction(function):
        msg = f"{owner}.{name} is a coroutine function, but nothing awaits it; write it with def"
        raise DeclarationError(msg)


def _refuse_no_proxy(field: Any, users: list[type[Any]]) -> None:
    """Refuses a `proxy_setter` or `proxy_getter` that names no method.

    Raises:
        DeclarationError: there is one.
    """
    kind: Any = type(field)
    for each in users:
        for name in vars(each).keys() & {"proxy_getter", "proxy_setter"}:
            named = vars(each)[name]
            if not (isinstance(named, str) and (hasattr(kind, named) or hasattr(usual_bound_class(kind), named))):
                msg = (
                    f"{field}: {each.__name__}.{name} is {shorten(named)}, which is not the name of a method of "
                    "the field"
                )
                raise DeclarationError(msg)


@functools.cache
def _customized(kind: Any, hooks: bool) -> type[Any]:
    def bind(self: Any, instance: Any, owner: Any = None) -> Any:
        bound = kind.__get__(self, instance, owner)
        if instance is None:
            return bound
        customized = bound_class(kind, cast("Any", type(bound)), hooks)(self, instance)
        OF_FIELD.add_to(customized)
        return customized

    return type(kind.__name__, (kind,), {"__get__": bind, "__module__": __name__, "__doc__": kind.__doc__})


def _from_field(self: Any, name: str) -> Any:
    """Looks in the declaration for attributes that a bound field lacks, such as its name or an option of the user's."""
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(self._field, name)


def _names(self: Any) -> list[str]:
    return sorted({*object.__dir__(self), *(name for each in self._users_classes for name in vars(each))})


def _hooked_commands(bound: Any) -> dict[str, Any]:
    """The commands of a class of bound fields, each followed by `post_command`."""
    commands: dict[str, Any] = {"post_command": _post_command}
    for name in dir(bound):
        command = getattr(bound, name, None)
        if getattr(command, "describe", None) is not None:
            commands[name] = hooked(command)
    return commands


def _post_command(self: Any, sender: Any, name: str, result: Any, args: Any, kwargs: Any) -> Any:
    """Passes the result of a command to the model's `post_command`, if it has one."""
    after = getattr(self._instance, "post_command", None)
    if after is None:
        return result
    return after(sender=sender, name=name, result=result, args=args, kwargs=kwargs)
