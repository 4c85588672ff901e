"""Deletions with their `on_delete`: cascade, clear, restrict; and their arguments for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import LimpydError
from limpyd.fields.declaration.members import MembersField
from limpyd.keys import Partition
from limpyd.lua.arguments import ChangedField, MembersCall, MembersCommand, packed
from limpyd.lua.script import Script
from limpyd.relations.references import CASCADE, CLEAR, ReferenceField
from limpyd.requests.request import Argument, Request
from limpyd.scripts import bulk
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.scripts.object_requests import scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.queries import Search
from limpyd.scripts.query_writes import found_args, found_decoder
from limpyd.scripts.writes import step_args

DELETE_RELATED = Script("delete_related")
DELETE_FOUND_RELATED = Script("delete_found_related")
BULK_DELETE_RELATED = Script("bulk_delete_related")

REMOVALS: dict[bytes, tuple[str, tuple[Argument, ...]]] = {
    b"set": ("SREM", ()),
    b"list": ("LREM", (0,)),
    b"zset": ("ZREM", ()),
}
"""The command that takes a member out of a field of many, and what stands before the member."""


class Cascade(NamedTuple):
    """The models and references that the deletion of objects concerns.

    Attributes:
        args: the arguments of the scripts (see lua/library/cascade.lua).
        references: the references that it counts, for messages.
        models: the models whose objects may be changed or deleted.
        partition: the partition of the objects; those of the other models are in the ones beside it.
    """

    args: tuple[Argument, ...]
    references: tuple[ReferenceField[Any], ...]
    models: tuple[Any, ...]
    partition: Partition


def cascade(schema: Any, partition: Partition) -> Cascade:
    """Returns the models and references that a deletion concerns: all that refer to it, and to what goes with it."""
    deleted_models, affected = models_concerned(schema)
    args: list[Argument] = [len(affected)]
    references: list[ReferenceField[Any]] = []
    for model in affected:
        own = partition if model is schema else model.keys.beside(partition)
        layout = model.deletions.layout(own)
        args += (own.pks, len(layout), *layout)
        incoming = model.incoming if model in deleted_models else ()
        args.append(len(incoming))
        for reference in incoming:
            references.append(reference)
            args += _reference_args(reference, affected.index(reference.model) + 1, partition)
    return Cascade(tuple(args), tuple(references), tuple(affected), partition)


def models_concerned(schema: Any) -> tuple[list[Any], list[Any]]:
    """Returns the models whose objects a deletion may delete, and those whose objects it may delete or change."""
    deleted, affected = [schema], [schema]
    for model in deleted:
        for reference in model.incoming:
            holder = reference.model
            if reference.on_delete == CASCADE and holder not in deleted:
                deleted.append(holder)
            if holder not in affected:
                affected.append(holder)
    return deleted, affected


def models_gone_with(schema: Any) -> list[Any]:
    """Returns a model, and those whose objects it goes with: each of its references with `cascade` leads to one."""
    found = [schema]
    for model in found:
        references = (field for field in model.value_fields.values() if isinstance(field, ReferenceField))
        targets = (field.target for field in references if field.on_delete == CASCADE and field.has_target)
        found += [target for target in dict.fromkeys(targets) if target not in found]
    return found


def _reference_args(reference: ReferenceField[Any], holder: int, deleted_in: Partition) -> list[Argument]:
    """A reference, as the scripts know it."""
    partition = reference.model.keys.beside(deleted_in)
    index = reference.reverse_index(partition)
    clearing = clearing_command(reference, partition) if reference.on_delete == CLEAR else []
    many = b"many" if reference.many else b"one"
    name = index.key.removeprefix(partition.prefix).removesuffix(b":")
    return [
        reference.on_delete,
        holder,
        index.kind.name,
        index.key,
        partition.meta,
        name,
        many,
        len(clearing),
        *clearing,
    ]


def clearing_command(reference: Any, partition: Partition) -> list[Argument]:
    """The command that takes a reference away."""
    if not isinstance(reference, MembersField):
        return step_args([reference.setting(None, partition)])
    place = reference.place_in(partition)
    command, before = REMOVALS[place.stored]
    scope = b"whole" if place.needs_whole_value else b"members"
    changed = ChangedField(0, place.prefix, place.stored, scope, len(before) + 1, 1, place.write_rows)
    return list(packed(MembersCommand([changed], MembersCall(command, 1, (*before, b"")))))


def delete_one(schema: Any, partition: Partition, pk: bytes) -> Request[None]:
    """Deletes an object with all that comes of it.

    Raises (from the reply):
        DoesNotExist: it was deleted already.
        RestrictedError: another object refers to it, and forbids it.
        TooManyChanges: what goes with it is more than a step may change.
        IndexNotBuilt: the index of those who refer to it does not know all objects.
    """
    affected = _cascade_of(schema, partition)

    def decode(reply: list[Any]) -> None:
        if reply[0] != b"ok":
            raise _refusal(schema, reply, affected, pk)

    request = scripted(
        DELETE_RELATED,
        (partition.pks,),
        (pk, schema.max_changes, *affected.args),
        decode,
        schema,
        retry_with=answer,
        others=affected.models,
    )
    return _when_built(request, affected)


def delete_many(schema: Any, partition: Partition, pks: Sequence[bytes], *, skip: bool) -> Request[bulk.Changed]:
    """Deletes objects one after the other with all that comes of it, as far as the first that is refused."""
    affected = _cascade_of(schema, partition)

    def refused(outcome: list[Any], pk: bytes) -> LimpydError:
        return refusal(schema, outcome, pk, references=affected.references)

    args, decode = bulk.deletion(schema, pks, affected.args, refused, skip=skip)
    request = scripted(
        BULK_DELETE_RELATED, (partition.pks,), args, decode, schema, retry_with=answer, others=affected.models
    )
    return _when_built(request, affected)


def delete_found(schema: Any, search: Search, partition: Partition) -> Request[int]:
    """Deletes the objects that a query finds with all that comes of it; how many it found. Raises as `delete_one`."""
    affected = _cascade_of(schema, partition)

    def refused(reply: list[Any]) -> Exception:
        return _refusal(schema, reply, affected, None)

    keys, args = found_args(search)
    decode = found_decoder(schema, refused)
    return _when_built(
        scripted(
            DELETE_FOUND_RELATED,
            keys,
            (*args, schema.max_changes, *affected.args),
            decode,
            schema,
            retry_with=answer,
            others=affected.models,
        ),
        affected,
    )


def _cascade_of(schema: Any, partition: Partition) -> Cascade:
    """Returns the models and references that a deletion concerns, all of which must be on one database."""
    found: Cascade = schema.deletions.cascade(partition)
    for reference in found.references:
        _ = reference.target  # raises if it is on another database
    return found


def _refusal(schema: Model, reply: list[Any], affected: Cascade, pk: bytes | None) -> Exception:
    key = (reply[2] if reply[0] in {b"error", b"broken"} else reply[4] if reply[0] == b"large" else None) or b""
    for model in affected.models:  # the key may be that of an object that refers
        if model is not schema and key.startswith(model.keys.beside(affected.partition).prefix):
            who = f"{model.name} objects that refer to those of {schema.name}"
            return refusal(model, reply, None, who=who, references=affected.references)
    who = "" if pk is not None else f"the {schema.name} objects of a chunk"
    claims = [Claim(model, "") for model in affected.models]
    return refusal(schema, reply, pk, claims, who=who, references=affected.references)


def _when_built(request: Request[Any], affected: Cascade) -> Request[Any]:
    """The request, after those that make sure that all who refer will be found."""
    deleted_in = affected.partition
    assumptions = [model.maintenance.at(model.keys.beside(deleted_in)).declared for model in affected.models]
    for reference in affected.references:
        partition = reference.model.keys.beside(deleted_in)
        assumptions += reference.model.maintenance.at(partition).built([reference.reverse_index(partition)])
    return request.assuming(*assumptions)
