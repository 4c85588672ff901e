"""Analysis of a request: the commands that the server runs for it, and how many values those return."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from typing import Any, NamedTuple

from limpyd.keys import to_text
from limpyd.lua.script import Script
from limpyd.requests.request import Request
from limpyd.requests.subjects import Script as AnyScript
from limpyd.utils.cached_properties import cached_property

BEFORE = b"""
local counted = {}
local function counting(run)
  return function(command, ...)
    local reply = run(command, ...)
    local of = counted[command] or { calls = 0, values = 0 }
    counted[command] = of
    of.calls = of.calls + 1
    of.values = of.values + (type(reply) == 'table' and #reply or reply and 1 or 0)
    return reply
  end
end
local redis = setmetatable({ call = counting(redis.call), pcall = counting(redis.pcall) }, { __index = redis })
local function run()
"""
AFTER = b"""
end
local reply = run()
if type(reply) == 'table' and (reply.err or reply.ok) then
  return reply
end
local rows = {}
for command, of in pairs(counted) do
  rows[#rows + 1] = { command, of.calls, of.values }
end
return rows
"""


class CommandsRun(NamedTuple):
    """A command that a query runs on the server.

    Attributes:
        command: its name.
        calls: the number of its calls.
        values: the number of values in all its replies.
    """

    command: str
    calls: int
    values: int

    def __str__(self) -> str:
        times = "once" if self.calls == 1 else f"{self.calls:,} times"
        return f"{self.command} {times}, {self.values:,} value{'s' * (self.values != 1)}"


class AnalyzedScript(Script):
    """A script that runs another one, and replies with the commands that the other one calls."""

    def __init__(self, script: AnyScript) -> None:
        super().__init__(script.name)
        self._script = script

    @cached_property
    def source(self) -> bytes:
        """The source of the other script within a function, with a `redis.call` that counts."""
        shebang, text = self._script.source.split(b"\n", 1)
        return shebang + BEFORE + text + AFTER

    @cached_property
    def sha(self) -> bytes:
        """Its SHA1 digest, for EVALSHA."""
        return sha1(self.source, usedforsecurity=False).hexdigest().encode()


def analyzed(request: Request[Any]) -> Request[list[CommandsRun]]:
    """Returns the request that makes the server do the same, and replies with the commands that it ran."""
    if request.script is None:
        command = to_text(request.args[0]) if isinstance(request.args[0], bytes) else str(request.args[0])
        return _like(request, None, request.args, lambda reply: [CommandsRun(command, 1, _values(reply))])
    script = AnalyzedScript(request.script)
    name, _, *others = request.args
    return _like(request, script, (name, script.sha, *others), _from_rows)


def _like(request: Request[Any], script: Script | None, args: tuple[Any, ...], decode: Any) -> Request[Any]:
    like = Request(args, decode, readonly=True, script=script, subject=request.subject)
    return like.assuming(*request.assumes)


def _from_rows(rows: Sequence[Sequence[Any]]) -> list[CommandsRun]:
    return sorted(CommandsRun(to_text(command), calls, values) for command, calls, values in rows)


def _values(reply: Any) -> int:
    return len(reply) if isinstance(reply, (list, set, dict)) else int(reply is not None)
