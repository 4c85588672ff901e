"""The names and keys that are parameters of a script; fields that are alike share one script."""

from __future__ import annotations

from limpyd.requests.request import Argument


class Parameters:
    """The names and keys, each once; in the arguments they follow the epoch.

    Attributes:
        given: the names and keys.
    """

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def argument(self, name: Argument) -> str:
        """Returns the expression of a name."""
        text = name if isinstance(name, bytes) else str(name).encode()
        if text not in self.given:
            self.given.append(text)
        return f"ARGV[{2 + self.given.index(text)}]"

    def key_of(self, template: bytes) -> str:
        """Returns the expression of the key that a template makes with the local `pk` (see keys.key_from_template)."""
        before, in_the_middle, after = template.partition(b"\0")
        key = f"{self.argument(before)} .. pk"
        return f"{key} .. {self.argument(after)}" if in_the_middle else key

    @property
    def end(self) -> int:
        """The number of the first argument after the parameters."""
        return 2 + len(self.given)
