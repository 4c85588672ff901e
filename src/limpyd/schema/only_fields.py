"""The fields of which a model has at most one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.fields import ValueField, VersionField


def only_version(fields: Mapping[str, ValueField[Any]]) -> VersionField | None:
    """The VersionField of a model, if it has one.

    Raises:
        DeclarationError: it has two.
    """
    found = [field for field in fields.values() if isinstance(field, VersionField)]
    _refuse_second("VersionField", found)
    return found[0] if found else None


def only_deadline(fields: Mapping[str, ValueField[Any]]) -> ValueField[Any] | None:
    """The DeadlineField of a model, if it has one. Raises as `only_version`."""
    found = [field for field in fields.values() if field.is_deadline]
    _refuse_second("DeadlineField", found)
    return found[0] if found else None


def _refuse_second(kind: str, found: list[Any]) -> None:
    if len(found) > 1:
        msg = f"{found[0].model.name} has two {kind}s: {found[0].name} and {found[1].name}; keep one"
        raise DeclarationError(msg)
