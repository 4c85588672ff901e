"""The plan of a query that is asked in many steps, between which objects may move to other partitions."""

from __future__ import annotations

from collections.abc import Callable

from limpyd.keys import ModelKeys
from limpyd.query.planning.plans import AnyPlan


class CurrentPlan:
    """The plan of a query, which is made anew once more is known of where the objects are.

    Args:
        keys: the keys of the model.
        make: makes the plan.
    """

    def __init__(self, keys: ModelKeys, make: Callable[[], AnyPlan]) -> None:
        self._keys = keys
        self._make = make
        self._known = keys.known
        self._plan = make()

    @property
    def plan(self) -> AnyPlan:
        """The plan; the same one as before if nothing has moved."""
        known = self._keys.known
        if known is not self._known:
            self._plan, self._known = self._make(), known
        return self._plan
