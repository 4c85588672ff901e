"""Calls each command of a field of `tests.support.full_use.models`, each on objects of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

from limpyd import LimpydError
from limpyd.commands.table import Scope
from tests.support import command_calls as calls
from tests.support.face import Face
from tests.support.full_use import COMMANDS, SORTED

NO_CALL_CHANGES = frozenset({"places", "visitors"})
"""Fields whose calls write what is there."""


class Call(NamedTuple):
    """A call of a command that can be made.

    Attributes:
        command: the command.
        scope: what it does to values, if the table of commands says it.
        make: makes the call; false if it is refused.
        written: the name of the field that it writes to, if it writes.
    """

    command: str
    scope: Scope | None
    make: Callable[[], Awaitable[bool]]
    written: str


async def each_call(face: Face, everything: Any, field: str, **values: Any) -> AsyncIterator[Call]:
    """Gives each command of a field, called on an object that was just created, beside one for its arguments.

    Args:
        face: the face.
        everything: the model.
        field: the field.
        **values: other values of the objects.
    """
    do = face.do
    commands, value = COMMANDS[field]
    for command, args in {**commands, **(calls.SORTING if field in SORTED else {})}.items():
        await do(everything.collection().delete())
        given = {"entry": "x"} if value is None else {field: value}
        one = await do(everything.create(**given, **values))
        two = await do(everything.create(**({"entry": "y"} if field in {"only", "stream"} else given), **values))
        if field == "stream" and command != "xadd":
            await do(one.stream.xadd({"a": "b"}, "1-1"))
            await do(one.stream.xgroup_create("g", 0))
            await do(one.stream.xreadgroup("g", "c"))
        written = "bag" if command == "sort_store" else field
        other = getattr(one if written == "bag" else two, written)
        given_args = args or ((other,) if command == "sort_store" else ())
        called = getattr(getattr(one, field), command)

        async def make(
            called: Any = called, args: Any = given_args, command: str = command, other: Any = other
        ) -> bool:
            try:
                await do(
                    called(*[other if arg is calls.OTHER else arg for arg in args], **calls.KEYWORDS.get(command, {}))
                )
            except LimpydError:
                return False
            return True

        facts = getattr(called, "facts", None)
        yield Call(command, facts and facts.scope, make, written)
