"""Refuses to convert an instance, a field or a collection to a dict, with advice on how to ask for values.

FastAPI encodes an object that it does not know as `dict(object)`, or else as `vars(object)`, whatever that holds. So
the former is refused. Among the attributes of what has a `__dict__`, one cannot be encoded, and gives the advice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from limpyd.utils.pickling import ByAttributes

ITEMS = "values(…).all(), values_list(…).all() or rows(…).all()"


class Era(ByAttributes):
    """A time in which no object of a model was deleted by this process; each is another one.

    Instances keep the one in which their object was there.
    """

    __slots__ = ("_model",)

    def __init__(self, model: str) -> None:
        self._model = model

    def keys(self) -> NoReturn:
        """Refuses to be encoded in the place of an instance's values."""
        raise TypeError(holds_no_values(f"an instance of {self._model}", self._model))


class Refusal:
    """An attribute of an object whose class is the user's, and so has a `__dict__`; it refuses to be encoded."""

    __slots__ = ("_advice",)

    def __init__(self, advice: str) -> None:
        self._advice = advice

    def keys(self) -> NoReturn:
        """Refuses to be encoded in the place of values."""
        raise TypeError(self._advice)

    def add_to(self, refused: object) -> None:
        """Makes it an attribute of an object."""
        vars(refused)["_refusal"] = self


OF_COLLECTION = Refusal(f"a collection is a query, not its items: read its items with {ITEMS}")
OF_FIELD = Refusal(
    "a field of an instance holds no value: read the value with one of the field's commands, or with values() or row() "
    "of its instance"
)


def holds_no_values(instance: object, model: str) -> str:
    """Returns the advice on what to do instead of converting an instance."""
    return (
        f"{instance} holds no values to iterate or convert: read them with its values() or row(), such as "
        f"{model}.lazy_connect(pk).values('pk', …)"
    )


class NoMapping:
    """A query, which is not converted to a dict: that would take its items for pairs."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def keys(self) -> NoReturn:
            """Refuses `dict(…)`, and so an encoder that would take a query for its items."""
            msg = f"{self!r} is a query, not its items: read its items with {ITEMS}; dict(….all()) takes pairs"
            raise TypeError(msg)
