"""Indexes of a field in a partition: their texts for values, and for the values of filters."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from limpyd.exceptions import InvalidValue, shorten
from limpyd.indexes.custom import WithIndex
from limpyd.indexes.filter_texts import FilterTexts
from limpyd.indexes.kind import IndexKind
from limpyd.indexes.normalizers import ENDING, form
from limpyd.keys import Partition, key_from_template
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.keys.templates import is_template, part_in
from limpyd.lua.arguments import IndexRow
from limpyd.scripts.python_transforms import PythonTransform
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Stored, Text
from limpyd.types import Codec, GeoPoint

IndexEntry = tuple[bytes, bytes, bytes]
"""The arguments of lua/library/add_entry.lua: the kind of index, the key, and the text."""


class IndexedField(Protocol):
    """The attributes of a field that its indexes use."""

    name: str
    model: Any

    @property
    def key_name(self) -> str: ...

    codec: Codec[Any]
    typed: bool
    stored_as: ClassVar[bytes]
    has_subkeys: ClassVar[bool]
    many: ClassVar[bool]
    has_places: ClassVar[bool]

    def encode(self, value: Any) -> bytes: ...
    def sibling(self, name: str) -> IndexedField | None: ...
    def stored_in(self, partition: Partition) -> Stored: ...


OF_VALUES = (ValueError, TypeError, ArithmeticError, LookupError)
"""The exceptions that Python raises for an unsuitable value."""


def kind_name(kind: IndexKind, partition: Partition, *, one_owner: bool) -> bytes:
    """Returns the name of a kind of index for scripts, with the mark of how its values are unique, if they are."""
    if one_owner:
        return b"!" + kind.name
    return b"@" + kind.name if kind.only_one and partition.count > 1 else kind.name


class FieldIndex(FilterTexts):
    """An index of one field in one partition.

    Attributes:
        index: its declaration.
        field: the field on which it is declared.
        fields: the fields that it indexes; the field of the declaration first.
        kind: its kind.
        kind_name: the name of the kind for scripts (lua/library/index_kinds.lua), after a mark if its values are unique
            in another way than those of the kind.
        key: its key, or the prefix of its keys.
        form: the form of its texts for scripts (lua/library/forms.lua).
        row: kind_name, form and key.
        declared_key: the key in the catalog, without the prefix of the partition; for a version of a dynamic field, the
            template of all versions' keys.
        of_values: true if its entries are those of each value; false for indexes of scores, and of several fields.
    """

    __slots__ = (
        *("_as_stored", "_as_text", "_filter_encoder", "_final", "_final_name", "_steps"),
        *("declared_key", "field", "fields", "form", "index", "key", "kind", "kind_name", "of_values"),
        "row",
    )

    def __init__(self, index: Any, field: IndexedField, partition: Partition) -> None:
        self.index = index = index.attached(field, partition)
        index.check_field(field)
        self.field = field
        self.fields: tuple[IndexedField, ...] = (field,)
        self.kind, self.key, final, one_owner = index.storage(field, partition)
        self.kind_name = kind_name(self.kind, partition, one_owner=one_owner)
        self._filter_encoder = index.filter_encoder(field) if index.encodes_uniformly else None
        if index.normalizes:
            self._filter_encoder = index.encode_normalized
        self._steps = index.all_steps(field)
        self._as_text = isinstance(partition, Limpyd2Partition)  # any result becomes a text, also None and a list
        self.of_values = not self.kind.of_scores
        self._set_final_form(final)
        self.declared_key = self.template.removeprefix(partition.prefix)

    def _set_final_form(self, final: str) -> None:
        """Sets the form after all other steps."""
        self._final_name = final
        self._final = form(final)
        steps = self._steps
        names = [step for step in steps if isinstance(step, str)]
        names += [final] if final != "text" or not steps else []
        self.form: bytes = "|".join(names).encode()
        if not all(isinstance(step, str) for step in steps):
            self.form = PythonTransform(self)
        elif "casefold" in names:
            self.form = PythonTransform(self, self.form)
        self._as_stored = self.form == b"text"
        self.row = IndexRow(self.kind_name, self.form, self.key)

    def __str__(self) -> str:
        return f"{self.index} of {self.field}"

    def signature(self, stored: bytes) -> bytes:
        """Returns the signature for the catalog: the kind, how the values are stored, and the forms.

        It has the name of a Python function, so a change within the function goes unnoticed.
        """
        forms = [step if isinstance(step, str) else _function(step, self.field.codec) for step in self._steps]
        return b"%s %s %s" % (self.kind_name, stored, "|".join([*forms, self._final_name]).encode())

    def add_forms(self, forms: Sequence[str]) -> None:
        """Adds forms after the final form."""
        if forms:
            self._set_final_form("|".join([self._final_name, *forms]))

    @property
    def field_names(self) -> str:
        """The names of its fields in messages."""
        name: str = self.field.name
        return name

    @property
    def score_field(self) -> IndexedField | None:
        """The field whose values are the scores of its entries, if it is another field."""
        return None

    def is_scored_by(self, field: object) -> bool:
        """Returns whether a field's values are the scores of its entries."""
        return self.score_field is not None and self.score_field is field

    @property
    def ending(self) -> bytes:
        """The ending of its keys, after the value; empty except in some layouts of limpyd 2."""
        return bytes.fromhex(self._final_name.partition(ENDING)[2].partition("|")[0])

    @property
    def template(self) -> bytes:
        """The template of its keys (see lua/library/template_match.lua); if each value has a key, their beginning."""
        return b"%s\0%s" % (self.key, self.ending) if self.ending else self.key

    @property
    def asks_python(self) -> bool:
        """True if scripts may have to ask Python for the text of a value."""
        return type(self.form) is PythonTransform

    @property
    def transforms(self) -> bool:
        """True if it contains the results of a `transform`, with which filters compare."""
        return bool(self._steps)

    @property
    def one_plain_text(self) -> bool:
        """True if it contains one text for each value, without a `transform`."""
        return not self._steps and self.of_values

    @property
    def one_text_per_value(self) -> bool:
        """True if it contains exactly one text for each value: no step is a Python function."""
        return all(isinstance(step, str) for step in self._steps)

    @property
    def compares_as_stored(self) -> bool:
        """True if its texts compare like the stored values."""
        return not self._steps and self._final_name != "casefold"

    @property
    def distinguishes_members(self) -> bool:
        """True if any two members have different entries, so that one can be removed without reading the others."""
        numerals = self._final_name == "numeral"
        return self.of_values and not (self._steps or self.asks_python or numerals)

    def texts(self, stored: bytes) -> list[bytes]:
        """Returns the texts for a stored value. Raises ValueError, and any error of a transform."""
        if not self._steps:
            return [self._final(stored)]
        value: Any = stored
        for number, step in enumerate(self._steps):
            if isinstance(step, str):
                value = form(step)(self.index.encode_result(value))
            else:
                value = step(self._as_python(value, first=number == 0))
                if value is None and not self._as_text:
                    return []
        one = self._as_text or isinstance(value, GeoPoint) or not isinstance(value, list | tuple | set | frozenset)
        several: Any = [value] if one else value
        return list(dict.fromkeys(self._made(each) for each in several))

    def _made(self, result: Any) -> bytes:
        """Returns the text for one result of a transform."""
        text: bytes = self.index.encode_result(result)
        never_rounded = isinstance(result, Decimal) and self._final_name == "numeral"
        return form("exact")(text) if never_rounded else self._final(text)

    def indexed_texts(self, stored: bytes) -> list[bytes]:
        """Returns the texts for a stored value.

        Raises:
            InvalidValue: the value cannot be indexed.
        """
        try:
            return self.texts(stored) if self._steps else [self._final(stored)]
        except Exception as error:  # a transform may raise anything; without one, only a signal handler may
            if not self._steps and not isinstance(error, OF_VALUES):
                raise
            raise self.refusal(stored, str(error) or type(error).__name__) from error

    def refusal(self, stored: bytes, reason: str) -> InvalidValue:
        """Returns the error for a value that cannot be indexed."""
        cure = ""
        if self._steps:
            returned = "return a number for" if self.index.keeps_numbers else "accept"
            cure = f". Its transform has to {returned} each value that the field may hold"
        elif self.index.keeps_numbers:
            cure = ". If such values need no order, declare the field with indexes=[EqualIndex]"
        return self._refusal_of(self.field, stored, reason + cure)

    def _refusal_of(self, field: IndexedField, stored: bytes, reason: str) -> InvalidValue:
        try:
            value = field.codec.decode(stored)
        except (ValueError, OverflowError):
            value = stored
        return InvalidValue(f"{field} cannot hold {shorten(value)}: {self.index} cannot index it: {reason}")

    def entries(self, stored: bytes, sub: bytes | None = None) -> list[IndexEntry]:
        """Returns the entries of a stored value, under a sub-key if there is one."""
        if self._as_stored and sub is None:
            return [(self.kind_name, self.key, stored)]
        return [(self.kind_name, *self.key_and_text(text, sub)) for text in self.indexed_texts(stored)]

    def owns(self, key: bytes) -> bool:
        """Returns whether a key, or the prefix of keys, belongs to the index."""
        if is_template(self.key):
            return part_in(self.key, key, open_ended=True) is not None
        beginning = self.key.partition(b"\0")[0]
        return key == self.key or key.startswith(beginning if beginning.endswith(b":") else beginning + b":")

    def is_asked_of(self, key: bytes) -> bool:
        """Returns whether the outcome 'transform' with a key is about this index."""
        return key == self.key or (is_template(self.key) and part_in(self.key, key) is not None)

    def key_and_text(self, text: bytes, sub: bytes | None) -> tuple[bytes, bytes]:
        """Returns the key and the entry of a text, under a sub-key if there is one."""
        if sub is None:
            return self.key, text
        if b"\0" in self.key:
            if b":" in sub:
                msg = f"{self}: the layout of limpyd 2 cannot index the sub-key {shorten(sub)}, which contains a colon"
                raise InvalidValue(msg)
            return key_from_template(self.key, sub), text
        if self.kind.sub_key_in_entry:
            return self.key, b"%d:%s:%s" % (len(sub), sub, text)
        return self.key + b":" + sub, text

    def node(self, operator: str, values: Sequence[Text], sub: bytes | None, stored: Stored) -> Node:
        """Returns the query node for an operator and some values."""
        node: Node = self.index.node(self, operator, values, sub, stored)
        return node

    def _as_python(self, value: Any, *, first: bool) -> Any:
        if not isinstance(value, bytes):
            return value
        return self.field.codec.decode(value) if first else value.decode("utf-8", "surrogateescape")


def _function(step: Any, codec: Codec[Any]) -> str:
    """Returns the name of a Python transform in a signature."""
    function = step.func if isinstance(step, WithIndex) else step
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return f"?{name}({codec.name})"
