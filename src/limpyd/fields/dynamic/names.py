"""The names of the versions of a dynamic field: the part of a name, and the name for a part."""

from __future__ import annotations

import re
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.expressions import SEPARATOR

SIMPLE = re.compile(r"\^?(?P<before>\w*)\((?!\?)(?:[^()\\]|\\.)+\)(?P<after>\w*)\$?")
"""A pattern that is plain text around one group, so that the format of names follows from it."""
PLACE = "%s"
"""The mark of the part in a format."""


class VersionNames:
    """The names of the versions of a field.

    Args:
        field: the name of the field.
        pattern: a regular expression that names match as a whole; its first group is the part.
        format: how a name is made of a part, which takes the place of `%s`.

    Raises:
        DeclarationError: the pattern has no group for the part, or the format no place; or it does not follow from the
            pattern.
    """

    def __init__(self, field: str, pattern: Any, format: Any) -> None:
        if pattern is None:
            format = f"{field}_{PLACE}" if format is None else format  # noqa: A001
            before, _, after = str(format).partition(PLACE)
            pattern = f"(?s){re.escape(before)}(.+){re.escape(after)}"
        try:
            self.pattern = re.compile(pattern)
        except (re.error, TypeError) as error:
            msg = f"{field}: the pattern {pattern!r} is not a regular expression for text: {error}"
            raise DeclarationError(msg) from error
        text = self.pattern.pattern
        if not isinstance(text, str) or not self.pattern.groups:
            msg = f"{field}: the pattern {text!r} needs a group for the part, such as '{field}_(.+)'"
            raise DeclarationError(msg)
        if format is None:
            simple = SIMPLE.fullmatch(text)
            if simple is None:
                msg = f"{field}: limpyd cannot build names from the pattern {text!r}; add format='…{PLACE}…'"
                raise DeclarationError(msg)
            format = f"{simple['before']}{PLACE}{simple['after']}"  # noqa: A001
        if not isinstance(format, str) or format.count(PLACE) != 1 or format.count("%") != 1:
            msg = f"{field}: the format {format!r} needs '{PLACE}' once, where the part goes, and no other '%'"
            raise DeclarationError(msg)
        self.format = format

    def accepts(self, name: str) -> bool:
        """Returns whether a name matches the pattern."""
        return self.pattern.fullmatch(name) is not None

    def part_of(self, name: str) -> str | None:
        """The part in a name; None if it does not match the pattern."""
        match = self.pattern.fullmatch(name)
        return None if match is None else match[1]

    def name_for(self, part: str) -> str:
        """The name that a part makes."""
        return self.format.replace(PLACE, part)

    def reason_against(self, part: str) -> str:
        """Returns the reason why there can be no version for a part; empty if there can."""
        name = self.name_for(part)
        if not part:
            return "a part cannot be empty"
        if "\0" in part:
            return "it contains a NUL, which marks the position of a part in keys"
        try:
            part.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            return f"it is not text that can be stored: {error}"
        if SEPARATOR in name:
            return f"{name!r} contains two underscores, which separate a field from an operator in filters"
        if name[0] in "-_":
            return (
                f"{name!r} begins with {name[0]!r}, which means descending order, or a name that is reserved for "
                "the library"
            )
        if self.part_of(name) != part:
            return f"the pattern {self.pattern.pattern!r} does not find this part in the name {name!r}"
        return ""
