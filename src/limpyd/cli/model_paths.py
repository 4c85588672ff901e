"""Models as the command names them: `module:Model`, or `module` for all models of a module."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limpyd.cli.failures import BadUsage
from limpyd.model.core import ModelCore

Model = Any
"""A model of either face."""


def models_named(names: list[str]) -> list[Model]:
    """The models of some names, each once, in their order.

    Raises:
        BadUsage: there is no such module or model.
    """
    found: list[Model] = []
    for name in names:
        found += _named(name)
    return list(dict.fromkeys(found))


def model_named(name: str) -> Model:
    """The one model of a name.

    Raises:
        BadUsage: there is none, or several.
    """
    found = _named(name)
    if len(found) != 1:
        msg = f"{name} has {len(found)} models: {', '.join(each.__name__ for each in found)}; name one as {name}:Model"
        raise BadUsage(msg)
    return found[0]


def module_named(name: str) -> Any:
    """A module, which may be in the current folder.

    Raises:
        BadUsage: it cannot be imported.
    """
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ImportError as error:
        msg = f"the module {name!r} cannot be imported from {folder}: {error}"
        raise BadUsage(msg) from error
    except (ValueError, TypeError) as error:  # a name such as "" or ".x", or a mistake of the module's own
        msg = f"the module {name!r} cannot be imported: {type(error).__name__}: {error}"
        raise BadUsage(msg) from error
    except (Exception, SystemExit) as error:  # a module may raise anything
        msg = f"the module {name!r} raises {type(error).__name__} when it is imported: {error}"
        raise BadUsage(msg) from error


def class_method(model: Model, name: str) -> Callable[..., Any]:
    """A class method of models, also of one that has a field of that name."""
    found = next(vars(base)[name] for base in model.__mro__ if isinstance(vars(base).get(name), classmethod))
    bound: Callable[..., Any] = found.__get__(None, model)
    return bound


def _named(name: str) -> list[Model]:
    module_name, colon, path = name.partition(":")
    module = module_named(module_name)
    if not colon:
        found = [value for value in vars(module).values() if is_model(value)]
        if not found:
            msg = f"{name} has no models; name a module that declares some, or module:Model"
            raise BadUsage(msg)
        return list(dict.fromkeys(found))
    model: Any = module
    for part in path.split("."):
        model = getattr(model, part, None)
    if not is_model(model):
        what = "is abstract, and stores nothing" if _is_class_of_models(model) else "is no model"
        known = ", ".join(key for key, value in vars(module).items() if is_model(value)) or "none"
        msg = f"{name} {what}; the models of {module_name} are: {known}"
        raise BadUsage(msg)
    return [model]


def _is_class_of_models(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, ModelCore)


def is_model(value: Any) -> bool:
    """Returns whether a value is a model that stores objects."""
    return _is_class_of_models(value) and not value.abstract
