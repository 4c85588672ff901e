"""Every error limpyd raises. Each message names the cause and the cure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import redis.exceptions

if TYPE_CHECKING:
    from collections.abc import Callable


class LimpydError(Exception):
    """The root of all errors raised by limpyd."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Their constructors take other arguments than the message, which is what Exception would pass on.
        return _restored, (type(self), self.args, self.__dict__)

    def __repr__(self) -> str:
        # Some are redis-py's too, for code that catches those; its repr leaves the message out.
        return f"{type(self).__name__}({str(self)!r})"


class ImplementationError(LimpydError):
    """A declaration or a call that limpyd does not support: limpyd 2's class for such errors."""


# --- declarations: raised while a class or a database is being defined ---


class DeclarationError(ImplementationError, TypeError):
    """A model, a field or a database is declared in a way that cannot work."""


# --- calls: raised before anything is sent ---


class InvalidValue(LimpydError, ValueError, redis.exceptions.DataError):
    """A value does not fit the type of its field, or an argument of its command; or arguments exclude each other."""


class MissingArgument(InvalidValue, redis.exceptions.ResponseError):
    """A command that takes any number of names or members was called without any; a server refuses this too."""


class UnknownField(ImplementationError, ValueError, AttributeError):
    """A name is not a field of the model."""


class InvalidFilter(ImplementationError, ValueError):
    """No index of the field supports the filter."""


class InvalidPrimaryKey(LimpydError, ValueError):
    """A primary key is missing, passed twice, passed although it is automatic, or of a wrong type."""


class UnsupportedCommand(ImplementationError, TypeError):
    """The command does not work with the declaration of the field."""


# --- pipelines and transactions ---


class NotInPipeline(LimpydError, TypeError):
    """The operation needs a result to decide its next request, so a pipeline cannot collect it."""


class NotExecuted(LimpydError, RuntimeError):
    """The operation of a pipeline was not executed: not yet, or never."""


class WatchError(LimpydError, redis.exceptions.WatchError):
    """A key that a transaction watched changed in each of its tries; nothing was written."""


# --- answers: what the server found ---


class IndexNotBuilt(LimpydError):
    """A query needs an index that does not contain all objects: some were written before it was declared.

    Attributes:
        model: name of the model.
        field: name of the field.
        index: name of the index.
    """

    def __init__(self, model: str, field: str, index: str) -> None:
        super().__init__(
            f"{index} of {model}.{field} is declared but not built: it does not contain the objects that were "
            f"written without it. Build it with {model}.rebuild_indexes() or "
            f"{model}.get_field({field!r}).rebuild_indexes()"
        )
        self.model = model
        self.field = field
        self.index = index


class DoesNotExist(LimpydError, LookupError):
    """No object has this primary key, or none matches the filters."""


class RelatedDoesNotExist(DoesNotExist):
    """The referenced object does not exist. Nothing was written.

    Attributes:
        model: name of the model that refers.
        field: name of the field.
        pk: the primary key of the missing object.
    """

    def __init__(self, model: str, field: str, target: str, pk: str, *, can_be_unchecked: bool = True) -> None:
        super().__init__(
            f"{model}.{field}: there is no {target}({shorten(pk)}) to refer to; nothing was written. Create it first"
            + ", or declare the field with check=False" * can_be_unchecked
        )
        self.model = model
        self.field = field
        self.pk = pk


class RestrictedError(LimpydError, ValueError):
    """A reference with `on_delete="restrict"` forbids the deletion of an object. Nothing was deleted in this step.

    Attributes:
        model: name of the model that refers.
        field: name of the field.
        pk: primary key of the object that refers.
        target: primary key of the referenced object.
    """

    def __init__(self, model: str, field: str, pk: str, target_model: str, target: str) -> None:
        super().__init__(
            f"{target_model}({shorten(target)}) cannot be deleted: {model}({shorten(pk)}).{field} refers to it, and is "
            f"declared with on_delete='restrict'; nothing was deleted in this step. Change or delete that object first"
        )
        self.model = model
        self.field = field
        self.pk = pk
        self.target = target


