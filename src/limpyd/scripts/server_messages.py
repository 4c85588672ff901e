"""Messages of servers about commands that a script ran: their text, and the cure."""

from __future__ import annotations

import re
from typing import Any

from limpyd.commands.table import TABLE
from limpyd.exceptions import ServerTooOld
from limpyd.keys import to_text
from limpyd.server import Needs

AT_LINE = r"(?s)\AACL failure in script: |,? script: ?\S*? ?on @?user_script:?\d*\.*|@?user_script:\d+: ?"
"""The place in a script where an error came from, as servers name it."""


def plain(message: str) -> str:
    """Returns a server's message about a command, without the error code, the script and the line."""
    return re.sub(AT_LINE, "", message).removeprefix("ERR ").removeprefix("limpyd: ").strip().rstrip(".")


def cure_of_account(message: str) -> str:
    """Returns the advice for a refusal because of the account's permissions; an empty text for other refusals."""
    return NOT_ALLOWED if any(sign in message for sign in ABOUT_ACCOUNTS) else ""


def too_old(subject: str, command: Any, message: str, needs: Needs | None = None) -> ServerTooOld | None:
    """Returns the error for a command that the server is too old for, according to the table of commands or `needs`."""
    name = to_text(command) if isinstance(command, bytes) else str(command)
    facts = TABLE.get(name)
    needs = needs or (facts.needs if facts else None)
    if needs is None or not any(sign in message.lower() for sign in UNKNOWN):
        return None
    return ServerTooOld(f"{subject}: {name}, or one of its arguments, needs {needs}; this server replied {message!r}")


UNKNOWN = (
    "invalid stream id",
    "syntax error",
    "unknown command",
    "unknown redis command",
    "unknown subcommand",
    "unknown valkey command",
    "wrong number of args",
    "wrong number of arguments",
)
"""The messages of servers about commands and arguments that are younger than they are."""

ABOUT_ACCOUNTS = ("ACL", "NOPERM", "The user executing the script can't")
"""The messages of servers about the permissions of an account."""

NOT_ALLOWED = (
    ". The account may not do this: limpyd.acl.acl_rules(…) returns the rules that a model needs, and ACL LOG "
    "shows the refused commands"
)
