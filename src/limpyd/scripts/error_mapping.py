"""Maps the outcomes of scripts (see lua/library/journal.lua) to errors.

Errors that the server replies with are translated by drivers/error_translation.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from limpyd.exceptions import (
    ConditionFailed,
    ConstraintError,
    DoesNotExist,
    IndexNotBuilt,
    InvalidValue,
    LimpydError,
    MultipleObjectsReturned,
    OutcomeUnknown,
    RestrictedError,
    RollbackFailed,
    ServerError,
    StaleObject,
    UndeclaredReference,
    UniquenessError,
    WrongTypeError,
    shorten,
)
from limpyd.keys import to_text
from limpyd.lua.script import OfModel
from limpyd.requests.request import Argument
from limpyd.requests.subjects import Subject
from limpyd.scripts.change_limit import too_many_changes
from limpyd.scripts.computation_errors import COMPUTATION, computation_error
from limpyd.scripts.server_messages import cure_of_account, plain, too_old
from limpyd.server import Needs


class Model(Subject, OfModel, Protocol):
    """The attributes of a model that the outcomes of scripts need."""

    name: str
    pk_name: str
    era: Any
    """A new object after each deletion in this process."""

    maintenance: Any
    """The state of its indexes (see indexes/maintenance/index_maintenance.py)."""

    targets: Any
    """The models of whose other partitions its objects refer to objects, by their tags (see limpyd.targets)."""

    deletions: Any
    expires: bool
    is_swept_by_creations: bool

    @property
    def max_changes(self) -> Argument:
        """The most changes of a step, as an argument of scripts."""
        ...

    @property
    def claimed_index(self) -> Any:
        """The first index whose values are unique over several partitions; None if there is none."""

    def field(self, name: str) -> Any: ...
    def value_of(self, field: str, stored: bytes) -> Any: ...
    def index_at(self, key: bytes) -> Any: ...
    def field_at(self, key: bytes, sub: bytes | None) -> Any: ...


class Claim(NamedTuple):
    """A value that is written, and may belong to another object.

    Attributes:
        model: the model of the object that is written.
        field: the name of the field.
        stored: the stored value, if the client knows it.
        sub: the sub-key, if the client knows it.
    """

    model: Model
    field: str
    stored: bytes | None = None
    sub: bytes | None = None


def shown(model: Model, pk: bytes | None) -> str:
    """Returns the name of an object in messages."""
    return f"{model.name}({shorten(to_text(pk))})" if pk is not None else f"a new {model.name}"


def refusal(
    model: Model,
    reply: list[Any],
    pk: bytes | None,
    claims: Sequence[Claim] = (),
    *,
    sought: str = "",
    others: Sequence[tuple[Model, bytes]] = (),
    command: Any = "",
    needs: Needs | None = None,
    who: str = "",
    references: Sequence[Any] = (),
    expected: int | None = None,
    condition: str = "",
) -> LimpydError:
    """Returns the error for an outcome.

    Args:
        model: the model.
        reply: the outcome.
        pk: the primary key of the object, if there is one.
        claims: the written values; the number in the outcome 'unique' is a position among them.
        sought: the filters of a lookup, for the message.
        others: the other objects; the number in the outcome 'gone' is a position among them, counted from 1.
        command: the command, if there was one.
        needs: the servers that support its arguments, if fewer than support the command.
        who: the subject of the message, if it is not the object with the primary key.
        references: the references; the number in the outcome 'restricted' is a position among them, counted from 1.
        expected: the expected version of the object.
        condition: the condition that the object had to meet.
    """
    outcome: Any = reply[0]
    facts: list[Any] = reply[1:]
    who = who or shown(model, pk)
    if outcome == b"gone":
        return _about_absence(model, sought, shown(*others[facts[0] - 1]) if facts and facts[0] else who)
    if outcome == b"stale":
        return _about_a_version(model, who, pk, expected or 0, facts[0])
    if outcome == b"taken":
        owner = to_text(pk or b"")
        return UniquenessError(model.name, model.pk_name, owner, owner)
    if outcome == b"unique":
        return _about_a_unique_value(model, facts, claims)
    if outcome == b"large":
        return too_many_changes(model, who, facts, references)
    if outcome in ABOUT_REFERENCES:
        return _about_a_reference(model, outcome, facts, pk, claims, references)
    if outcome in {b"unindexable", b"constraint"}:
        is_of_index = outcome == b"unindexable"
        return (
            _about_a_value(model, who, facts, claims) if is_of_index else _about_a_constraint(model, facts, pk, claims)
        )
    if outcome in COMPUTATION:
        fields = [f"{claim.model.name}.{claim.field}" for claim in claims]
        unmet = ConditionFailed(model.name, to_text(pk or b""), condition)
        return computation_error(who, outcome, facts, fields, unmet)
    if outcome == b"many":
        return MultipleObjectsReturned(f"{facts[0]} {model.name} objects match {sought}; one was expected")
    return about_a_key(model, who, outcome, facts, command, needs)


def _about_absence(model: Model, sought: str, who: str) -> DoesNotExist:
    """Returns the error for an object that does not exist."""
    if sought:
        return DoesNotExist(f"no {model.name} matches {sought}")
    return DoesNotExist(f"there is no {who}: it was deleted, or never created")


def _about_a_version(model: Model, who: str, pk: bytes | None, expected: int, found: bytes) -> LimpydError:
    """Returns the error for an object with another version than expected."""
    try:
        return StaleObject(model.name, to_text(pk or b""), expected, int(found))
    except ValueError:
        return ServerError(f"{who}: its version is {shorten(found)}, which is not an integer; nothing was changed")


def expiring(who: str, field: object, facts: list[Any], cure: str) -> InvalidValue:
    """Returns the error for a value that expires and cannot be indexed."""
    milliseconds, key, sub = facts
    what = f"the key {to_text(key)!r}" if sub is None else f"the entry {to_text(sub)!r} of {to_text(key)!r}"
    return InvalidValue(
        f"{who}: {field} cannot be indexed, because {what} expires in {int(milliseconds) / 1000:g} s, and its "
        f"index entry would stay; no entry was added for this object. {cure}"
    )


def _about_a_value(model: Model, who: str, facts: list[Any], claims: Sequence[Claim]) -> LimpydError:
    """Returns the error for a value that cannot be indexed."""
    value, reason, key = facts
    found = _index_at(model, key, claims)
    if found is None:  # it is declared elsewhere only
        return InvalidValue(
            f"{who}: the index {to_text(key)!r} cannot store {shorten(value)}: {to_text(reason)}; nothing was changed"
        )
    refused: LimpydError = found[1].refusal(value, to_text(reason))
    return refused


def _about_a_unique_value(model: Model, facts: list[Any], claims: Sequence[Claim]) -> UniquenessError:
    """Returns the error for a value that belongs to another object."""
    claim = _claim_of_index(model, facts[0], claims) if isinstance(facts[0], bytes) else claims[facts[0]]
    found, owner, *under = facts[1:]
    value = claim.model.value_of(claim.field, found if claim.stored is None else claim.stored)
    sub = under[0] if under and under[0] is not None else claim.sub
    if sub is not None:
        value = {to_text(sub): value}
    return UniquenessError(claim.model.name, claim.field, value, to_text(owner))


def _about_a_constraint(model: Model, facts: list[Any], pk: bytes | None, claims: Sequence[Claim]) -> ConstraintError:
    """The error for a value that breaks a constraint of its field."""
    number, row, kind, found, *_ = facts
    claim = Claim(model, to_text(row).partition(" ")[0]) if isinstance(number, bytes) else claims[number]
    own = pk if claim.model is model else None
    error: ConstraintError = claim.model.field(claim.field).broken(to_text(kind), found, own)
    return error


def _about_a_reference(
    model: Model, outcome: bytes, facts: list[Any], pk: bytes | None, claims: Sequence[Claim], references: Sequence[Any]
) -> LimpydError:
    """Returns the error for a reference to a missing object, or for one that prevents a deletion."""
    if outcome == b"absent":
        from limpyd.scripts.absent_references import absent  # noqa: PLC0415 - only an error needs it

        claim = claims[facts[0]]
        return absent(claim, facts[1], pk if claim.model is model else None, claims)
    if outcome == b"undeclared":
        reference, target = to_text(facts[0]), to_text(facts[1])
        error = UndeclaredReference(reference, model.name, target)
        if facts[2] is not None:
            error.add_note(
                f"if no code declares {reference} any more: {reference.partition('.')[0]}.clear_indexes(), then "
                f"{model.name}.database.connection.hdel({to_text(facts[2])!r}, {to_text(facts[3])!r})"
            )
        return error
    number, *pks = facts
    by = references[number - 1]
    if outcome == b"unbuilt":
        return IndexNotBuilt(by.model.name, by.name, "the index that finds the referring objects")
    holder, referred = pks
    return RestrictedError(by.model.name, by.name, to_text(holder), by.target.name, to_text(referred))


def _index_at(model: Model, key: bytes, claims: Sequence[Claim]) -> tuple[Model, Any] | None:
    """Returns the index with a key, and its model; None if it belongs to no model of the request."""
    models = [model, *(claim.model for claim in claims)]
    return next(((one, index) for one in models if (index := one.index_at(key)) is not None), None)


def _claim_of_index(model: Model, key: bytes, claims: Sequence[Claim]) -> Claim:
    """Returns the claim of the values of an index, of one field or of several."""
    found = _index_at(model, key, claims)
    return Claim(model, to_text(key)) if found is None else Claim(found[0], found[1].field_names)


def about_a_key(
    model: Model, who: str, outcome: bytes, facts: list[bytes], command: Any = "", needs: Needs | None = None
) -> LimpydError:
    """Returns the error for a key of the wrong type, or for a command that the server refused."""
    if outcome not in ABOUT_KEYS:
        return unknown_outcome(who, [outcome, *facts])
    if outcome == b"rounded":
        return ServerError(
            f"{who}: the reply contains an integer beyond 2**53, which a script would round; nothing was changed. "
            "Read it outside the transaction"
        )
    said = "" if outcome == b"occupied" else to_text(facts.pop(0))
    message = plain(said)
    key, found = to_text(facts[0]), to_text(facts[1])
    shown = shorten(key, 300)
    expected = model.type_of(facts[0])
    if outcome == b"broken":
        msg = (
            f"{who}, around the key {shown}: a write was refused, and not all of its changes could be undone: "
            f"{message}. Allow this account the commands that undo others, such as SREM for SADD, then find the "
            f"remaining changes with {model.name}.check()"
        )
        return RollbackFailed(msg)
    if outcome == b"unread":
        return OutcomeUnknown(
            f"{who}, key {shown}: the command was executed, but its result, an integer beyond 2**53, could not be "
            f"read ({message}); read the value. Allow this account GET and HGET"
        )
    if found not in {expected, "none"} and (outcome == b"occupied" or message.startswith("WRONGTYPE")):
        return WrongTypeError(who, key, expected, found)
    if outcome == b"occupied":
        msg = (
            f"{who}: the key {shown} holds data of an object that does not exist; nothing was changed. Rename or "
            "delete that key"
        )
        return ServerError(msg)
    old = too_old(who, command, message, needs)
    return old or ServerError(f"{who}, key {shown}: {message}; nothing was changed{cure_of_account(message)}")


def unknown_outcome(who: str, outcome: Any) -> OutcomeUnknown:
    """Returns the error for a reply that no script of this version sends."""
    return OutcomeUnknown(
        f"{who}: the script replied {shorten(outcome)}, which this version of limpyd does not know. It is not "
        "known whether anything was changed; read the values to find out"
    )


ABOUT_REFERENCES = frozenset({b"absent", b"restricted", b"unbuilt", b"undeclared"})
"""The outcomes with a reference."""
ABOUT_KEYS = frozenset({b"error", b"broken", b"occupied", b"unread", b"rounded"})
"""The outcomes with a key, or a command that the server refused."""
