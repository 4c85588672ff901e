"""Statements that add members to a field or remove some, and update its indexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.commands.table import FREES_MEMORY
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.requests.request import Argument
from limpyd.requests.step_results import StepArgument
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Claim, Model
from limpyd.statements.index_entries import EntryCode, NoRoom, locals_of, of_kind, sections
from limpyd.statements.parameters import Parameters
from limpyd.statements.script_source import compiled, filled
from limpyd.statements.statement import Statement

MAX_MEMBERS = 100
"""With more of them the general script looks at all at once."""


class MemberArguments(NamedTuple):
    """The arguments of a command on members.

    Attributes:
        width: the number of arguments for each member; the member is the last of them.
        removes: true if the command removes members.
    """

    width: int = 1
    removes: bool = False


COMMANDS = {
    "LPUSH": MemberArguments(),
    "RPUSH": MemberArguments(),
    "SADD": MemberArguments(),
    "SREM": MemberArguments(removes=True),
    "ZADD": MemberArguments(width=2),
    "ZREM": MemberArguments(removes=True),
}
"""Those for which there is a template in statements/lua/commands/."""


COUNTS = {"SADD": "call('SCARD', key)", "ZADD": "call('ZCARD', key)"}
"""The number of members after a command; that of a list is its reply."""


def _checked_size(field: Any, command: str, form: MemberArguments, names: Parameters) -> str:
    """Returns the lines that check the number of members, if it has a constraint."""
    required, most = (next((one for one in field.constraints if one.kind.name == name), None) for name in SIZES)
    if form.removes and required is not None:
        return sections("members_size")["required"]
    if form.removes or most is None:
        return ""
    lines = sections("members_size")["max_members"].replace("$size", COUNTS.get(command, "count"))
    return lines.replace("$limit", names.argument(most.argument))


SIZES = ("required", "max_members")


class MembersWrite(Statement):
    """The statement of a command on members."""

    __slots__ = ("_width",)

    def __init__(
        self, model: Model, partition: Partition, command: str, field: Any, prefix: bytes, indexes: Sequence[FieldIndex]
    ) -> None:
        form = COMMANDS[command]
        checks: Sequence[tuple[bytes, bytes, bytes]] = [] if form.removes else field.checks_in(partition)
        names = Parameters()
        key = names.key_of(prefix)
        keys = [names.argument(each) for each in (*(key for _, _, key in checks), *(index.key for index in indexes))]
        size = _checked_size(field, command, form, names)
        first = names.end + 1
        member = f"ARGV[first + {form.width - 1}]"
        computed = [index for index in indexes if index.form != b"text"]
        entries = []
        for number, (kind, _, _) in enumerate(checks):
            entries.append(EntryCode(keys[number], kind, number, 0, "member", "member"))
        for number, index in enumerate(indexes, len(entries)):
            text = "member"
            if index in computed:
                text = f"ARGV[first + {form.width + computed.index(index)}]"
            new, old = ("false", text) if form.removes else (text, "false")
            value = "false" if form.removes else "member"
            entries.append(EntryCode(keys[number], index.kind_name, number, 0, value, new, old))
        follow = [entry.remove(certain=True) if form.removes else entry.check() + entry.add() for entry in entries]
        template = sections(f"commands/{command.lower()}")
        own = locals_of(["stored"] if form.width > 1 else [], entries)
        source = filled(
            "change_members",
            pk=f"ARGV[{names.end}]",
            key=key,
            first=str(first),
            width=str(form.width + len(computed)),
            member=member,
            locals=own,
            known=str(len(["first", "member", "changes", "before", *own.split(",")])),
            run=template["run"],
            follow="".join(follow),
            size=size,
            undo="".join(entry.undo() for entry in reversed(entries)),
            restore=template["restore"],
        )
        flags = {"allow-oom"} if command in FREES_MEMORY else set()
        if checks and model.crosses_slots:
            flags.add("allow-cross-slot-keys")
        subject: Subject = field
        script = compiled(command.lower(), source, frozenset(flags))
        super().__init__(script, model, partition, command, tuple(names.given), subject, (Claim(model, field.name),))
        self.computed = computed
        self._width = form.width

    @property
    def given_names(self) -> list[str]:
        score = ["the score"] if self._width > 1 else []
        return [
            ", ".join([*score, "the member", *(f"the member as {index} stores it" for index in self.computed)]) + ", …"
        ]

    def given(self, args: Sequence[Argument]) -> Sequence[Argument] | None:
        """Returns the values of a call from the arguments of its command; None if the statement does not take them.

        Raises:
            InvalidValue: an index cannot keep a member.
        """
        width, computed = self._width, self.computed
        if len(args) > MAX_MEMBERS * width or len(args) % width or args[0] in OPTIONS:
            return None
        if not computed:
            return args
        given: list[Argument] = []
        for at in range(0, len(args), width):
            given += args[at : at + width]
            member: Any = args[at + width - 1]
            if type(member) is StepArgument:  # no text of an index can be made of it here
                return None
            for index in computed:
                given += index.indexed_texts(member)
        return given


OPTIONS = frozenset({"NX", "XX", "GT", "LT", "CH", "INCR"})
"""The options of ZADD that make it another command."""


def members_write(
    model: Model, partition: Partition, command: str, field: Any, prefix: bytes, indexes: Sequence[FieldIndex]
) -> MembersWrite | None:
    """Returns the statement; None if only the general script can run the command.

    Args:
        model: the model.
        partition: the partition.
        command: the command.
        field: the field.
        prefix: the prefix of its keys, or their template.
        indexes: its indexes; each has different entries for different members.
    """
    if command not in COMMANDS or not all(map(_follows, indexes)):
        return None
    if not COMMANDS[command].removes and not all(of_kind(kind) for kind, _, _ in field.checks_in(partition)):
        return None
    try:
        return MembersWrite(model, partition, command, field, prefix, indexes)
    except NoRoom:
        return None


def _follows(index: FieldIndex) -> bool:
    """Returns whether statements can add a member to an index and remove it: each member has one entry of its own."""
    template = of_kind(index.kind_name)
    return index.of_values and index.one_text_per_value and index.distinguishes_members and "remove" in template