class UndeclaredReference(LimpydError, ValueError):
    """An object cannot be deleted: a model that this process does not declare may refer to it. Nothing was deleted.

    Attributes:
        reference: the model and the field that refer, such as `"Article.author"`.
        target: primary key of the object that was to be deleted.
    """

    def __init__(self, reference: str, target_model: str, target: str) -> None:
        model, _, field = reference.rpartition(".")
        super().__init__(
            f"{target_model} objects cannot be deleted: {reference} may refer to {target!r}, and this process does "
            "not know that reference, so it cannot apply its on_delete; nothing was deleted in this step. Import "
            f"the module that declares {model} with its field {field} first"
        )
        self.reference = reference
        self.target = target


class DifferentPartitions(LimpydError, ValueError):
    """A model is declared with another number of partitions, or beside another model, than its objects are stored.

    Attributes:
        model: the name of the model.
        declared: the number of partitions that this process declares.
        stored: the number of partitions that its objects are in, or are being moved to.
        declared_beside: the hash tag of the model in whose partitions this process declares the objects; "" if in none.
        stored_beside: the same of those where they are.
        is_moving: true while they are moved (see `repartition`).
    """

    def __init__(
        self, model: str, declared: int, stored: int, declared_beside: str = "", stored_beside: str = ""
    ) -> None:
        super().__init__(model, declared, stored, declared_beside, stored_beside)
        self.model = model
        self.declared = declared
        self.stored = abs(stored)
        self.is_moving = stored < 0
        self.declared_beside = declared_beside
        self.stored_beside = stored_beside

    def __str__(self) -> str:
        if self.is_moving:
            return (
                f"the objects of {self.model} are being moved to {self.stored} partitions, and nothing else can be "
                f"done with them meanwhile. If that was stopped, go on with {self.model}.repartition(), or `limpyd "
                f"repartition`, where the model is declared with partitions={self.stored}"
            )
        if self.declared_beside != self.stored_beside:
            here, there = (
                f"in the partitions of {beside} (colocate_with)" if beside else "in partitions of its own"
                for beside in (self.declared_beside, self.stored_beside)
            )
            cure = "with" if self.stored_beside else "without"
            return (
                f"{self.model} is declared {here}, but its objects are stored {there}; declare it {cure} "
                "colocate_with, or write its objects anew in a model of another name"
            )
        msg = (
            f"{self.model} is declared with {self.declared} partitions, but its objects are stored in {self.stored}; "
            f"declare it with partitions={self.stored}"
        )
        if self.declared > self.stored:
            msg += f", or move them with {self.model}.repartition()"
            msg += ", once no process declares one partition any more" if self.stored == 1 else ""
        return msg


class Relocated(DifferentPartitions):
    """The objects of a model are at another database, or are on their way between two (see `migrate_to`).

    Attributes:
        place: the address of the other database.
        has_left: true if the objects were here, and are at the other database or about to be opened there.
    """

    def __init__(self, model: str, declared: int, stage: str, place: str) -> None:
        super().__init__(model, declared, 0)
        self.args = (model, declared, stage, place)
        self.place = place
        self.has_left = stage == "to"
        self._stage = stage

    def __str__(self) -> str:
        if self.has_left:
            return (
                f"the objects of {self.model} have moved to {self.place}, and nothing can be written here any more; "
                "have this process use that database. If the move was stopped before its end, go on with "
                f"{self.model}.migrate_to(…), or `limpyd migrate --to`; or call abandon_migration"
            )
        if self._stage == "abandoned":
            return (
                f"a move of the objects of {self.model} from {self.place} to this database is being abandoned. If that "
                "was stopped, go on with abandon_migration, or `limpyd migrate --to … --abandon`"
            )
        return (
            f"the objects of {self.model} are being moved here from {self.place}, and cannot be used here before the "
            f"end. If that was stopped, go on with {self.model}.migrate_to(…), or `limpyd migrate --to`"
        )


