"""Statements of commands on a field of one value whose result only the server knows; they update its indexes."""

from __future__ import annotations

from limpyd.commands.table import COUNTING, FREES_MEMORY, TABLE, Scope
from limpyd.keys import Partition
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Claim, Model
from limpyd.statements.index_entries import EntryCode, NoRoom, locals_of, of_kind, required
from limpyd.statements.lua_normalizers import normalizer_call
from limpyd.statements.operations import restored, restored_as_expiring
from limpyd.statements.parameters import Parameters
from limpyd.statements.scalar_field import ScalarField
from limpyd.statements.scalar_write import WriteScript
from limpyd.statements.script_source import compiled, filled, indented
from limpyd.statements.statement import Statement

LEARN_COUNT = """\
exact = result < 2 ^ 53 and result > -2 ^ 53
after = exact and string.format('%d', result) or $read
"""
"""The lines that take the new value from the reply. Beyond the bounds Lua has rounded it."""
CHANGING = frozenset({Scope.WHOLE, Scope.MEMBERS, Scope.REPLY})


class ScalarCommand(Statement):
    """The statement of a command on a field; one script serves all commands and fields that are alike.

    Args:
        script: the script, and the names that it takes.
        model: the model.
        partition: the partition.
        command: the command.
        field: the field, for messages.
        scalar_field: the field.
    """

    __slots__ = ()

    def __init__(
        self,
        script: WriteScript,
        model: Model,
        partition: Partition,
        command: str,
        field: Subject,
        scalar_field: ScalarField,
    ) -> None:
        constants = (*script.names, command.encode())
        super().__init__(script.script, model, partition, command, constants, field, (Claim(model, scalar_field.name),))
        self.complete = not any(index.asks_python for index in scalar_field.indexes)


def scalar_command(
    model: Model, partition: Partition, command: str, field: Subject, scalar_field: ScalarField
) -> ScalarCommand | None:
    """Returns the statement of a command of one word; None if only the general script can run it."""
    followed = all(_follows(scalar_field, number) for number in range(len(scalar_field.indexes)))
    if TABLE[command].scope not in CHANGING or not followed or not scalar_field.can_be_set:
        return None
    flags = {"allow-oom"} if command in FREES_MEMORY else set()
    if scalar_field.checks and model.crosses_slots:
        flags.add("allow-cross-slot-keys")
    try:
        script = _script(scalar_field, frozenset(flags), counts=command in COUNTING)
    except NoRoom:
        return None
    return ScalarCommand(script, model, partition, command, field, scalar_field)


def _follows(scalar_field: ScalarField, number: int) -> bool:
    """Returns whether the server can compute the text of any value in an index, and there is exactly one."""
    index = scalar_field.indexes[number]
    return (
        index.of_values
        and index.one_text_per_value
        and bool(of_kind(index.kind_name))
        and normalizer_call(index, "") is not None
    )


def _script(scalar_field: ScalarField, flags: frozenset[str], *, counts: bool) -> WriteScript:
    """Returns the script.

    Args:
        scalar_field: the field.
        flags: the flags of the script.
        counts: true for commands whose reply is the new value, an integer.
    """
    names = Parameters()
    key = names.key_of(scalar_field.prefix)
    sub = "" if scalar_field.sub is None else names.argument(scalar_field.sub)
    entries = [
        EntryCode(names.argument(checked), kind, number, 0, "after", "after")
        for number, (kind, _, checked) in enumerate(scalar_field.checks)
    ]
    for number, index in enumerate(scalar_field.indexes, len(entries)):
        entries.append(EntryCode(names.argument(index.key), index.kind_name, number, 0, "after", "", "before", index))
    limits = "".join(_limit(name, names.argument(argument)) for name, argument in scalar_field.limits)
    read, first = f"call('HGET', key, {sub})" if sub else "call('GET', key)", names.end + 2
    counted = f"ARGV[{first}], ARGV[{first + 1}]" if sub else f"ARGV[{first}]"
    source = filled(
        "scalar_command",
        requires=required(entries, [f"constraints.{name}" for name, _ in scalar_field.limits]),
        command=f"ARGV[{names.end}]",
        pk=f"ARGV[{names.end + 1}]",
        first=f"{first}",
        arguments=counted if counts else f"unpack(ARGV, {first})",
        key=key,
        locals=locals_of(["exact"] if counts else [], entries),
        read=read,
        learn=LEARN_COUNT.replace("$read", read) if counts else f"after = {read}\n",
        limits=limits and _if("after", limits),
        check=_if("before", "".join(entry.check_old() for entry in entries))
        + _if("after", "".join(entry.check_new("exact" if counts else "") + entry.check() for entry in entries)),
        remove="".join(entry.lines("read score") + entry.remove() for entry in entries),
        add=_if("after", "".join(entry.add() for entry in entries)),
        take_out=_if("not after", "".join(entry.lines("take out") for entry in entries)),
        undo="".join(entry.undo() for entry in reversed(entries)),
        restore=(restored if entries else restored_as_expiring)("key", sub, "before"),
    )
    return WriteScript(compiled("scalar_command", source, flags), tuple(names.given))


def _limit(name: str, argument: str) -> str:
    """Returns the lines that refuse a value which breaks a constraint."""
    outcome = f"{{ 'constraint', 0, false, '{name}', after, false }}"
    return f"if not constraints.{name}({argument}, after) then outcome = {outcome} break end\n"


def _if(condition: str, lines: str) -> str:
    return f"if {condition} then\n{indented(lines, '  ')}end\n" if lines else ""
