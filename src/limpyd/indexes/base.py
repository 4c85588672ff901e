"""What an index is: how it is declared on a field, and what it keeps of the field's values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol, Self

from limpyd.exceptions import DeclarationError, InvalidFilter, InvalidValue, shorten
from limpyd.indexes.asked import Asked
from limpyd.indexes.forms import form
from limpyd.indexes.settings import reason_against
from limpyd.keys import Partition
from limpyd.requests import Argument
from limpyd.scripts.leaves import Node, Stored, Text
from limpyd.types import CODECS, Codec, GeoPoint, codec_for

Transform = str | Callable[..., Any]
"""The name of a form, which the server knows too; or a Python function, which it cannot run."""

Entry = tuple[bytes, bytes, bytes]
"""What scripts/lib/add_entry.lua is told: kind of index, key, and what is kept there."""


class Indexed(Protocol):
    """What an index needs to know of its field."""

    name: str
    model: Any
    codec: Codec[Any]
    stored_as: ClassVar[bytes]
    has_subkeys: ClassVar[bool]
    many: ClassVar[bool]
    has_places: ClassVar[bool]

    def encode(self, value: Any) -> bytes: ...
    def sibling(self, name: str) -> Indexed | None: ...
    def stored_in(self, where: Partition) -> Stored: ...


class OnField(Protocol):
    """An index of one field, which can be built and cleared."""

    def rebuild(self, progress: Callable[[int, int], object] | None = None) -> Any: ...
    def clear(self) -> Any: ...


class Index:
    """The declaration of an index: a class, or an instance with settings of its own.

    To write one, subclass an index of this package and set some of the attributes; `transform` may be a method
    `transform(self, value)`. What it returns is kept: one value, several in a list, tuple or set, or none for None.

    Attributes:
        prefix: what stands between the field's name and the operator in filters: `born__year__gte=…`.
        key: tells apart the keys of two indexes that are alike but for what they keep.
        transform: makes the kept value of the field's.
        handle_uniqueness: whether a unique field is unique by what this index keeps.
        name: how messages name it; the class's name if empty.
    """

    kind: ClassVar[bytes]
    redis_type: ClassVar[str]
    operators: ClassVar[frozenset[str]]
    settings: ClassVar[frozenset[str]] = frozenset({"handle_uniqueness", "key", "name", "prefix", "transform"})

    prefix: str = ""
    key: str = ""
    transform: Transform | None = None
    handle_uniqueness: bool = True
    name: str = ""
    alone: ClassVar[bool] = True
    """Whether it keeps the values of its field alone, not together with those of others."""
    steps: tuple[Transform, ...] = ()
    """What is done to a value before `transform`; set by MultiIndexes."""
    on_field: OnField | None = None
    """The index on a field that this is; set by `get_index` of the field."""

    def __init__(self, **settings: Any) -> None:
        for setting, value in self._checked(settings).items():
            setattr(self, setting, value)

    @classmethod
    def configure(cls, **settings: Any) -> type[Self]:
        """A subclass with other settings.

        Raises:
            DeclarationError: there is no such setting, or it is of a wrong type.
        """
        checked = cls._checked(settings)
        if callable(checked.get("transform")):
            checked["transform"] = staticmethod(checked["transform"])
        return type(checked.get("name") or cls.__name__, (cls,), checked)

    @classmethod
    def _checked(cls, settings: dict[str, Any]) -> dict[str, Any]:
        unknown = settings.keys() - cls.settings
        if unknown:
            msg = f"{cls.__name__} has no setting {min(unknown)!r}; it has {', '.join(sorted(cls.settings))}"
            raise DeclarationError(msg)
        checked = {setting: value for setting, value in settings.items() if value is not None}
        for setting, value in checked.items():
            reason = reason_against(setting, value, usual=getattr(cls, setting))
            if reason:
                msg = f"{cls.__name__}: {setting}={value!r} {reason}"
                raise DeclarationError(msg)
        return checked

    def __str__(self) -> str:
        return self.name or type(self).__name__

    def __repr__(self) -> str:
        if self.on_field is not None:
            return f"<{self.on_field}>"
        changed = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"<{self}({changed})>"

    def rebuild(self, progress: Callable[[int, int], object] | None = None) -> Any:
        """Builds the index that `get_index` of a field gave; see `rebuild_indexes` of the model.

        Raises:
            DeclarationError: no field gave it.
        """
        return self._given().rebuild(progress)

    def clear(self) -> Any:
        """Clears the index that `get_index` of a field gave; see `clear_indexes` of the model.

        Raises:
            DeclarationError: no field gave it.
        """
        return self._given().clear()

    def _given(self) -> OnField:
        if self.on_field is None:
            msg = f"{self!r} is a declaration, and of no field; ask one: ….get_field('name').get_index({self})"
            raise DeclarationError(msg)
        return self.on_field

    @property
    def label(self) -> str:
        """What follows the field's name in keys; empty for an index without settings."""
        return ".".join(filter(None, (self.prefix.replace("__", "."), self.key)))

    @property
    def identity(self) -> tuple[object, ...]:
        """What is the same of two indexes of a field that would share a key."""
        return self.kind, self.label

    def expanded(self) -> list[Index]:
        """The indexes that it stands for."""
        return [self]

    def keep(self, field: Indexed, where: Partition) -> Kept:
        """The index of a field in a partition."""
        return Kept(self, field, where)

    def all_steps(self, field: Indexed) -> tuple[Transform, ...]:  # noqa: ARG002 - some ask
        """What is done to a value before its final form."""
        return self.steps if self.transform is None else (*self.steps, self.transform)

    def final_form(self, field: Indexed) -> str:
        """The form in which a value is kept, after all else was done to it."""
        raise NotImplementedError

    def kept_key(self, field: Indexed, where: Partition) -> bytes:
        """The key, or the start of the keys, where a field's values are kept."""
        raise NotImplementedError

    def kept_kind(self, field: Indexed) -> bytes:  # noqa: ARG002 - some ask
        """The kind, as the scripts know it, for a field."""
        return self.kind

    def node(self, kept: Kept, operator: str, values: Sequence[Text], sub: bytes | None, where: Stored) -> Node:
        """The condition that an operator and some values stand for."""
        raise NotImplementedError

    def check_field(self, field: Indexed) -> None:
        """Refuses a field that it cannot index.

        Raises:
            DeclarationError: it cannot.
        """

    def filter_values(self, kept: Kept, operator: str, value: Any, text: Callable[[Any], Text]) -> Sequence[Text]:
        """What a filter's value is compared as: one text, or those of `in` or `between`.

        Args:
            kept: this index, on a field.
            operator: the operator.
            value: the filter's value.
            text: gives what one value is compared as.

        Raises:
            InvalidFilter: the operator takes several values, and this is one, or not as many as it takes.
        """
        if operator not in {"in", "between"}:
            return [text(value)]
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            msg = f"{kept.field}: `{operator}` takes several values, such as a list, not {shorten(value)}"
            raise InvalidFilter(msg)
        texts = [text(each) for each in value]
        if operator == "between" and len(texts) != 2:  # noqa: PLR2004
            msg = f"{kept.field}: `between` takes the lowest and the highest value, not {shorten(value)}"
            raise InvalidFilter(msg)
        return texts

    def encode_filter(self, field: Indexed, operator: str, value: Any) -> bytes:  # noqa: ARG002 - some ask
        """The text of a filter's value, before the final form."""
        return self.filter_encoder(field)(value)

    def filter_encoder(self, field: Indexed) -> Callable[[Any], bytes]:
        """What makes that text, if it is made alike of any value."""
        return encode_any if self.all_steps(field) else field.encode


