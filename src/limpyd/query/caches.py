"""The caches of a model's queries, so that like ones are not planned again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from limpyd.query.planning.compiled_queries import Templates
from limpyd.query.results.projections import Projection
from limpyd.utils.cached_properties import cached_property

if TYPE_CHECKING:
    from limpyd.query.planning.templates_in_parts import TemplatesInParts

MAX_REMEMBERED = 1000
"""The most projections that are kept of a model; their names may come from outside."""


class QueryCaches:
    """The bounded caches of a model.

    Attributes:
        lookups: the lookups of filters, by their names.
        orders: the sort keys, by the arguments of `sort`.
        projections: those of collections, by their arguments.
        templates: compiled queries, by their form.
    """

    def __init__(self) -> None:
        self.lookups: dict[str, Any] = {}
        self.orders: dict[Any, Any] = {}
        self.projections: dict[tuple[str, Any], Projection] = {}
        self.templates = Templates()

    @cached_property
    def templates_in_parts(self) -> TemplatesInParts:
        """The compiled queries to each partition, of a model of several."""
        from limpyd.query.planning.templates_in_parts import TemplatesInParts  # noqa: PLC0415 - few models have several

        return TemplatesInParts()

    def remember(self, key: tuple[str, Any], projection: Projection) -> Projection:
        """Returns a projection, which is kept if there is room."""
        if len(self.projections) < MAX_REMEMBERED:
            projection.is_reusable = True
            self.projections[key] = projection
        return projection
