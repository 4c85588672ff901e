"""Models whose constructors type checkers know."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, dataclass_transform

from limpyd.exceptions import DeclarationError
from limpyd.fields import AutoPKField, Field, VersionField
from limpyd.model.sync import RedisModel
from limpyd.relations.reverse_annotations import annotated_reverse

P = ParamSpec("P")
M = TypeVar("M")


class Annotated:
    """Refuses a field that the constructor would take, and a type checker would not know."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        for base, name, field in _fields(cls):
            reason = _against(base, name, field)
            if reason:
                msg = f"{cls.__name__}.{name}: {reason}"
                raise DeclarationError(msg)
        for name, annotation in inspect.get_annotations(cls).items():
            of = annotated_reverse(annotation)
            if of is not None and "ClassVar" not in str(annotation):
                msg = (
                    f"{cls.__name__}.{name} is no argument of the constructor, which a typed model has to say: "
                    f"{name}: ClassVar[Reverse[{of}]]"
                )
                raise DeclarationError(msg)
        super().__init_subclass__(**kwargs)


def _fields(model: type[Any]) -> Iterator[tuple[type[Any], str, Field[Any]]]:
    """The fields that the constructor of a model takes, each with the class in whose body it is."""
    for base in model.__mro__:
        if not base.__module__.startswith("limpyd."):
            for name, value in vars(base).items():
                if isinstance(value, Field) and not value.dynamic and not isinstance(value, AutoPKField | VersionField):
                    yield base, name, value


def _against(base: type[Any], name: str, field: Field[Any]) -> str:
    """Returns the reason why a type checker would not know the values of a field; empty if it would."""
    kind = type(field).__name__
    if not field.typed:
        return f"the fields of a typed model name the type of their values: {kind}(type=str)"
    if not issubclass(base, Annotated):
        return (
            f"it is declared in {base.__name__}, which is no typed model, so a type checker would refuse it as an "
            f"argument; derive {base.__name__} from TypedModel or AsyncTypedModel, with abstract = True"
        )
    if name not in inspect.get_annotations(base) and name != "pk":
        return f"the fields of a typed model are annotated, as type checkers want it: {name}: {kind}[…] = {kind}(…)"
    return ""


@dataclass_transform(kw_only_default=True, eq_default=False)
class TypedModel(Annotated, RedisModel):
    """A model whose constructor and `create` type checkers know: the names of fields, and the types of their values.

    Each field is annotated, and names its type: `name: StringField[str] = StringField(type=str)`. At run time it is a
    RedisModel like any other. An object is got by `Person.get(1)`.
    """

    abstract = True

    if TYPE_CHECKING:

        @classmethod
        def create(  # pyright: ignore[reportIncompatibleMethodOverride]
            cls: Callable[P, M], *args: P.args, **kwargs: P.kwargs
        ) -> M:
            """Creates an object, as the constructor does."""
            raise NotImplementedError
