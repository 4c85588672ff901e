"""The assumptions of requests about what is on the server, and the guards under which they hold."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Protocol

from limpyd.requests.guards import Guard


class Assumption(Protocol):
    """An assumption of a request about what is on the server, as this process knows it."""

    @property
    def about(self) -> Hashable:
        """The thing that it is about; two assumptions about the same can be merged."""
        ...

    def guard(self) -> Guard | None:
        """Returns the guard under which it holds; None if the server has to be asked, or it does not hold."""
        ...

    def question(self) -> Any:
        """Returns the request that asks the server, and notes the answer."""
        ...

    def check(self) -> None:
        """Raises the error if this process knows that it does not hold.

        Raises:
            IndexNotBuilt: an index is not built.
        """
        ...

    def merged(self, other: Any, /) -> Assumption:
        """Returns one assumption for itself and another one about the same."""
        ...

    def invalidate(self) -> None:
        """Forgets what this process knows, since the epoch has changed."""
        ...


def merged(assumptions: Iterable[Assumption]) -> tuple[Assumption, ...]:
    """Returns the assumptions, with those about the same merged."""
    found: dict[Hashable, Assumption] = {}
    for assumption in assumptions:
        about = assumption.about
        known = found.get(about)
        found[about] = assumption if known is None else known.merged(assumption)
    return tuple(found.values())
