"""Packages some of whose names are imported when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def imported_on_use(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Returns the `__getattr__` and the `__dir__` of a package that has names of other modules.

    Args:
        package: the name of the package.
        modules: those names, by the full names of the modules that have them. A module that is in the package is an
            attribute of it, too.
    """
    found_in = {name: module for module, names in modules.items() for name in names}

    def get(name: str) -> Any:
        if name in found_in:
            return getattr(import_module(found_in[name]), name)
        if f"{package}.{name}" in modules:
            return import_module(f"{package}.{name}")
        msg = f"module {package!r} has no attribute {name!r}"
        raise AttributeError(msg)

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *found_in})

    return get, names
