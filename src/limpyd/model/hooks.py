"""The hooks of a model: `__post_init__` runs for each instance, `post_command` after each command.

Models without one do not look at it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.commands.calls import hooked

CONSTRUCTORS = ("_connected", "_lazy", "_empty")
"""The class methods that make instances."""
HASH_COMMANDS = ("hdel", "hgetall", "hkeys", "hlen", "hmget", "hmset", "hvals")
"""The commands of instances, which are those of the hash of their InstanceHashFields."""


def run_hook(model: Any, base: Any) -> None:
    """Has the ways of making instances of a model run `__post_init__`; `base` is the class that they come from."""
    model._is_hooked = True
    for name in CONSTRUCTORS:
        setattr(model, name, _running(getattr(base, name).__func__))


def run_after_commands(model: Any, base: Any) -> None:
    """Has the commands of instances of a model run `post_command`; `base` is the class that they come from."""
    for name in HASH_COMMANDS:
        if getattr(model, name) is getattr(base, name):
            setattr(model, name, hooked(getattr(base, name)))


def _running(make: Callable[..., Any]) -> Any:
    def made(model: Any, *args: Any) -> Any:
        instance = make(model, *args)
        instance.__post_init__()
        return instance

    return classmethod(made)