class ObjectsMoved(LimpydError):
    """The objects of a model were moved to another number of partitions. Call the operation again.

    Nothing of the request that was refused was executed. The process knows the number now, so the operation can be
    called again. Calls that are one request, bulk operations, walks, and changes of what a query finds do so
    themselves, but not in transactions.

    Attributes:
        model: the name of the model.
        partitions: the number of partitions that its objects are in now.
    """

    def __init__(self, model: str, partitions: int) -> None:
        super().__init__(model, partitions)
        self.model = model
        self.partitions = partitions

    def __str__(self) -> str:
        return (
            f"the objects of {self.model} were moved to {self.partitions} partitions meanwhile; nothing was executed "
            "that was not confirmed. Call it again"
        )


class ObjectsOnTheirWay(ObjectsMoved):
    """Objects of a model are on their way to another partition, for longer than the database has patience.

    Nothing of the request was executed. Calls that are one request, bulk operations, walks, and changes of what a query
    finds wait before they raise it, but not in transactions.
    """

    def __init__(self, model: str, partitions: int, finish: Callable[[], Any] | None = None) -> None:
        super().__init__(model, partitions)
        self._finish = finish
        """Begins the rounds of requests that bring them there, if their mover has died."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.model, self.partitions)

    def __str__(self) -> str:
        return (
            f"objects of {self.model} are on their way to other partitions; nothing was executed. Call it again. If "
            f"the move was stopped, go on with {self.model}.repartition(), or `limpyd repartition`, where the model is "
            f"declared with partitions={self.partitions}"
        )


class ChangesLost(LimpydError, LookupError):
    """A reader of a feed of changes fell behind: the entry that it read last was trimmed, and perhaps some after it.

    Attributes:
        model: the name of the model.
        last_id: the id of that entry, `0-0` if there was none yet; of a group, or of one that was trimmed before it was
            acknowledged.
    """

    def __init__(self, model: str, feed: str, last_id: str) -> None:
        gone = "the first entries were" if last_id == "0-0" else f"the entry {last_id} was"
        super().__init__(
            f"{model}.{feed}: {gone} removed, so changes may be lost to this reader. Begin again with "
            f"{model}.{feed}('$'), then read all objects anew; and read more often, or raise max_length"
        )
        self.model = model
        self.last_id = last_id


class TooManyChanges(LimpydError, ValueError):
    """A step would change more objects and entries than the database's `max_changes`. Nothing was changed.

    Attributes:
        pk: primary key of the object whose changes exceed the limit, or "" if it is not known.
        changes: the number of objects and index entries that the step would change, at least.
        limit: the number of changes that the step may make.
    """

    def __init__(self, who: str, pk: str, changes: int, limit: int, why: str, cure: str) -> None:
        super().__init__(
            f"{who}: this would change at least {changes} objects and index entries in one step, but the limit is "
            f"{limit} (max_changes of the database); {why}; nothing was changed. {cure}. Or raise max_changes; a "
            "step takes about 5 µs for each change, and the server serves no other client meanwhile"
        )
        self.pk = pk
        self.changes = changes
        self.limit = limit


class MoveConflict(LimpydError, ValueError):
    """An object cannot be moved to its new name, because other data has that name. The object was not changed."""


class MultipleObjectsReturned(LimpydError, ValueError):
    """More than one object matches, but the call returns exactly one."""


class UniquenessError(LimpydError, ValueError):
    """A unique value, or a primary key, already belongs to another object.

    Nothing was written. During a rebuild of an index: two objects have the same value.

    Attributes:
        model: name of the model.
        field: name of the unique field.
        value: the refused value, as its field's type.
        owner: primary key of the object that has the value.
        other: primary key of the other object that has it, if an index was to be built.
    """

    def __init__(self, model: str, field: str, value: Any, owner: str, other: str | None = None) -> None:
        if other is None:
            message = (
                f"{model}.{field} is unique and {shorten(value)} already belongs to "
                f"{model}({shorten(owner)}); nothing was written. Choose another value, "
                f"or change that object first."
            )
        else:
            message = (
                f"{model}.{field} is unique, but both {model}({shorten(owner)}) and {model}({shorten(other)}) have "
                f"{shorten(value)}; so its index is not built. Change one of them, and rebuild the index."
            )
        super().__init__(message)
        self.model = model
        self.field = field
        self.value = value
        self.owner = owner
        self.other = other


class ConstraintError(LimpydError, ValueError):
    """A value breaks a constraint of its field, such as `ge=0` or `required=True`. Nothing was written.

    Attributes:
        model: name of the model.
        field: name of the field.
        pk: primary key of the object; None if it is not known.
        value: the refused value, as its field's type; the number of members for `max_members`; None for `required`.
        constraint: the constraint, as it is declared: `"ge=0"`.
        demand: what it demands, for messages.
        refused: what the value is, for messages.
    """

    def __init__(
        self, model: str, field: str, value: Any, constraint: str, demand: str, pk: str | None = None, reason: str = ""
    ) -> None:
        of = "" if pk is None else f" of {model}({shorten(pk)})"
        name, _, _ = constraint.partition("=")
        if name == "required":
            refused, cure = "cannot be without a value", "Give a value"
        elif name == "max_members":
            refused, cure = f"cannot have {value} members", "Remove others first"
        else:
            refused, cure = f"cannot be {shorten(value)}", "Give another value"
        super().__init__(
            f"{model}.{field}{of} {refused}: {demand} ({constraint}){reason and f': {reason}'}; nothing was written. "
            f"{cure}, or declare the field without {name}"
        )
        self.model = model
        self.field = field
        self.pk = pk
        self.value = value
        self.constraint = constraint
        self.demand = demand
        self.refused = refused


class StaleObject(LimpydError):
    """Another process has updated the object since its version was read. Nothing was written.

    Attributes:
        model: name of the model.
        pk: primary key of the object.
        expected: the version that you passed as `if_version`.
        found: the current version of the object.
    """

    def __init__(self, model: str, pk: str, expected: int, found: int) -> None:
        super().__init__(
            f"{model}({shorten(pk)}) has version {found}, not {expected}: it has been updated since you read it; "
            "nothing was written. Read it again before you update it"
        )
        self.model = model
        self.pk = pk
        self.expected = expected
        self.found = found


class ConditionFailed(LimpydError):
    """The object does not meet the condition of an update. Nothing was written.

    Attributes:
        model: name of the model.
        pk: primary key of the object.
        condition: the condition, as text.
    """

    def __init__(self, model: str, pk: str, condition: str) -> None:
        super().__init__(
            f"{model}({shorten(pk)}) does not meet the condition {condition}; nothing was written. Read it again, and "
            f"decide anew"
        )
        self.model = model
        self.pk = pk
        self.condition = condition


class BulkError(LimpydError, ValueError):
    """An object of a bulk operation was refused; the reason is the `__cause__` of the error.

    The objects before it are done. The refused object and the objects after it are not, but for those in other
    partitions of the model that were sent together with it: `done_after` has their positions.

    Attributes:
        position: the position of the refused object in the iterable, counted from 0.
        done: the result of the operation for all objects that are done.
        done_after: the positions of the objects after it that are done; none if the model has one partition, or if the
            primary keys were minted.
    """

    def __init__(
        self, operation: str, position: int, done: Any, cause: LimpydError, done_after: Sequence[int] = ()
    ) -> None:
        others = ""
        if done_after:
            others = f", but for those at the positions {ranges(done_after)}, which are in other partitions"
        super().__init__(
            f"{operation}: the object at position {position} was refused: {str(cause).rstrip('.')}. It and the "
            f"objects after it were not processed{others}; the objects before it are done: {done}"
        )
        self.position = position
        self.done = done
        self.done_after = list(done_after)


class ImportRefused(BulkError):
    """An import refused a line of a file; the reason is the `__cause__` of the error.

    Unless it was a dry run, the lines before it are imported. The refused line and the lines after it are not, but for
    those in other partitions of the model that were sent together with it: `skip_lines` has their numbers.

    Attributes:
        line: the number of the line, counted from 1. Pass it as `from_line=` to continue after you have corrected it.
        skip_lines: the numbers of the lines after it that are imported, such as "14-20,25"; empty if there are none.
            Pass them as `skip_lines=` to continue.
        position: the position of the object in the file, counted from 0.
        done: the result of the import for all lines that are imported.
        done_after: the positions of the objects after it that are done.
    """

    def __init__(
        self,
        operation: str,
        line: int,
        position: int,
        done: Any,
        cause: Exception,
        advice: str,
        skip_lines: str = "",
        done_after: Sequence[int] = (),
    ) -> None:
        reason = str(cause).rstrip(".")
        LimpydError.__init__(self, f"{operation}: line {line} was refused: {reason}. {advice}")
        self.line = line
        self.skip_lines = skip_lines
        self.position = position
        self.done = done
        self.done_after = list(done_after)


class StoredValueError(LimpydError, ValueError):
    """A value found in Redis does not fit the type of its field.

    Attributes:
        key: name of the key that holds the value.
        pk: primary key of the object, if it is known.
    """

    def __init__(self, message: str, key: str, pk: str | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.pk = pk


class WrongTypeError(LimpydError, TypeError):
    """A key holds another Redis type than the field that owns it.

    Attributes:
        key: name of the key.
        expected: the Redis type of the field.
        found: the Redis type that is stored there.
    """

    def __init__(self, subject: str, key: str, expected: str, found: str) -> None:
        super().__init__(
            f"{subject}: the key {shorten(key, 300)} should be a {expected} but holds a {found}. It was not "
            "written through this field; rename or delete that key."
        )
        self.key = key
        self.expected = expected
        self.found = found


class ServerError(LimpydError, redis.exceptions.ResponseError):
    """The server refused a command; the message has the command and the reason."""


class RollbackFailed(ServerError):
    """A step was stopped, but the account is not allowed to undo all its changes.

    Allow the commands that undo others, such as SREM for SADD, and repair the data by `check(repair=True)`.
    """


# --- the connection ---


class ConnectionFailed(LimpydError, redis.exceptions.ConnectionError):
    """The connection failed; the class of the error tells whether a write may have been executed."""


class ServerUnreachable(ConnectionFailed):
    """The server cannot be reached, or does not accept commands. Nothing was executed."""


class ServerTimeout(LimpydError, redis.exceptions.TimeoutError):
    """The server did not answer a read in time."""


class OutcomeUnknown(ConnectionFailed):
    """The connection was lost, or the call interrupted, after a write was sent. The write may have been executed.

    limpyd does not send the write again, since it could be executed twice. Read the value to find out.
    """


class ServerTooOld(LimpydError):
    """The server is too old for limpyd, or for a command."""


def _restored(kind: type[LimpydError], args: tuple[Any, ...], state: dict[str, Any]) -> LimpydError:
    """An error that was pickled or copied."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def shorten(value: object, limit: int = 80) -> str:
    """Returns the repr of a value for a message, cut where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an int of more digits than Python shows, a list within lists within…
        text = f"an {type(value).__name__} too large to show"
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


LimpydException = LimpydError
"""The name that limpyd 2 has for the root of all errors."""


def ranges(numbers: Sequence[int]) -> str:
    """Returns ascending numbers as text, such as "14-20,25"."""
    groups = [list(group) for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return ",".join(f"{group[0][1]}-{group[-1][1]}" if len(group) > 1 else str(group[0][1]) for group in groups)
