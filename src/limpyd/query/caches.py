"""The caches of a model's queries, so that like ones are not planned again."""

from __future__ import annotations

from typing import Any

from limpyd.query.planning.compiled_queries import Templates


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
        self.projections: dict[tuple[str, tuple[str, ...]], Any] = {}
        self.templates = Templates()