Declared = Index | type[Index]
"""How an index is declared on a field."""


class Kept:
    """An index of one field in one partition.

    Attributes:
        index: its declaration.
        field: the field.
        kind: its kind, as the scripts know it.
        key: the key, or the start of the keys, where entries are kept.
        form: how values become what is kept, as the scripts know it.
        upkeep: those, as the scripts are told.
        of_values: whether its entries are those of each value of the field alone, not of its places or of others.
    """

    __slots__ = (
        *("_as_stored", "_filter_encoder", "_final", "_final_name", "_steps"),
        *("field", "form", "index", "key", "kind", "of_values", "upkeep"),
    )

    def __init__(self, index: Index, field: Indexed, where: Partition) -> None:
        index.check_field(field)
        self.index = index
        self.field = field
        self.kind = index.kept_kind(field)
        self.key = index.kept_key(field, where)
        final = index.final_form(field)
        self._final_name = final
        self._final = form(final)
        alike = type(index).encode_filter is Index.encode_filter
        self._filter_encoder = index.filter_encoder(field) if alike else None
        steps = [step if isinstance(step, str) else _unary(step, index) for step in index.all_steps(field)]
        self._steps = steps
        names = [step for step in steps if isinstance(step, str)]
        names += [final] if final != "text" or not steps else []
        self.form: bytes = "|".join(names).encode()
        if not all(isinstance(step, str) for step in steps):
            self.form = Asked(self)
        elif "casefold" in names:
            self.form = Asked(self, self.form)
        self._as_stored = self.form == b"text"
        self.of_values = self.kind != b"geos"
        self.upkeep: tuple[Argument, ...] = (self.kind, self.form, self.key)

    def __str__(self) -> str:
        return f"{self.index} of {self.field}"

    @property
    def asks_python(self) -> bool:
        """Whether only Python can tell what it keeps of a value."""
        return type(self.form) is Asked

    @property
    def keeps_one_text(self) -> bool:
        """Whether it keeps one text of each value."""
        return not self._steps and self.of_values

    @property
    def compares_on_server(self) -> bool:
        """Whether the server can compare what it keeps with a value that it reads itself."""
        return self._final_name != "casefold"

    @property
    def compares_as_stored(self) -> bool:
        """Whether it keeps the values themselves, so that it is in their order."""
        return not self._steps and self._final_name != "casefold"

    @property
    def tells_apart(self) -> bool:
        """Whether any two members of a field are two entries, so that one can go without a look at the others."""
        untyped = self._final_name == "exact" and self.field.codec.ordered != "number"
        return not (self._steps or self.asks_python or untyped or self.kind == b"geos")

    def texts(self, stored: bytes) -> list[bytes]:
        """What is kept of a stored value. Raises whatever a transform may raise, and ValueError with the reason."""
        if not self._steps:
            return [self._final(stored)]
        value: Any = stored
        for number, step in enumerate(self._steps):
            if isinstance(step, str):
                value = form(step)(encode_any(value))
            else:
                value = step(self._as_python(value, first=number == 0))
                if value is None:
                    return []
        one = isinstance(value, GeoPoint) or not isinstance(value, list | tuple | set | frozenset)
        several = [value] if one else value
        return list(dict.fromkeys(self._final(encode_any(each)) for each in several))

    def kept(self, stored: bytes) -> list[bytes]:
        """What is kept of a stored value.

        Raises:
            InvalidValue: it cannot be indexed so.
        """
        try:
            return self.texts(stored)
        except Exception as error:  # a transform may raise anything
            raise self.refusal(stored, str(error) or type(error).__name__) from error

    def refusal(self, stored: bytes, reason: str) -> InvalidValue:
        """The error for a value that cannot be indexed."""
        cure = ""
        if self.kind in {b"num", b"nums"} and not self._steps:
            cure = ". If such values need no order, declare the field with indexes=[EqualIndex]"
        return self._refusal_of(self.field, stored, reason + cure)

    def _refusal_of(self, field: Indexed, stored: bytes, reason: str) -> InvalidValue:
        try:
            value = field.codec.decode(stored)
        except (ValueError, OverflowError):
            value = stored
        return InvalidValue(f"{field} cannot hold {shorten(value)}: {self.index} cannot index it: {reason}")

    def entries(self, stored: bytes, sub: bytes | None = None) -> list[Entry]:
        """The entries of a stored value, under a sub-key if it has one."""
        if self._as_stored and sub is None:
            return [(self.kind, self.key, stored)]
        return [(self.kind, *self.under(text, sub)) for text in self.kept(stored)]

    def owns(self, key: bytes) -> bool:
        """Whether a key, or the start of keys, is its own."""
        return key == self.key or key.startswith(self.key if self.key.endswith(b":") else self.key + b":")

    def under(self, text: bytes, sub: bytes | None) -> tuple[bytes, bytes]:
        """Key and entry of what is kept, under a sub-key if there is one."""
        if sub is None:
            return self.key, text
        if self.kind in {b"eq", b"uniq"}:
            return self.key, b"%d:%s:%s" % (len(sub), sub, text)
        return self.key + b":" + sub, text

    def filter_text(self, operator: str, value: Any) -> bytes:
        """What a filter's value is compared as.

        Raises:
            InvalidValue: it does not fit.
        """
        encode = self._filter_encoder
        return self.filter_stored(
            self.index.encode_filter(self.field, operator, value) if encode is None else encode(value)
        )

    def filter_stored(self, stored: bytes) -> bytes:
        """What a stored value is compared as.

        Raises:
            InvalidValue: it does not fit.
        """
        try:
            return self._final(stored)
        except ValueError as error:
            msg = f"{self.field}: a filter cannot compare with {shorten(stored)}: {error}"
            raise InvalidValue(msg) from error

    @property
    def final_name(self) -> bytes:
        """The form that filters are compared in."""
        return self._final_name.encode()

    def node(self, operator: str, values: Sequence[Text], sub: bytes | None, where: Stored) -> Node:
        """The condition that an operator and some values stand for."""
        return self.index.node(self, operator, values, sub, where)

    def _as_python(self, value: Any, *, first: bool) -> Any:
        if not isinstance(value, bytes):
            return value
        return self.field.codec.decode(value) if first else value.decode("utf-8", "surrogateescape")


def encode_any(value: Any) -> bytes:
    """The text of a value of any type that a field can hold.

    Raises:
        InvalidValue: it is of another type.
    """
    if isinstance(value, bytes):
        return value
    known = next((kind for kind in (bool, *CODECS) if isinstance(value, kind)), None)
    if known is None:
        msg = f"{shorten(value)} is of no type that can be stored"
        raise InvalidValue(msg)
    try:
        return codec_for(type(value) if type(value) in CODECS else known).encode(value)
    except (TypeError, ValueError) as error:
        msg = f"{shorten(value)} cannot be stored: {error}"
        raise InvalidValue(msg) from error


def _unary(transform: Callable[..., Any], index: Index) -> Callable[[Any], Any]:
    """A transform of one argument; one of two gets the index first, as in limpyd 2."""
    try:
        parameters = [
            parameter
            for parameter in inspect.signature(transform).parameters.values()
            if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
            and parameter.default is parameter.empty
        ]
    except (TypeError, ValueError):  # built-in functions that do not tell
        return transform
    return (lambda value: transform(index, value)) if len(parameters) == 2 else transform  # noqa: PLR2004
