"""Models of the async face whose `create` type checkers know."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, dataclass_transform

from limpyd.model.asynchronous import AsyncRedisModel
from limpyd.model.typed import Annotated

P = ParamSpec("P")
M = TypeVar("M")


@dataclass_transform(kw_only_default=True, eq_default=False)
class AsyncTypedModel(Annotated, AsyncRedisModel):
    """A model of the async face whose `create` type checkers know. See TypedModel."""

    abstract = True

    if TYPE_CHECKING:

        @classmethod
        def create(  # pyright: ignore[reportIncompatibleMethodOverride]
            cls: Callable[P, M], *args: P.args, **kwargs: P.kwargs
        ) -> Coroutine[Any, Any, M]:
            """Creates an object."""
            raise NotImplementedError
