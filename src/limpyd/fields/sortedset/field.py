"""The declarations of fields in a Redis sorted set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.fields.declaration.members import MembersField
from limpyd.fields.declaration.options import MemberConstraints
from limpyd.fields.declaration.value import FieldPlace
from limpyd.fields.sortedset.commands import BoundSortedSet
from limpyd.fields.sortedset.scores import Number
from limpyd.indexes.base import Declared
from limpyd.requests.request import Argument
from limpyd.scripts.object_requests import NewObject
from limpyd.types import Encodable, SupportsItems, Untyped

T = TypeVar("T")


class ScoredField(MembersField[T]):
    """The declaration of a field whose members have scores."""

    redis_type = "zset"
    stored_as = b"zset"
    encode_first = staticmethod(checks.usual_score)
    """Encodes what is sent before a member, or returns None (statements/fast_path.py)."""

    def decode_reply(self, reply: list[bytes]) -> dict[T, Any]:
        return {self.codec.decode(reply[at]): float(reply[at + 1]) for at in range(0, len(reply), 2)}

    def scored(self, mapping: Mapping[T, Number]) -> list[Argument]:
        """Scores and members in turn, as ZADD takes them.

        Raises:
            InvalidValue: a member does not fit the field's type, or a score is no number.
        """
        args: list[Argument] = []
        for member, score in mapping.items():
            text = checks.usual_score(score) or checks.score(f"{self}'s score of {shorten(member)}", score)
            args += (text, self.encode_new(member))
        return args


class SortedSetField(ScoredField[T]):
    """Members in a Redis sorted set, each with a score.

    Args:
        type: the Python type of the members. Without it what redis-py takes is taken, and text returned.
        indexable: objects can be found by any of their members.
        unique: no two objects have a member in common; implies indexable.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    @overload
    def __init__(
        self: SortedSetField[Untyped],
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[MemberConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[MemberConstraints],
    ) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: ScoredField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundSortedSet[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: ScoredField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundSortedSet[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundSortedSet[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundSortedSet[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundSortedSet(self, instance)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: SupportsItems[T, Number] | None) -> None: ...

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> None:
        if not isinstance(value, Mapping):
            msg = f"{self} takes a mapping from members to scores, not {shorten(value)}"
            raise InvalidValue(msg)
        self._add_members(new, place, "ZADD", self.scored(value), step=2)
