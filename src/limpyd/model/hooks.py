"""The hook of a model that runs for each instance. Models without one make instances without a look at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WAYS = ("_connected", "_lazy", "_empty")
"""The class methods that make instances."""


def run_hook(model: Any, base: Any) -> None:
    """Has the ways of making instances of a model run `__post_init__`; `base` is the class that they come from."""
    for name in WAYS:
        setattr(model, name, _running(getattr(base, name).__func__))


def _running(make: Callable[..., Any]) -> Any:
    def made(model: Any, *args: Any) -> Any:
        instance = make(model, *args)
        instance.__post_init__()
        return instance

    return classmethod(made)
