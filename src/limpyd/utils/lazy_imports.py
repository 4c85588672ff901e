"""Packages some of whose names are imported when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from typing import Any


def imported_on_use(package: str, names: Collection[str], *modules: str) -> Callable[[str], Any]:
    """Returns the `__getattr__` of a package that has names of other modules.

    Args:
        package: the name of the package.
        names: the public names of the package.
        modules: the modules in which those are that the package does not import itself.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 - the name that it gets in the package
        if name in names:
            for module in map(import_module, modules):
                if hasattr(module, name):
                    return getattr(module, name)
        msg = f"module {package!r} has no attribute {name!r}"
        raise AttributeError(msg)

    return __getattr__
