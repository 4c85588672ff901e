"""The hooks of limpyd 2 in subclasses of an index: some work, others are refused when the class is made."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Any, ClassVar, Self

from limpyd.exceptions import DeclarationError, InvalidValue, shorten
from limpyd.indexes.encoding import Transform, encode_any, encoder
from limpyd.indexes.normalizers import form
from limpyd.keys import Partition

_CURES = {
    "the server maintains the index, in the same step as the write; `transform(self, value)` returns the value to "
    "index": [
        *("add", "remove", "store", "unstore", "prepare_data_to_store", "prepare_args", "score_updated", "other_add"),
        *("other_remove", "_rollback", "_reset_rollback_cache", "_get_rollback_cache", "_field_model_ready"),
    ],
    "the server evaluates filters in one request; `transform(self, value)` returns the value that they are "
    "compared with": [
        *("get_filtered_keys", "get_boundaries", "get_pks_for_filter", "union_filtered_in_keys", "call_script"),
        *("lua_filter_script", "filter_single_field", "can_filter_fields", "supported_key_types"),
    ],
    "`key` and `prefix` distinguish the keys of indexes, and nothing else about the keys can change": [
        *("get_storage_key", "get_storage_keys", "get_all_storage_keys", "separator"),
    ],
    "`operators = frozenset({'eq', …})` lists the operators that it supports, out of those of its base class": [
        *("can_handle_suffix", "handled_suffixes", "remove_prefix"),
    ],
    "the server checks uniqueness in the same step as the write; with `handle_uniqueness`, a unique field "
    "compares the values that this index stores": [
        *("check_uniqueness", "check_uniqueness_at_init", "assert_pks_uniqueness", "get_uniqueness_members"),
        *("get_uniqueness_key", "get_unique_index", "unique_index_name"),
    ],
    "`settings` lists the arguments of `configure`": ["handle_configurable_attrs", "configurable_attrs"],
    "the field and the model clear and build the index without it; run your code around those calls": [
        "clear",
        "rebuild",
    ],
}
REFUSED = {name: cure for cure, names in _CURES.items() for name in names}
"""The attributes of an index's class that limpyd 2 uses, and limpyd does not; with the way to go."""
OWN = "limpyd."


class CustomIndex:
    """The methods and attributes of an index that subclasses in limpyd 2 override or read."""

    settings: ClassVar[frozenset[str]]
    transform: Transform | None

    around: tuple[CustomIndex, ...] = ()
    """The MultiIndexes that it is one of, the outermost first: their transforms come before its own."""
    encode_result: Callable[[Any], bytes] = staticmethod(encode_any)
    """Writes what a transform returns, and what filters compare with that."""
    steps: tuple[Transform, ...] = ()
    """The steps that a value goes through before its own transform."""
    keeps_numbers: ClassVar[bool] = False
    _field: Any = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        ours = next(each for each in cls.__mro__ if each.__module__.startswith(OWN))
        for each in cls.__mro__:
            if each is object or each.__module__.startswith(OWN):
                continue
            for name in (name for name in vars(each) if name in REFUSED):
                msg = f"{each.__name__}.{name} would have no effect: {REFUSED[name]}"
                raise DeclarationError(msg)
            if "__init__" in vars(each) and _required(vars(each)["__init__"]) > 1:
                msg = f"{each.__name__}.__init__ cannot take the field: `transform(self, value)` has it as `self.field`"
                raise DeclarationError(msg)
        operators, known = getattr(cls, "operators", None), getattr(ours, "operators", None)
        if operators is not None and known is not None and not known >= operators:
            msg = f"{cls.__name__}.operators: {ours.__name__} supports only {', '.join(sorted(known))}"
            raise DeclarationError(msg)

    @property
    def field(self) -> Any:
        """The declaration of its field; for a version of a dynamic field, that of the dynamic field.

        Raises:
            DeclarationError: the index is only a declaration, without a field.
        """
        if self._field is None:
            msg = f"{self!r} is a declaration that belongs to no field"
            raise DeclarationError(msg)
        return self._field

    @property
    def model(self) -> Any:
        """The class of the model of the field."""
        return self.field.model.model

    @property
    def connection(self) -> Any:
        """The client of redis-py on the database of the model, `database.connection`."""
        return self.model.database.connection

    def attached(self, field: Any, partition: Partition) -> Self:
        """Returns a copy for a field in a partition; transforms may read the field from it."""
        mine = copy.copy(self)
        vars(mine).pop("own_steps", None)
        mine._field = field.version_of or field.template_of or field
        mine.encode_result = encoder(partition, typed=field.typed, numbers=self.keeps_numbers)
        mine.around = tuple(each.attached(field, partition) for each in self.around)
        mine.steps = tuple(step for each in mine.around for step in each.own_steps)
        return mine

    @functools.cached_property
    def own_steps(self) -> tuple[Transform, ...]:
        """Its own transform, which a subclass may also define as `transform_value` or `normalize_value`."""
        if self.normalizes:
            return (self.normalize_value,)
        if type(self).transform_value is not CustomIndex.transform_value:
            return (self.transform_value,)
        if self.transform is None:
            return ()
        return (self.transform if isinstance(self.transform, str) else _unary(self.transform, self),)

    @property
    def normalizes(self) -> bool:
        """True if a subclass defines `normalize_value`, which is called for values of filters too."""
        return type(self).normalize_value is not CustomIndex.normalize_value

    def encode_normalized(self, value: Any) -> bytes:
        """Returns the text for a filter's value, if a subclass defines `normalize_value`.

        Raises:
            InvalidValue: `normalize_value` raises ValueError or TypeError.
        """
        try:
            return self.encode_result(self.normalize_value(value, transform=False))
        except (ValueError, TypeError) as error:
            msg = f"{self.field}: {self} cannot compare with {shorten(value)}: {error}"
            raise InvalidValue(msg) from error

    def transform_value(self, value: Any) -> Any:
        """Transforms a value by `transform`; a subclass may define it instead of `transform`, as in limpyd 2."""
        if self.transform is None:
            return value
        if isinstance(self.transform, str):
            return form(self.transform)(self.encode_result(value)).decode("utf-8", "surrogateescape")
        return _unary(self.transform, self)(value)

    def normalize_value(self, value: Any, transform: bool = True) -> Any:
        """The text of a value, after `transform_value` unless `transform` is False, as in limpyd 2.

        A subclass may define it. The index contains its results; for the values of filters it is called without
        `transform`.
        """
        text = self.encode_result(self.transform_value(value) if transform else value)
        return text.decode("utf-8", "surrogateescape")


class WithIndex(functools.partial[Any]):
    """A transform of two arguments, which gets the index first."""


def _unary(transform: Callable[..., Any], index: CustomIndex) -> Callable[[Any], Any]:
    """Returns a transform of one argument; one of two arguments gets the index first, as in limpyd 2."""
    try:
        takes_index = _required(transform) == 2  # noqa: PLR2004
    except (TypeError, ValueError):  # built-in functions without a signature
        return transform
    return WithIndex(transform, index) if takes_index else transform


def _required(function: Callable[..., Any]) -> int:
    """Returns how many positional arguments a function needs."""
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    parameters = inspect.signature(function).parameters.values()
    return sum(each.kind in positional and each.default is each.empty for each in parameters)
