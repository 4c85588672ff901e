"""The order of a collection: the arguments of `sort`, as sort keys for the scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import InvalidFilter, shorten
from limpyd.expressions import SEPARATOR
from limpyd.fields import AutoPKField, BoundField, Field, ValueField
from limpyd.fields.bound.value import BoundValue
from limpyd.fields.checks import as_bytes, flag
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.query.filters.conditions import ByIndex, Condition
from limpyd.query.filters.lookups import stored_in
from limpyd.query.filters.model import check_lasting
from limpyd.query.filters.operands import key_of, same_database
from limpyd.query.results.columns import MAX_REFERENCES
from limpyd.requests.request import Argument
from limpyd.scripts.query_values import Key, Stored, known_key

NUMBER, TEXT = b"number", b"text"
LAST, FIRST, OMITTED = b"last", b"first", b"nowhere"
LEN = "len"
"""Stands in a name behind a field of many members for their number."""
MEMBER_COUNTS = {b"set": b"SCARD", b"list": b"LLEN", b"zset": b"ZCARD", b"stream": b"XLEN"}
"""The commands that count the members of fields, by how these are stored."""


class SortKey(NamedTuple):
    """One of the values by which a collection is sorted.

    Attributes:
        name: how it is written.
        field: the field; the primary key's, or none for scores.
        sub: the sub-key, of a field that has such.
        order: as what values are compared.
        desc: from the largest to the smallest.
        index_number: the number of the field's index that is in this order, if there is one.
        scores: the key of the sorted set whose scores give the order, if it is one that does.
        missing: where what has no value comes: `last`; `first`, where an order is turned round; or `nowhere`.
        positions: the key of the stored collection whose order it is, if it is one's.
        through: the references that lead to the object with the field; none if it is of the model itself.
        counts: true if the number of members is compared.
        is_away: true if the object with the field may be in another slot.
    """

    name: str
    field: Field[Any] | None
    sub: bytes | None
    order: bytes
    desc: bool
    index_number: int | None = None
    scores: Key = b""
    missing: bytes = LAST
    positions: bytes = b""
    through: tuple[ValueField[Any], ...] = ()
    counts: bool = False
    is_away: bool = False

    def __reduce__(self) -> Any:
        return _with_index, tuple(self)

    @property
    def is_minted_pk(self) -> bool:
        """True if it is a primary key that the server gave, so a number."""
        return isinstance(self.field, AutoPKField) and self.order == NUMBER

    @property
    def guesses(self) -> bool:
        """True if values that may be any text are compared as numbers."""
        if self.order != NUMBER or self.scores or self.index_number is not None or self.is_minted_pk or self.counts:
            return False
        return not isinstance(self.field, ValueField) or self.field.codec.name in {"str", "bytes"}

    def inverted(self) -> SortKey:
        """The other way round."""
        return self._replace(desc=not self.desc, missing=FIRST if self.missing == LAST else LAST)

    def stored_in(self, partition: Partition) -> Stored:
        """Returns where the values are stored."""
        if self.scores:
            return Stored(known_key(self.scores), b"score")
        if self.positions:
            return Stored(self.positions, b"list")
        if self.through:
            return stored_in(self.through[0], partition, None)._replace(stored=b"related")
        return self._value_in(partition)

    def _value_in(self, partition: Partition) -> Stored:
        if not isinstance(self.field, ValueField):
            return Stored(b"", b"pk")
        stored = stored_in(self.field, partition, self.sub)
        return stored._replace(stored=MEMBER_COUNTS[self.field.stored_as]) if self.counts else stored

    def path(self, partition: Partition) -> tuple[Argument, ...]:
        """Returns what follows its arguments if it goes through references: where each next object has its value."""
        args: list[Argument] = []
        for reference, following in zip(self.through, (*self.through[1:], None), strict=True):
            target: Any = reference
            partition = target.target.keys.beside(partition)
            if following is None:
                args += self._value_in(partition)[:3]
            else:
                args += stored_in(following, partition, None)._replace(stored=b"related")[:3]
        return tuple(args)

    def field_index(self, partition: Partition) -> FieldIndex | None:
        """The index that is in this order."""
        if self.index_number is None or not isinstance(self.field, ValueField):
            return None
        return self.field.place_in(partition).indexes[self.index_number]

    def index_key(self, partition: Partition) -> bytes:
        """The key of that index; empty if there is none."""
        index = self.field_index(partition)
        if index is None:
            return b""
        return index.key_and_text(b"", self.sub)[0]

    def args(self, partition: Partition) -> tuple[Argument, ...]:
        """Returns its arguments for scripts."""
        prefix, stored, sub, _ = self.stored_in(partition)
        return prefix, stored, sub, self.order, int(self.desc), self.missing, self.index_key(partition)

    def __str__(self) -> str:
        return f"-{self.name}" if self.desc else self.name


def _with_index(*parts: Any) -> SortKey:
    """A sort key that was pickled; which index is in its order is found anew."""
    key = SortKey(*parts)
    if not isinstance(key.field, ValueField) or key.through or key.counts:
        return key
    number = _index_in_order(key.field, key.order)
    return key._replace(index_number=number)


def by_keys(order: Sequence[SortKey]) -> bool:
    """Returns whether an order is that of a sorted set or a stored collection, which is another one each time."""
    for key in order:  # noqa: SIM110 - a generator costs more
        if key.scores or key.positions:
            return True
    return False


def by_referred(order: Sequence[SortKey]) -> bool:
    """Returns whether an order is that of values which objects in other slots have."""
    for key in order:  # noqa: SIM110 - a generator costs more
        if key.is_away:
            return True
    return False


def order_of_stored(key: bytes, *, desc: bool = False) -> SortKey:
    """The order of the stored collection with a key."""
    return SortKey("position", None, None, TEXT, desc=desc, positions=key)


def sort_keys(
    model: Any,
    by: Any,
    desc: bool,
    alpha: bool | None,
    by_score: Any,
) -> tuple[SortKey, ...]:
    """Returns the sort keys of a collection.

    Raises:
        UnknownField: a name is no field.
        InvalidFilter: a field has many values, or arguments exclude each other.
    """
    flag("sort's desc", desc)
    if alpha is not None:
        flag("sort's alpha", alpha)
    if by_score is not None:
        if by is not None:
            msg = "sort takes by or by_score, not both"
            raise InvalidFilter(msg)
        return (_by_scores(model, by_score, desc),)
    if isinstance(by, str) and by == "nosort" and by not in model.fields:  # it is what SORT calls it
        return ()
    names = [by] if by is None or not isinstance(by, list | tuple) else by
    if not names:
        msg = "sort's by names at least one field"
        raise InvalidFilter(msg)
    return tuple(_sort_key(model, name, desc, alpha) for name in names)


def scored_order(model: Any, conditions: Sequence[Condition]) -> tuple[SortKey, ...]:
    """Returns the order that an index by score brings along; empty if no condition is met by one."""
    for condition in conditions:
        index = condition.lookup.field_index if isinstance(condition, ByIndex) else None
        if index is not None and index.score_field is not None:
            return sort_keys(model, index.score_field.name, False, None, None)
    return ()


def _sort_key(model: Any, by: Any, desc: bool, alpha: bool | None) -> SortKey:
    if isinstance(by, BoundField | Field):
        by = _name_of(model, by._field if isinstance(by, BoundField) else by)
    if by is None:
        by = "pk"
    if not isinstance(by, str):
        msg = f"sort by {shorten(by)}: it takes names of fields, such as 'age', or '-age' for the largest first"
        raise InvalidFilter(msg)
    return _named_key(model, by.removeprefix("-"), alpha, desc=by.startswith("-") != desc)


def _named_key(model: Any, name: str, alpha: bool | None, *, desc: bool) -> SortKey:
    """The sort key of a name without its sign."""
    field_name, separator, rest = name.partition(SEPARATOR)
    field = model.field(field_name)
    sub: bytes | None = None
    if not isinstance(field, ValueField):
        if separator:
            msg = f"sort by {name}: {field} is the primary key, which has no sub-keys"
            raise InvalidFilter(msg)
        return SortKey(name, field, None, TEXT if alpha else NUMBER, desc)
    if rest == LEN and field.stored_as in MEMBER_COUNTS:
        return SortKey(name, field, None, NUMBER, desc, counts=True)
    if separator and field.refers and not field.many:
        return _through(model, name, field, rest, alpha, desc=desc)
    if field.has_subkeys:
        if not separator:
            msg = f"sort by {name}: {field} has a value for each key; add the key: {name}{SEPARATOR}<key>"
            raise InvalidFilter(msg)
        sub = as_bytes("a sub-key", rest)
    elif separator:
        reason = f"{field} refers to many objects" if field.refers else f"{field} has no sub-keys"
        number = field.stored_as in MEMBER_COUNTS
        cure = f"; sort by the number of members: {field.name}{SEPARATOR}{LEN}" if number else ""
        msg = f"sort by {name}: {reason}{cure}"
        raise InvalidFilter(msg)
    if field.many or field.stored_as not in {b"entry", b"string", b"hash"}:
        cure = f"; sort by their number: {name}{SEPARATOR}{LEN}" if field.stored_as in MEMBER_COUNTS else ""
        msg = f"sort by {name}: {field} has many values, so objects cannot be sorted by it{cure}"
        raise InvalidFilter(msg)
    order = _order(field, alpha)
    return SortKey(name, field, sub, order, desc, _index_in_order(field, order))


def _through(model: Any, name: str, reference: Any, rest: str, alpha: bool | None, *, desc: bool) -> SortKey:
    """The sort key of a value of the object that a field refers to."""
    if name.count(SEPARATOR) > MAX_REFERENCES:
        msg = f"{model.name}: {shorten(name)} goes through more than {MAX_REFERENCES} references"
        raise InvalidFilter(msg)
    key = _named_key(reference.target, rest, alpha, desc=desc)
    if not isinstance(key.field, ValueField):  # the reference itself holds that primary key
        return SortKey(name, reference, None, key.order, desc)
    check_lasting(key.field, reference)
    is_away = not reference.is_local or key.is_away
    if is_away and key.counts:
        msg = (
            f"sort by {name}: the members of objects that may be in other partitions cannot be counted; read them first"
        )
        raise InvalidFilter(msg)
    return key._replace(name=name, index_number=None, through=(reference, *key.through), is_away=is_away)


def _name_of(model: Any, field: Field[Any]) -> str:
    """The name of a field of a model, or of a class that it inherits from.

    Raises:
        InvalidFilter: it is a field of another model.
    """
    owner = getattr(field, "model", None)
    if owner is not model and owner is not None and not issubclass(model.model, owner.model):
        msg = f"sort by {field}: it is not a field of {model.name}"
        raise InvalidFilter(msg)
    return field.name


def _order(field: ValueField[Any], alpha: bool | None) -> bytes:
    """As what a field's values are compared: as its type says, else as SORT does."""
    if field.codec.ordered:
        return NUMBER if field.codec.ordered == "number" else TEXT
    if field.codec.name in {"str", "bytes"}:
        return TEXT if alpha or field.typed else NUMBER
    return NUMBER if field.codec.number in {"exact", "double"} and not alpha else TEXT


def _index_in_order(field: ValueField[Any], order: bytes) -> int | None:
    for number, index in enumerate(field.place_in(field.model.keys.first).indexes):
        if index.kind.order == order.decode() and index.compares_as_stored:
            return number
    return None


def _by_scores(model: Any, by_score: Any, desc: bool) -> SortKey:
    if isinstance(by_score, BoundValue) and by_score._field.stored_as == b"zset":
        same_database(model, by_score._instance.database, by_score)
        return SortKey("score", None, None, NUMBER, desc, scores=key_of(by_score))
    if isinstance(by_score, str | bytes):
        name = by_score if isinstance(by_score, bytes) else by_score.encode("utf-8", "surrogateescape")
        down = name.startswith(b"-")
        return SortKey("score", None, None, NUMBER, desc != down, scores=name.removeprefix(b"-"))
    msg = f"{model.name}: sort's by_score takes a bound SortedSetField or the key of a sorted set, not {by_score!r}"
    raise InvalidFilter(msg)
