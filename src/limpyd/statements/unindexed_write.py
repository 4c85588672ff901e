"""Statements of write commands on values without indexes; one script serves all of them."""

from __future__ import annotations

from functools import cache

from limpyd.commands.table import FREES_MEMORY
from limpyd.keys import Partition
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Model
from limpyd.statements.script_source import CompiledScript, filled
from limpyd.statements.statement import Statement


def plain_write(model: Model, partition: Partition, prefix: bytes, command: str, subject: Subject) -> Statement:
    """Returns the statement of a command, of one word, on a value of an object that must exist.

    Args:
        model: the model of the object.
        partition: its partition.
        prefix: the prefix of the key of the value.
        command: the command.
        subject: the field, for messages.
    """
    script = _script(frees=command in FREES_MEMORY)
    return Statement(script, model, partition, command, (prefix, command.encode()), subject)


@cache
def _script(*, frees: bool) -> CompiledScript:
    """Returns the script; commands that only free memory have one that a server without free memory still runs."""
    return CompiledScript("plain_write", filled("plain_write"), frozenset({"allow-oom"} if frees else ()))
