"""The requests that change all objects that a query finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.exceptions import LimpydError
from limpyd.lua.script import Script
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.scripts.object_requests import scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.queries import GONE, Search, stored_gone, with_references
from limpyd.scripts.query_values import Arguments
from limpyd.scripts.target_checks import with_checks
from limpyd.scripts.updates import Assigned, Fields, Program
from limpyd.scripts.writes import WriteStep, step_args

ASSIGN_FOUND = Script("assign_found")
DELETE_FOUND = Script("delete_found")
UPDATE_FOUND = Script("update_found")

INDEX_COUNT = 3
"""The position of the number of indexes in the layout of a field."""


def delete_found(model: Model, search: Search, layout: Sequence[Argument]) -> Request[int]:
    """Deletes the objects that a query finds, and returns their number.

    Raises (from the reply):
        TooManyChanges: the objects and their index entries are more than a step may change; nothing was deleted.
        ServerError: the server refused a command; nothing was deleted.
    """
    return _on_found(DELETE_FOUND, model, search, (model.max_changes, *layout), [])


def update_found(model: Model, search: Search, steps: Sequence[WriteStep]) -> Request[int]:
    """Runs write commands on fields of each object that a query finds, and returns their number.

    Raises (from the reply):
        TooManyChanges: the objects and their new values are more than a step may change; nothing was changed.
        UniquenessError: a new value belongs to another object; nothing was changed.
        RelatedDoesNotExist: a new value refers to an object that does not exist; nothing was changed.
        ServerError: the server refused a command; nothing was changed.
    """
    claims = [Claim(model, step.field) for step in steps]
    return _on_found(UPDATE_FOUND, model, search, (model.max_changes, *step_args(steps)), claims)


def assign_found(
    model: Model, search: Search, assigned: Sequence[Assigned], version: bytes | None, condition: Program | None
) -> Request[int]:
    """Gives each object that a query finds new values, some of which are computed; how many were changed.

    Args:
        model: the model.
        search: what finds the objects.
        assigned: the values.
        version: the sub-key of the version, if the model has one.
        condition: what an object must meet, or it stays as it is.

    Raises (from the reply):
        InvalidValue: a value cannot be computed; nothing was changed.
        StoredValueError: a value that an expression reads does not fit its field's type; nothing was changed.
        Others as `update_found`.
    """
    fields = Fields(model, search.partition, version, condition)
    values = fields.values(assigned, None)
    # One entry of each index goes, one comes.
    most = sum(1 + 2 * int(each.layout_in(search.partition)[INDEX_COUNT]) for each in assigned) + (version is not None)
    return _on_found(ASSIGN_FOUND, model, search, (model.max_changes, most, *fields.args(), *values), fields.claims())


def _on_found(
    script: Script, model: Model, search: Search, rest: Sequence[Argument], claims: Sequence[Claim]
) -> Request[int]:
    def refused(reply: list[Any]) -> LimpydError:
        if reply[0] == b"at":
            return refusal(model, reply[2], reply[1], claims)
        return refusal(model, reply, None, claims, who=f"the {model.name} objects of a chunk")

    keys, args = found_args(search)
    decode = found_decoder(model, refused)
    request = scripted(script, keys, (*args, *rest), decode, model, retry_with=answer)
    request = request.assuming(model.maintenance.at(search.partition).declared)
    return with_checks(request, model, search.partition)


def found_args(search: Search) -> tuple[tuple[bytes, ...], list[Argument]]:
    """Returns the keys of a script that changes the objects of a query, and its arguments for the query."""
    body = Arguments()
    search.node.add_to(body)
    return tuple(dict.fromkeys((search.partition.pks, *search.elsewhere))), with_references([], body)


def found_decoder(model: Model, refused: Callable[[list[Any]], Exception]) -> Callable[[Any], int]:
    """Returns a decoder: it returns the number of changed objects, or raises the error."""

    def decode(reply: Any) -> int:
        if reply == GONE:
            raise stored_gone(model)
        if reply[0] != b"ok":
            raise refused(reply)
        found: int = reply[1]
        return found

    return decode
