"""JSONField: any value that JSON can hold, as text in a Redis string of its own."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import UnionType
from typing import Any, Generic, Self, TypeVar, Unpack, get_args, overload

from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.exceptions import DeclarationError, shorten
from limpyd.fields.declaration.options import ValueConstraints
from limpyd.fields.string.field import WholeStringField
from limpyd.fields.string.values import BoundWholeString
from limpyd.indexes.base import Declared
from limpyd.types import CODECS, Codec, normal_decimal

T = TypeVar("T")


class BoundJSON(BoundWholeString[T, T, Face], Generic[T, Face]):
    """The commands of a Redis string that holds JSON."""

    __slots__ = ()


class JSONField(WholeStringField[T]):
    """A value in a Redis string of its own, as JSON text; checked when it is written, and when it is read.

    Equal values have one text, so they can be indexed. What would not read back as it was written is
    refused: NaN, or a tuple where the type does not say so.

    Args:
        type: what msgspec or pydantic can read from JSON: a dataclass, a Struct, a TypedDict, a
            NamedTuple, a pydantic model, list[int], dict[str, float]…; any JSON value by default.
        default: the value a new object gets when none is given, or a function that makes it.
        indexable: objects can be found by the whole value.
        unique: no two objects have the same value; implies indexable.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    @overload
    def __init__(
        self: JSONField[Any],
        *,
        default: Any = None,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[ValueConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        *,
        default: T | Callable[[], T] | None = None,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[ValueConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self: JSONField[Any],
        type: UnionType,
        *,
        default: Any = None,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[ValueConstraints],
    ) -> None: ...
    def __init__(self, type: Any = Any, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundJSON[T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundJSON[T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundJSON(self, instance)

    constraints_taken = frozenset({"required", "validator"})
    keeps_annotations = True

    def _codec_for(self, declared: Any) -> Codec[T]:
        if get_args(declared):
            from limpyd.constraints.annotations import refuse_unread  # noqa: PLC0415 - for types with arguments alone

            refuse_unread(declared)
        return json_codec(declared)


def json_codec(declared: Any) -> Codec[Any]:
    """Returns the codec that stores values of a type as JSON.

    Raises:
        DeclarationError: msgspec is not installed, or neither it nor pydantic knows the type.
    """
    try:
        import msgspec  # noqa: PLC0415 - only those who declare a JSONField need it
    except ImportError as error:
        msg = 'JSONField needs msgspec: install it with the extra `json`, as in `pip install "limpyd[json]"`'
        raise DeclarationError(msg) from error
    try:
        unknown = next((each for each in _custom_types(declared) if not _is_pydantic(each)), None)
        decoder = msgspec.json.Decoder(declared, dec_hook=_from_builtins)
    except Exception as error:  # whatever the annotations of a class raise when they are read
        msg = f"type={declared!r} cannot be read from JSON: {error}"
        raise DeclarationError(msg) from error
    if unknown is not None:
        msg = (
            f"type={declared!r} cannot be read from JSON: {unknown!r} is not a JSON type, dataclass, Struct, "
            "TypedDict, NamedTuple or pydantic model"
        )
        raise DeclarationError(msg)

    def encode(value: Any) -> bytes:
        try:
            back = decoder.decode(json_text(value))
            same = _same(back, value)
        except (msgspec.EncodeError, RecursionError) as error:
            raise ValueError(str(error)) from error
        if not same:
            msg = f"as JSON it reads back as {shorten(back)}, which is not equal to it"
            raise ValueError(msg)
        return json_text(back)  # of equal values, such as 1 and 1.0 where a float is declared, one text

    def decode(stored: bytes) -> Any:
        try:
            return decoder.decode(stored)
        except RecursionError as error:
            raise ValueError(str(error)) from error

    return Codec(_name(declared), encode, decode)


def json_text(value: Any) -> bytes:
    """A value as JSON, with names and sets in order.

    Raises:
        TypeError: it is nothing that JSON can hold; or ValueError, or what a pydantic model raises.
    """
    import msgspec  # noqa: PLC0415 - as in json_codec

    # The encoder alone would refuse keys that are no str, such as those of dict[int, str].
    in_order = functools.partial(
        msgspec.to_builtins, value, str_keys=True, order="deterministic", enc_hook=_to_builtins
    )
    try:
        plain = in_order(builtin_types=KEPT)
    except TypeError:  # such as one of them as the key of a dict
        plain = in_order()
    return msgspec.json.encode(canonical(plain), order="deterministic")


KEPT = (Decimal, datetime)
"""Types of which equal values have several texts."""


def canonical(plain: Any) -> Any:
    """Returns the JSON form of a value, the same for all that are equal: 1.5 for 1.50, a moment in UTC."""
    if isinstance(plain, dict):
        return {name: canonical(each) for name, each in plain.items()}
    if isinstance(plain, list):
        return [canonical(each) for each in plain]
    if isinstance(plain, float):
        return plain + 0.0  # -0.0 becomes 0.0
    if isinstance(plain, Decimal):
        return normal_decimal(CODECS[Decimal].encode(plain)).decode()
    if isinstance(plain, datetime) and plain.utcoffset() is not None:
        with contextlib.suppress(OverflowError):  # in UTC it is before the year 1, or after 9999
            return plain.astimezone(UTC)
    return plain


def _name(declared: Any) -> str:
    if declared is Any:
        return "JSON"
    return declared.__name__ if isinstance(declared, type) and not get_args(declared) else str(declared)


def _same(back: Any, value: Any) -> bool:
    """Returns whether a value reads back as it was written; without an equality of its own its class must do."""
    kind: Any = type(value)
    compares: bool = kind.__eq__ is not object.__eq__
    return bool(back == value) if compares else type(back) is kind


# --- pydantic models, which msgspec does not know ---


def _is_pydantic(declared: Any) -> bool:
    return isinstance(declared, type) and hasattr(declared, "model_validate") and hasattr(declared, "model_dump")


def _from_builtins(declared: Any, found: Any) -> Any:
    return declared.model_validate(found)


def _to_builtins(value: Any) -> Any:
    if not _is_pydantic(type(value)):
        msg = f"a value of type {type(value).__name__} cannot be stored as JSON"
        raise TypeError(msg)
    # Without warnings: what does not fit is refused when it is read back.
    dump = functools.partial(value.model_dump, by_alias=True, warnings=False)
    return _as_one(dump(mode="json"), dump())


def _as_one(plain: Any, value: Any) -> Any:
    """Returns the JSON form of a value, the same for all that are equal, with sets always in the same order."""
    if isinstance(plain, list) and isinstance(value, set | frozenset):
        return sorted(plain, key=repr)
    if isinstance(plain, list) and isinstance(value, list | tuple) and len(plain) == len(value):
        return [_as_one(*each) for each in zip(plain, value, strict=True)]
    if isinstance(plain, dict) and isinstance(value, dict) and len(plain) == len(value):
        pairs = zip(plain.items(), value.values(), strict=True)
        return {name: _as_one(each, source) for (name, each), source in pairs}
    usual = str(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, datetime) else ""
    # A model may have a form of its own for them, which is its to choose.
    is_usual = isinstance(value, KEPT) and plain in {usual, usual.replace("+00:00", "Z")}
    return canonical(value) if is_usual else plain


def _custom_types(declared: Any) -> Iterator[Any]:
    """The types, within a type, that msgspec leaves to its hooks."""
    import msgspec  # noqa: PLC0415 - as in json_codec

    waiting: list[Any] = [msgspec.inspect.type_info(declared)]
    seen = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # a type may hold itself
            continue
        seen.add(id(node))
        if isinstance(node, msgspec.inspect.CustomType):
            yield node.cls
        elif isinstance(node, msgspec.inspect.Type | msgspec.inspect.Field):
            waiting += (getattr(node, name) for name in node.__struct_fields__)
        elif isinstance(node, tuple):
            waiting += node
