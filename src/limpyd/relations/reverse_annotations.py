"""Reverse sides that the body of a class annotates: `posts: Reverse[Post]`."""

from __future__ import annotations

import inspect
import re
from typing import Any, ClassVar, ForwardRef, get_args, get_origin

from limpyd.exceptions import DeclarationError

ANNOTATION = r"""["']?(?P<of_class>(?:\w+\.)*ClassVar\[)?["']?(?:\w+\.)*Reverse\[["']?(?:\w+\.)*(?P<model>\w+)"""


def annotated_reverse(annotation: Any) -> str | None:
    """Returns the name of the class that an annotation says to refer; None if it is of no reverse side."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        found = re.match(ANNOTATION, annotation)
        return found["model"] if found else None
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is ClassVar:
        return annotated_reverse(arguments[0])
    if getattr(origin, "__name__", None) != "Reverse" or not origin.__module__.startswith("limpyd."):
        return None
    (model,) = arguments
    return model.__forward_arg__.rpartition(".")[2] if isinstance(model, ForwardRef) else getattr(model, "__name__", "")


def annotated_reverses(model: Any) -> dict[str, str]:
    """Returns the names of the classes that refer to a model by its annotations, by the names of reverse sides."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not base.__module__.startswith(("limpyd.", "builtins", "typing")):
            for name, annotation in inspect.get_annotations(base).items():
                of = annotated_reverse(annotation)
                if of is not None:
                    found[name] = of
    return found


def check_annotation(field: Any, target: Any, name: str) -> None:
    """Refuses a reverse side that is annotated as that of another model.

    Raises:
        DeclarationError: it is.
    """
    own, said = field.model.model.__name__, annotated_reverses(target).get(name)
    if said not in {None, own}:
        msg = (
            f"{target.__name__}.{name} is annotated as Reverse[{said}], and is the reverse side of {field}: annotate "
            f"it as Reverse[{own}], or give the field another related_name"
        )
        raise DeclarationError(msg)


def check_names(holder: Any, target: Any, accessors: dict[str, Any]) -> None:
    """Refuses annotations of reverse sides of a model that has no such reference.

    Args:
        holder: the model that refers.
        target: the model that it refers to, with the annotations.
        accessors: the references of the holder to the target, by the names of their reverse sides.

    Raises:
        DeclarationError: there is one.
    """
    own = holder.__name__
    for name, said in annotated_reverses(target).items():
        if said == own and name not in accessors:
            has = ", ".join(f"{field} has related_name={other!r}" for other, field in accessors.items())
            msg = (
                f"{target.__name__}.{name} is annotated as Reverse[{own}], but no reference of {own} to "
                f"{target.__name__} has related_name={name!r}; {has}"
            )
            raise DeclarationError(msg)


def missing_reverse(model: Any, name: str) -> str:
    """Returns the reason why an annotated reverse side is not there; empty if it is not annotated."""
    said = annotated_reverses(model).get(name)
    if said is None:
        return ""
    return (
        f": it is annotated as Reverse[{said}], but no model of its database that refers to {model.__name__} with "
        f"related_name={name!r} is declared; import the module that declares {said}"
    )
