"""Lua files, and the directives that stand in them (see lua/linker.py)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from limpyd.utils.cached_properties import cached_property

DIRECTIVE = r"(?m)^[ \t]*-- @(\w+)\b(.*)\n"
PROVIDES = r"(?m)^-- @provides (.*)$"


class Piece(NamedTuple):
    """A part of a Lua file: its text, and the directive behind that, if there is one."""

    text: str
    directive: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class LuaPart:
    """A Lua file, as the linker sees it. Threads that link at the same time may each have read it.

    Attributes:
        label: which file that is.
        text: what stands in it.
    """

    label: str
    text: str

    @cached_property
    def pieces(self) -> list[Piece]:
        """Its text, in pieces that end where a directive stands."""
        pieces: list[Piece] = []
        start = 0
        for found in re.finditer(DIRECTIVE, self.text):
            piece = Piece(self.text[start : found.start()], found[1], tuple(found[2].split()))
            if pieces and not piece.text and piece.directive == pieces[-1].directive:
                piece = Piece(pieces[-1].text, piece.directive, pieces.pop().names + piece.names)
            pieces.append(piece)
            start = found.end()
        pieces.append(Piece(self.text[start:]))
        return pieces

    @cached_property
    def provides(self) -> list[str]:
        """The names that it provides."""
        return [name for line in re.findall(PROVIDES, self.text) for name in line.split()]

    @cached_property
    def optional(self) -> frozenset[str]:
        """The parts of the library to which it belongs, and without which scripts may be linked."""
        return frozenset(self.names("optional"))

    @property
    def directives(self) -> set[str]:
        """The directives that stand in it."""
        return {piece.directive for piece in self.pieces}

    def names(self, directive: str) -> list[str]:
        """The names that stand behind a directive, wherever that stands."""
        return [name for piece in self.pieces if piece.directive == directive for name in piece.names]
