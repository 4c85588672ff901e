"""The constraints of a field: they are made when the field joins a model, and new values are checked when encoded.

The kinds of constraints are imported by models that declare one, and by no others.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from limpyd.exceptions import ConstraintError, DeclarationError, shorten


def without_annotations(field: Any, declared: Any) -> Any:
    """Moves the constraints of an Annotated type to those that a field declares; returns the type alone.

    Raises:
        DeclarationError: one is declared twice, or not supported.
    """
    from limpyd.constraints.annotations import without_constraints  # noqa: PLC0415 - see above

    kind, found = without_constraints(declared)
    for name in found.keys() & field.declared_constraints.keys():
        msg = f"{type(field).__name__}: {name} is given as an option and in {declared!r}; leave one out"
        raise DeclarationError(msg)
    field.declared_constraints |= found
    return kind


def constrain(field: Any) -> None:
    """Makes the constraints that a field of a model declares.

    Raises:
        DeclarationError: one does not fit the field.
    """
    from limpyd.constraints.kinds import KINDS  # noqa: PLC0415 - see above

    constraints = []
    for name, declared in field.declared_constraints.items():
        kind = KINDS[name]
        reason = _reason_against(field, name)
        if not reason:
            try:
                constraints.append(kind.declare(kind, field.codec, declared))
            except (ValueError, TypeError) as error:
                reason = str(error)
        if reason:
            msg = f"{field}: {name}={shorten(declared)} does not fit this {type(field).__name__}: {reason}"
            raise DeclarationError(msg)
    field.constraints = tuple(constraints)
    of_values = [each for each in constraints if not each.kind.of_field]
    if of_values:
        field.encode_new = partial(_encode, field, of_values)
        _check_choices(field, of_values)


def _reason_against(field: Any, name: str) -> str:
    """Returns the reason why a field cannot have a constraint of a name; empty if its class can."""
    taken = field.constraints_taken
    if taken is not None and name not in taken:
        others = f"it takes {', '.join(sorted(taken))}" if taken else "it takes no constraints"
        return f"{others}; leave it out"
    if name == "max_members" and not (field.many or field.has_subkeys):
        return "it holds one value; limit the number of members of a SetField, ListField, SortedSetField or HashField"
    return ""


def _check_choices(field: Any, constraints: Any) -> None:
    """Refuses a choice that another constraint of the field does not allow.

    Raises:
        DeclarationError: there is one.
    """
    for value in field.declared_constraints.get("choices", ()):
        try:
            check(field, constraints, field.encode(value))
        except ConstraintError as error:
            msg = f"{field}: its choice {shorten(value)} breaks {error.constraint}; change one of them"
            raise DeclarationError(msg) from None


def _encode(field: Any, constraints: Any, value: Any) -> bytes:
    stored: bytes = field.encode(value)
    check(field, constraints, stored)
    return stored


def check(field: Any, constraints: Any, stored: bytes, pk: str | None = None) -> None:
    """Checks a value in its stored form.

    Raises:
        ConstraintError: it breaks one of the constraints.
    """
    value = field.codec.decode(stored)
    for each in constraints:
        cause: ValueError | None = None
        try:
            if each.kind.passes(stored if each.of_stored else value, each.limit):
                continue
        except ValueError as error:
            cause = error
        reason = "" if cause is None else str(cause)
        raise ConstraintError(field.model.name, field.name, value, str(each), each.demand, pk, reason) from cause
