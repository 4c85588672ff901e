"""The keys of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from limpyd.exceptions import DeclarationError
from limpyd.keys.moving import Given, Move
from limpyd.keys.names import encodable, looks_like_partition, to_bytes
from limpyd.keys.partition import Partition
from limpyd.keys.templates import COUNTED


class ModelKeys:
    """The keys of a model of one partition.

    Attributes:
        tag: the name of the model with its namespace; also the hash tag of its keys if it has one partition.
        count: the number of partitions.
        declared: the number that the model is declared with, which is another one if this process follows a move.
        parent: the keys of the model whose hash tags these have, if it is declared with `colocate_with`.
        has_record: true if the catalog of `root` records where the objects are: in several partitions, or in those of
            another model.
        move: the move of the objects from `count` partitions to more, if they are on their way while they are in use.
    """

    layout: ClassVar[str] = "limpyd"
    count = 1
    declared = 1
    parent: ModelKeys | None = None
    has_record = False
    move: Move | None = None
    _mints = False

    def __init__(self, namespace: str, model: str) -> None:
        for what, text in (("namespace", namespace), ("model name", model)):
            if not isinstance(text, str) or not encodable(text):
                msg = f"the {what} {text!r} is not text that a key can contain"
                raise DeclarationError(msg)
            if "\0" in text:
                msg = f"the {what} {text!r} contains a NUL, which stands for the primary key in the keys of a model"
                raise DeclarationError(msg)
            if "{" in text or "}" in text:
                msg = (
                    f"the {what} {text!r} contains a brace, which Redis Cluster reads as part of the hash tag of a "
                    f"key; choose a {what} without '{{' and '}}'"
                )
                raise DeclarationError(msg)
        if not model or ":" in model:
            msg = f"the model name {model!r} is empty or contains a colon, which separates it from its namespace"
            raise DeclarationError(msg)
        if namespace and looks_like_partition(model):
            msg = (
                f"the model name {model!r} looks like the number of a partition: the keys could be those of a "
                f"partition of the model {namespace!r}; choose a name with a letter"
            )
            raise DeclarationError(msg)
        self.name = model
        self.tag = f"{namespace}:{model}" if namespace else model
        self._only = self._partition_of(self.tag)

    def _partition_of(self, tag: str) -> Partition:
        return Partition(to_bytes(tag))

    def version_name(self, field: str, part: str | None, name_of: Callable[[str], str]) -> str:  # noqa: ARG002 - some ask
        """Returns the name that keys of a version of a dynamic field have; without part their template."""
        return f"{field}.{COUNTED}" if part is None else f"{field}.{len(to_bytes(part))}:{part}"

    def know_versions(self, accepted: Mapping[str, Callable[[str], bool]]) -> None:
        """Takes note of which names versions of dynamic fields have, by their templates; a layout may ask that."""

    def refuses_part(self, part: str) -> str:  # noqa: ARG002 - some ask
        """Returns the reason why a dynamic field cannot have a part in this layout; empty if it can."""
        return ""

    def refuses_pk(self, pk: bytes) -> str:  # noqa: ARG002 - some ask
        """Returns the reason why no new object can have a primary key; empty if one can."""
        return ""

    def know(self, fields: Sequence[str]) -> None:
        """Takes note of the names of the model's fields, of which a layout may ask something.

        Raises:
            DeclarationError: a field cannot have its name in this layout.
        """

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """All partitions; a query runs on each."""
        return (self._only,)

    @property
    def first(self) -> Partition:
        """One of the partitions, for what is the same in all."""
        return self._only

    @property
    def root(self) -> Partition:
        """The keys of the tag without a number. Its catalog records the number of partitions, if there are several."""
        return self._only

    @property
    def top(self) -> ModelKeys:
        """The keys of the model whose hash tags these have; these themselves if that is none other."""
        return self if self.parent is None else self.parent.top

    @property
    def record(self) -> str:
        """The text that the catalog of `root` records."""
        if self.move is not None:
            return self.move.text.decode()
        return str(self.count) if self.parent is None else f"{self.count} {self.top.tag}"

    @property
    def places(self) -> tuple[object, ...]:
        """All that the partition of an object depends on, besides its primary key."""
        return self.top.tag, self.count, self._mints, None if self.parent is None else self.parent.places

    @property
    def known(self) -> object:
        """The places of the objects, as far as they are known; another object once more is known."""
        return None

    @property
    def placed(self) -> str:
        """The declaration of where the objects are, for messages."""
        return f"{self.count} partitions" if self.parent is None else f"colocate_with = {self.parent.name}"

    def beside(self, partition: Partition) -> Partition:  # noqa: ARG002 - some have several
        """The partition that has the hash tag of one of a model of the same top."""
        return self._only

    def at(self, _number: int) -> Partition:
        """The partition of a number."""
        return self._only

    def keys_of(self, _number: int) -> Partition:
        """The keys of the partition of a number, whether it has objects or not."""
        return self._only

    def has_left(self, partition: Partition) -> bool:  # noqa: ARG002 - objects of one partition stay
        """Returns whether a partition was one of these, before objects were found to have moved."""
        return False

    def has_tag(self, tag: bytes) -> bool:
        """Returns whether a hash tag is that of one of the partitions, whatever their number is or was."""
        return self.first.tag == tag

    def follow(self, place: int | Move) -> None:
        """Has another number of partitions from now on, which are new ones, although some have the same keys.

        Args:
            place: the number; or a move to another one, of which nothing more is known. Several can become others.
        """
        raise NotImplementedError

    def learn(self, number: int, given: Given | None) -> list[Partition]:
        """Notes how far a move of objects has come; returns the partitions in whose place there are new ones.

        Args:
            number: that of the partition that gives objects, or of one that gets them.
            given: how much it has given; None if it has not begun.
        """
        raise NotImplementedError

    @property
    def pattern(self) -> bytes:
        """Matches all keys of the model; perhaps others too, if it has several partitions."""
        return self._only.pattern

    def has(self, key: bytes) -> bool:
        """Returns whether a key that the pattern matches is one of the model."""
        return key.startswith(self._only.prefix)

    def partition(self, _pk: bytes | None) -> Partition:
        """The partition of the object with a primary key; without one, where this thread makes its next object."""
        return self._only

    def partition_of_key(self, _key: bytes) -> Partition | None:
        """The partition that a key of an object belongs to; None if nothing of the model is there."""
        return self._only

    def partition_of_text(self, _text: bytes) -> Partition:
        """The partition of what is no object and does not move with objects, such as a stored collection of a name."""
        return self._only

    def keeper(self, _text: bytes) -> Partition:
        """The partition that keeps the claim of a value: that of an object with a primary key of the same hash."""
        return self._only

    def creating(self, _text: bytes) -> Partition:
        """The partition in which an object with a value is made: the one that keeps the claim of it, if it can be."""
        return self._only

    def mints_in(self, _partition: Partition) -> bool:
        """Returns whether new objects with automatic primary keys may be made in a partition."""
        return True

    def former_keeper(self, _text: bytes) -> int | None:
        """The number of the partition that gave the claim of a value to `keeper`; None if it is not known to have."""
        return None

    def holders(self, _number: int) -> list[Partition]:
        """The partitions that may have what one of a number has claimed: itself, and those that it has given to."""
        return [self._only]

    def turn(self, text: bytes | None = None) -> None:
        """Has this thread or task make its next object in the next partition."""
