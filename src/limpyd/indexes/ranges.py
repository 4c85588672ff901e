"""Indexes that find values within a range of numbers or texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.expressions import EQUALITY
from limpyd.indexes.base import Index
from limpyd.indexes.date_texts import SHAPES, compared_text
from limpyd.indexes.encoding import encode_any
from limpyd.indexes.field_index import FieldIndex, IndexedField
from limpyd.indexes.kind import IndexKind
from limpyd.indexes.limpyd2 import Limpyd2Entries
from limpyd.scripts.index_nodes import Interval, Within
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Stored, Text

NUMBER_KIND = IndexKind(b"num", "zset", order="number", owners_rank=5)
NUMBERS_KIND = IndexKind(b"nums", "zset", key_word=b"num", several_of_each=True, values_tested_from=0)
TEXT_KIND = IndexKind(b"lex", "zset", order="text", values_tested_from=0)
SEPARATED_TEXTS = IndexKind(b"sep", "zset", key_word=b"lex", values_tested_from=0, scans=False, owners_rank=4)
LIMPYD2_NUMBERS = frozenset({"", "exact", "double", "numeral"})
"""The forms of numbers that limpyd 2 knows: they are kept as they are."""
NO_TEXT = b""

INTERVALS: dict[str, Callable[[Sequence[Text]], list[Interval]]] = {
    "eq": lambda values: [Interval(b"[", value, b"]", value) for value in values],
    "in": lambda values: [Interval(b"[", value, b"]", value) for value in dict.fromkeys(values)],
    "gt": lambda values: [Interval(b"(", values[0], b"+", NO_TEXT)],
    "gte": lambda values: [Interval(b"[", values[0], b"+", NO_TEXT)],
    "lt": lambda values: [Interval(b"-", NO_TEXT, b")", values[0])],
    "lte": lambda values: [Interval(b"-", NO_TEXT, b"]", values[0])],
    "between": lambda values: [Interval(b"[", values[0], b"]", values[1])],
    "startswith": lambda values: [Interval(b"^", values[0], b"+", NO_TEXT)],
}
"""The intervals of each operator."""

RANGES = EQUALITY | {"gt", "gte", "lt", "lte", "between"}


class RangeIndex(Index):
    """An index in order; see its subclasses."""

    operators = RANGES
    reuses_plans = True

    def node(self, index: FieldIndex, operator: str, values: Sequence[Text], sub: bytes | None, stored: Stored) -> Node:
        key = index.key if sub is None else index.key_and_text(NO_TEXT, sub)[0]
        form = b"" if index.asks_python else index.form
        stored = Stored(stored.prefix, stored.stored, stored.sub, form)
        return Within(
            index.kind,
            key,
            stored,
            INTERVALS[operator](values),
            checkable=not index.asks_python,
            one_text_per_value=index.one_text_per_value,
        )


class NumberRangeIndex(RangeIndex):
    """A sorted set of primary keys by number (ZADD); finds the objects with a number, or with one in a range.

    It contains doubles. Floats are doubles; integers up to 2**53 and Decimals of up to 15 digits are never rounded,
    others are refused, and so is NaN. A text is the number that Python reads in it: an integer if it consists of
    digits, else a float. Dates are indexed by their day, times of day and moments in microseconds.
    """

    kind = NUMBER_KIND
    limpyd2 = Limpyd2Entries("number-range", "loose", NUMBER_KIND)
    keeps_numbers = True
    raise_if_not_float: bool = False
    """With layout="limpyd2": whether what is no number is refused, as it is without, or kept as 0."""

    def final_form(self, field: IndexedField) -> str:
        return "numeral" if self.all_steps(field) else field.codec.number

    def kind_for(self, field: IndexedField) -> IndexKind:
        several = field.many or not all(isinstance(step, str) for step in self.all_steps(field))
        return NUMBERS_KIND if several else NUMBER_KIND

    def limpyd2_form(self) -> str:
        return "double" if self.raise_if_not_float else super().limpyd2_form()

    def limpyd2_lacks(self, field: IndexedField) -> str:
        if field.many:
            return "which stores one number per object"
        if not self.all_steps(field) and field.codec.number not in LIMPYD2_NUMBERS:
            return f"which has no order of {field.codec.name}"
        return ""

    def check_field(self, field: IndexedField) -> None:
        if not self.all_steps(field) and not field.codec.number:
            msg = f"{field} holds {field.codec.name}, whose values {self} cannot order as numbers"
            raise DeclarationError(msg)

    def filter_encoder(self, field: IndexedField) -> Callable[[Any], bytes]:
        of_texts = field.typed and field.codec.name in {"str", "bytes"}
        return encode_any if of_texts else super().filter_encoder(field)


class TextRangeIndex(RangeIndex):
    """A sorted set of values with their primary keys, in the order of bytes (ZADD); also finds texts by a prefix.

    Attributes:
        case_sensitive: whether upper and lower case differ; if not, texts are compared after `str.casefold`.
    """

    kind = TEXT_KIND
    limpyd2 = Limpyd2Entries("text-range", "text", SEPARATED_TEXTS)
    operators = RANGES | {"startswith"}
    settings = Index.settings | {"case_sensitive"}

    case_sensitive: bool = True

    def final_form(self, field: IndexedField) -> str:
        if not self.case_sensitive:
            return "casefold"
        return "text" if self.all_steps(field) else field.codec.normal

    def limpyd2_lacks(self, field: IndexedField) -> str:  # noqa: ARG002 - some ask
        return "" if self.case_sensitive else "which distinguishes upper and lower case; use a transform"

    def check_field(self, field: IndexedField) -> None:
        if not self.all_steps(field) and field.codec.ordered == "number":
            msg = f"{field} holds {field.codec.name}, whose order is not the order of its text; use NumberRangeIndex"
            raise DeclarationError(msg)

    def encode_filter(self, field: IndexedField, operator: str, value: Any) -> bytes:
        if self.all_steps(field) or (field.typed and field.codec.name in {"str", "bytes"}):
            as_it_is = operator == "startswith" or isinstance(value, str)
            return self.encode_result(value) if as_it_is else super().encode_filter(field, operator, value)
        if field.typed and (operator == "startswith" or (isinstance(value, str) and operator not in EQUALITY)):
            text = encode_any(value)
            return compared_text(field, field.codec.name, operator, text) if field.codec.name in SHAPES else text
        return super().encode_filter(field, operator, value)
