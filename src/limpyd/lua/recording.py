"""The scripts of models with a feed of changes: those of all models, in a frame (lua/recording.lua)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from limpyd.commands.table import TABLE, Scope

FRAME = Path(__file__).with_suffix(".lua")
SHEBANG = re.compile(r"\A#!lua.*\n")
COMMENTS = re.compile(r"(?m)^ *--(?! @body).*\n")
BODY = "  -- @body\n"
SWEEP = "sweep_expired"
"""The script whose deletions are those of objects whose deadline is over."""
REPAIRS = ("check_", "clear_dangling")
"""How the names of scripts begin that repair a model: they run also if the key of its feed is no stream."""
SETTINGS = b"changes="
"""Stands before the settings of feeds in the name of the key that is never written."""
NO_CHANGES = frozenset({"GETEX", "HGETEX", "XACK", "XAUTOCLAIM", "XCLAIM", "XREADGROUP", "XSETID"})
"""Write commands that change no value."""
BY_SCRIPTS = frozenset({"RENAME", "RESTORE"})
"""Commands that scripts run on values, besides those of fields."""
QUIET = {
    "local function roll_back(mark)\n": "local function roll_back(mark)\n  local notes_before = count_of_notes\n",
    "  journal_length = mark\n  return not rollback_error\n": (
        "  count_of_notes = notes_before\n  journal_length = mark\n  return not rollback_error\n"
    ),
}
"""Lines of lua/library/journal.lua: what takes changes back is no change."""
SWEPT = re.compile(r"( *)local swept = sweep_(?:values|targets)\(.*\n")
KEPT = r"\g<0>\1kept_notes = count_of_notes\n"
"""A line of lua/lapsing.lua, and one of lua/overdue_targets.lua: what is removed first stays so after a refusal."""
EXPIRING = r"( *)local function expire\(model, pk\)\n *remove\(model, pk\)\n"
AS_EXPIRED = (
    r"\1local function expire(model, pk)\n\1  departed = 'expired'\n\1  remove(model, pk)\n\1  departed = 'deleted'\n"
)
"""Lines of relations/sweep_targets.lua: those that go with an object are deleted, and the object itself expires."""


class NoJournal(Exception):
    """The lines of the journal that this module replaces are not there."""


def recording(source: str, name: str) -> str:
    """Returns the source of a script that also adds to the feeds of the models whose objects it changes.

    Raises:
        NoJournal: it takes changes back in another way than this module knows.
    """
    shebang = SHEBANG.match(source)
    at = shebang.end() if shebang else 0
    body = source[at:]
    if "function roll_back" in body:
        for line, instead in QUIET.items():
            if line not in body:
                raise NoJournal(name)
            body = body.replace(line, instead)
    body = SWEPT.sub(KEPT, body)
    body = re.sub(EXPIRING, AS_EXPIRED, body)
    before, after = _frame("expired" if name == SWEEP else "deleted", "true" if name.startswith(REPAIRS) else "false")
    return f"{source[:at]}{before}{body}{after}"


def with_feeds(nothing: bytes, feeds: bytes) -> bytes:
    """Returns a key that is never written, with the settings of feeds in its name."""
    return b"%b%b%b:nothing" % (nothing.removesuffix(b"nothing"), SETTINGS, feeds)


@cache
def _frame(deleted: str, repairs: str) -> tuple[str, str]:
    writes = {facts.name for facts in TABLE.values() if facts.scope is not Scope.READ and " " not in facts.name}
    text = COMMENTS.sub("", FRAME.read_text("utf-8"))
    text = text.replace("$writes", " ".join(sorted((writes | BY_SCRIPTS) - NO_CHANGES))).replace("$deleted", deleted)
    text = text.replace("$repairs", repairs)
    before, _, after = text.partition(BODY)
    return before, after
