"""The regions of a script: where the files of the library are put."""

from __future__ import annotations


class Region:
    """A place where library files are put: the top of a script, or the inside of a function."""

    def __init__(self, parent: Region | None = None) -> None:
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1

    def common(self, other: Region) -> Region:
        """The innermost region that both are in."""
        one: Region = self
        while one is not other:
            if one.depth < other.depth:
                one, other = other, one
            assert one.parent is not None  # noqa: S101 - all are in the top one
            one = one.parent
        return one
