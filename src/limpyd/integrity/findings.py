"""The kinds of findings of a check, and a finding."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, NamedTuple, get_args

from limpyd.exceptions import InvalidValue, shorten

Kind = Literal[
    "missing",
    "stale",
    "orphan",
    "unbuilt",
    "undeclared",
    "unfinished",
    "dangling",
    "expiring",
    "counter",
    "half",
    "unexplained",
    "mistyped",
    "conflict",
    "unindexable",
    "undecodable",
    "constraint",
    "misplaced",
    "unclaimed",
    "unowned",
    "bare",
    "lasting",
    "expired",
    "abandoned",
    "unfreed",
]
Repair = bool | Literal["all"] | Collection[Kind]


class KindFacts(NamedTuple):
    """The facts of a kind of findings.

    Attributes:
        meaning: a description of the error.
        cure: the effect of a repair; without a repair, the advice to the user.
        repair: `usual`, if a repair loses no data; `named`, if it removes data, so that you have to name the kind; or
            `none`, if only the user knows the right value.
        mild: True if the finding does no harm, so that the data counts as consistent.
    """

    meaning: str
    cure: str
    repair: Literal["usual", "named", "none"] = "usual"
    mild: bool = False


KINDS: dict[Kind, KindFacts] = {
    "missing": KindFacts("an index has no entry for a value of an object", "the entry is added"),
    "stale": KindFacts("an index has an entry that does not match its object", "the entry is removed or corrected"),
    "orphan": KindFacts("a key of an index that is not declared", "it is removed"),
    "unbuilt": KindFacts("an index is declared, but does not contain all objects", "it is built"),
    "undeclared": KindFacts("an index counts as built, but is not declared any more", "it is recorded as not built"),
    "unfinished": KindFacts(
        "a deletion that concerns other partitions was not finished",
        "it is finished, or called off if it is not decided",
    ),
    "dangling": KindFacts("a reference to an object that does not exist", "it is cleared"),
    "expiring": KindFacts("an indexed value, or another key of the model, expires", "its expiry is removed"),
    "counter": KindFacts(
        "the counter of automatic primary keys is less than the highest one, or not a number of its partition",
        "the counter is set to the highest one, or to the number before",
    ),
    "half": KindFacts("data of an object that does not exist", "it is removed", "named"),
    "unexplained": KindFacts("data that belongs to no declared field", "it is removed", "named"),
    "mistyped": KindFacts("a key holds another Redis type than is declared", "it is removed", "named"),
    "conflict": KindFacts(
        "two objects have the same unique value", "give one of them another value, and check again", "none"
    ),
    "unindexable": KindFacts(
        "an object has a value that an index cannot store", "set another value, or give the field another index", "none"
    ),
    "undecodable": KindFacts(
        "a value does not have the type of its field", "set a new value, or declare the type that is stored", "none"
    ),
    "constraint": KindFacts(
        "a value breaks a constraint of its field, or a required one is not there",
        "set it anew, or change the declaration",
        "none",
    ),
    "misplaced": KindFacts(
        "an object is in another partition than its primary key says, so it is found by queries only",
        "restore the declaration of the primary key that it was created with; or create it anew, and remove it here",
        "none",
    ),
    "unclaimed": KindFacts(
        "a value that is unique over several partitions is not claimed, so another object could get it",
        "it is claimed",
    ),
    "unowned": KindFacts(
        "data of a model that is not declared", "declare or import the model; or move its data with rename_from", "none"
    ),
    "bare": KindFacts("an object without any data", "it is deleted, unless others refer to it", "named", mild=True),
    "lasting": KindFacts("a stored collection that does not expire", "it is removed", "named", mild=True),
    "expired": KindFacts(
        "the inventory of a dynamic field lists a version without a value",
        "the version is removed from the inventory",
        mild=True,
    ),
    "abandoned": KindFacts(
        "a value that is unique over several partitions is claimed, but no object has it",
        "the claim is removed",
        mild=True,
    ),
    "unfreed": KindFacts(
        "the server would keep a value after the deadline of its object, until the object is removed",
        "it gets the expiry",
        mild=True,
    ),
}
"""All kinds of findings."""


def kinds_to_repair(repair: Repair) -> frozenset[Kind]:
    """Returns the kinds of findings to repair.

    Raises:
        InvalidValue: it names no such kind, or one that cannot be repaired.
    """
    if repair is True:
        return frozenset(kind for kind, facts in KINDS.items() if facts.repair == "usual")
    if repair is False:
        return frozenset()
    if repair == "all":
        return frozenset(kind for kind, facts in KINDS.items() if facts.repair != "none")
    repairable = [kind for kind in get_args(Kind) if KINDS[kind].repair != "none"]
    if isinstance(repair, str | bytes) or not isinstance(repair, Collection):
        msg = f"repair takes True, False, 'all' or some kinds of findings, not {shorten(repair)}"
        raise InvalidValue(msg)
    wrong = [kind for kind in repair if kind not in repairable]
    if wrong:
        known = ", ".join(repairable)
        msg = f"repair: {shorten(wrong[0])} is not a kind of finding that can be repaired; these kinds can: {known}"
        raise InvalidValue(msg)
    return frozenset(repair)


class Finding(NamedTuple):
    """One error that a check has found.

    Attributes:
        kind: one of `limpyd.integrity.KINDS`.
        model: the name of the model; if the model is not declared, its namespace and name.
        key: the key in Redis.
        pk: the primary key of the object, if the finding concerns an object.
        what: the description of the error.
        repaired: True if the error was repaired.
    """

    kind: Kind
    model: str
    key: str
    pk: str | None
    what: str
    repaired: bool = False

    def __str__(self) -> str:
        who = self.model if self.pk is None else f"{self.model}({shorten(self.pk)})"
        repaired = " [repaired]" if self.repaired else ""
        return f"{self.kind}: {who}, key {shorten(self.key)}: {self.what}{repaired}"

    def as_dict(self) -> dict[str, Any]:
        """The same as a dict that JSON can hold."""
        return {name: _plain(value) for name, value in self._asdict().items()}


def _plain(value: Any) -> Any:
    """Returns text with a UTF-8 form: other bytes, which stand in it as surrogates, are shown by their numbers."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") if type(value) is str else value
