"""The constraints of a field: compiled when the model is declared, and checked when new values are encoded.

Only a model that declares a constraint imports the kinds of constraints.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from limpyd.commands.table import COMPUTING, REMOVING
from limpyd.exceptions import ConstraintError, DeclarationError, InvalidValue, UnsupportedCommand, shorten
from limpyd.fields.declaration.dynamic_version import MayBeVersion
from limpyd.keys import to_bytes, to_text
from limpyd.lua.arguments import IndexRow
from limpyd.requests.step_results import StepArgument


def without_annotations(field: Any, declared: Any) -> Any:
    """Adds the constraints of an Annotated type to those of the field's options; returns the type alone.

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
    """Compiles the constraints that a field of a model declares.

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
    _check_limits(field, {each.kind.name: each.limit for each in constraints})
    field.constraints = tuple(sorted(constraints, key=lambda each: not each.kind.of_field))
    name = to_bytes(_declared(field).name)
    field.required = "required" in field.declared_constraints
    field.constraint_rows = tuple(
        IndexRow(each.row_name, b"text", name + b" " + each.argument)
        for each in field.constraints
        if each.argument is not None
    )
    of_values = [each for each in constraints if not each.kind.of_field]
    if of_values:
        field.encode_new = partial(_encode, field, of_values)
        _check_choices(field, of_values)


def _declared(field: Any) -> Any:
    """Returns the field that a model declares: the dynamic one if this is a version of it, else this one."""
    return (field.version_of or field.template_of if isinstance(field, MayBeVersion) else None) or field


def _reason_against(field: Any, name: str) -> str:
    """Returns the reason why a field cannot have a constraint of a name; empty if its class can."""
    taken = field.constraints_taken
    if taken is not None and name not in taken:
        others = f"it takes {', '.join(sorted(taken))}" if taken else "it takes no constraints"
        return f"{others}; leave it out"
    if name == "max_members" and not (field.many or field.has_subkeys):
        return "it holds one value; limit the number of members of a SetField, ListField, SortedSetField or HashField"
    return ""


def _check_limits(field: Any, limits: Mapping[str, Any]) -> None:
    """Checks the limits of a field against each other.

    Raises:
        DeclarationError: no value satisfies two of them.
    """
    for low, high in (("ge", "le"), ("ge", "lt"), ("gt", "le"), ("gt", "lt"), ("min_length", "max_length")):
        if low not in limits or high not in limits:
            continue
        both_included = low != "gt" and high != "lt"
        if limits[low] > limits[high] or (limits[low] == limits[high] and not both_included):
            declared = field.declared_constraints
            msg = (
                f"{field}: no value satisfies {low}={declared[low]!r} and {high}={declared[high]!r}; change one of them"
            )
            raise DeclarationError(msg)


def _check_choices(field: Any, constraints: Any) -> None:
    """Checks the choices against the other constraints of the field.

    Raises:
        DeclarationError: a choice breaks one of them.
    """
    for value in field.declared_constraints.get("choices", ()):
        try:
            check(field, constraints, field.encode(value))
        except ConstraintError as error:
            msg = f"{field}: its choice {shorten(value)} breaks {error.constraint}; change one of them"
            raise DeclarationError(msg) from None


def _encode(field: Any, constraints: Any, value: Any) -> bytes:
    stored: bytes = field.encode(value)
    if type(stored) is StepArgument:  # the script checks it
        _refuse_result(field, constraints)
        return stored
    check(field, constraints, stored)
    return stored


def _refuse_result(field: Any, constraints: Any) -> None:
    """Refuses the result of an earlier step of a transaction as a value, if only Python can check a constraint.

    Raises:
        InvalidValue: the field has such a constraint.
    """
    for each in constraints:
        if each.argument is None:
            msg = (
                f"{field} has {each}, which only Python can check, so no result of an earlier operation can be its "
                f"value; give a value that is known, or declare the field without {each.kind.name}"
            )
            raise InvalidValue(msg)


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
        except Exception as error:
            of = "" if pk is None else f" of {field.model.name}({shorten(pk)})"
            error.add_note(f"raised by {each} for the value {shorten(value)} of {field}{of}")
            raise
        reason = "" if cause is None else str(cause)
        raise ConstraintError(field.model.name, field.name, value, str(each), each.demand, pk, reason) from cause


def has_size(field: Any) -> bool:
    """Returns whether the number of members of a field, or of its values, has a constraint."""
    return any(each.kind.of_field for each in field.constraints)


def check_count(field: Any, count: int) -> None:
    """Checks the number of members of a new value.

    Raises:
        ConstraintError: there are too many, or none, and the field is required.
    """
    for each in field.constraints:
        if each.kind.name == "required" and not count:
            raise broken(field, "required", None, None)
        if each.kind.name == "max_members" and count > each.limit:
            raise broken(field, "max_members", b"%d" % count, None)


def broken(field: Any, name: str, stored: bytes | None, pk: bytes | None, reason: str = "") -> ConstraintError:
    """The error for a stored value, or a number of members, that breaks the constraint of a name.

    Args:
        field: the field.
        name: the name of the constraint.
        stored: the value or the number; None if a required value is missing.
        pk: the primary key of the object, if it is known.
        reason: more about the cause, for messages.
    """
    (constraint,) = (each for each in field.constraints if each.kind.name == name)
    value: Any = stored
    if stored is not None and not constraint.kind.of_field:
        try:
            value = field.codec.decode(stored)
        except (ValueError, OverflowError):
            value = stored
    elif stored is not None:
        value = int(stored)
    text = None if pk is None else to_text(pk)
    return ConstraintError(field.model.name, field.name, value, str(constraint), constraint.demand, text, reason)


def has_to_check(field: Any, command: str) -> bool:
    """Returns whether the server has to check the value, or the number of members, after a command.

    Raises:
        UnsupportedCommand: only Python could check the value.
    """
    if command in COMPUTING:
        _refuse_unknown(field, command, [each for each in field.constraints if not each.kind.of_field])
        return bool(field.constraint_rows)
    if field.many or field.has_subkeys:
        return has_size(field)
    return command in REMOVING and has_size(field)


def refuse_values_of(field: Any, command: str, sources: Any) -> None:
    """Refuses a command that stores values of other fields, if these could break a constraint that only Python checks.

    Values of a field with the same constraint are accepted, because they have been checked.

    Raises:
        UnsupportedCommand: another field lacks a constraint that only Python checks.
    """
    of_sources = [] if command in COMPUTING else sources  # else the new value is one of theirs
    known = [
        {(each.kind, each.declared) for each in source.constraints if each.argument is None} for source in of_sources
    ]
    _refuse_unknown(
        field,
        command,
        [each for each in field.constraints if not known or any((each.kind, each.declared) not in of for of in known)],
    )


def _refuse_unknown(field: Any, command: str, constraints: Any) -> None:
    for each in constraints:
        if each.argument is None:
            msg = (
                f"{field} has {each}, which only Python can check, and {command} makes its values on the server; write "
                f"a value that you know, or declare the field without {each.kind.name}"
            )
            raise UnsupportedCommand(msg)
