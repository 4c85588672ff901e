"""Statements of write commands on values without indexes; one script serves all of them."""

from __future__ import annotations

from functools import cache

from limpyd.commands.table import FREES_MEMORY
from limpyd.keys import Partition
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Model
from limpyd.statements.parameters import Parameters
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
    names = Parameters()
    script = _script(names.key_of(prefix), names.end, frees=command in FREES_MEMORY)
    return Statement(script, model, partition, command, (*names.given, command.encode()), subject)


@cache
def _script(key: str, end: int, *, frees: bool) -> CompiledScript:
    """Returns the script; commands that only free memory have one that a server without free memory still runs.

    Args:
        key: the expression of the key.
        end: the number of the first argument after the names in it.
        frees: true for such a command.
    """
    source = filled("plain_write", key=key, command=f"ARGV[{end}]", pk=f"ARGV[{end + 1}]", first=str(end + 2))
    return CompiledScript("plain_write", source, frozenset({"allow-oom"} if frees else ()))
