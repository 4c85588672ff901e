"""The ACL rules (ACL SETUSER) that an account needs to use some models."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from limpyd.commands.table import TABLE, Scope
from limpyd.exceptions import DeclarationError
from limpyd.server import Needs, Server

CONNECTING = {"ASKING", "CLIENT SETINFO", "CLIENT SETNAME", "CLUSTER SLOTS", "INFO", "PING", "READONLY", "SELECT"}
"""Commands that connections send when they open and when they are checked, and those that find the node of a slot on a
cluster, or read from a replica. AUTH and HELLO need no rule."""

SCRIPTS = {"EVAL", "EVALSHA", "SCRIPT EXISTS"}
"""Commands that run scripts. A script may do nothing that its account may not do."""

TRANSACTIONS = {"EXEC", "MULTI", "UNWATCH", "WATCH"}
"""Commands that transactions with WATCH send."""

WALKS = {"DBSIZE", "SCAN"}
"""Commands that walk over the keys of a database; a check first asks how many there are."""

READING = CONNECTING | SCRIPTS | TRANSACTIONS | WALKS
WRITTEN_BY_SCRIPTS = {"DECR", "INCR", "RESTORE", "TIME"}
"""Commands that scripts run beside those of fields: to count primary keys, to take changes back, and to know the age of
claims and deletions."""

NEEDS = {"CLIENT SETINFO": Needs(redis=(7, 2), valkey=(7, 2))}
NEEDS.update((facts.name, facts.needs) for facts in TABLE.values() if facts.needs)
"""The servers that know a command, if not all do: others refuse rules that name it."""

UNSAFE_IN_RULES = re.compile(r"[\s\0]")
"""Characters that the server refuses in a pattern of a rule."""


def acl_rules(*models: Any, readonly: bool = False, server: Server | None = None) -> list[str]:
    """The smallest rules for ACL SETUSER under which limpyd works with some models, and those related to them.

    They replace the keys, channels and commands that an account was allowed before. Whether it is on, and its
    password, are for the administrator to add::

        admin.execute_command("ACL", "SETUSER", "blog", "on", ">secret", *acl_rules(Article, Author))

    Args:
        models: the models, all of one database. Those that refer to them, or that they refer to, are added, since
            writes look at these, and deletions change them.
        readonly: only queries and reads. Writes are refused by the server.
        server: whose commands are named; the one that the models' database is connected to by default.

    Raises:
        DeclarationError: there is no model; the models are on several databases; or the server is not known, since
            nothing was asked of it yet.
    """
    schemas = _related(_schema(model) for model in models)
    databases = {schema.model.database for schema in schemas}
    if len(databases) != 1:
        msg = f"acl_rules takes the models of one database, not of {len(databases)}; call it once for each database"
        raise DeclarationError(msg)
    (database,) = databases
    known = server or database.server
    if known is None:
        msg = (
            f"{database!r} does not know the version of its server yet, which determines the commands; call "
            "connect() first, or pass server="
        )
        raise DeclarationError(msg)
    partitions = {partition for schema in schemas for partition in (schema.keys.root, *schema.keys.partitions)}
    tags = sorted(partition.pattern for partition in partitions)
    keys = [f"~{UNSAFE_IN_RULES.sub('?', tag.decode(errors='surrogateescape'))}" for tag in tags]
    allowed = {*commands(known, readonly), *(("TIME",) if any(schema.expires for schema in schemas) else ())}
    return ["clearselectors", "resetchannels", "resetkeys", *keys, "-@all", *_allowed(sorted(allowed))]


def commands(server: Server, readonly: bool = False) -> list[str]:
    """The commands that limpyd sends to a server, itself or by scripts, in order."""
    fields = {facts.name for facts in TABLE.values() if not readonly or facts.scope is Scope.READ}
    own = READING if readonly else READING | WRITTEN_BY_SCRIPTS
    return sorted(name for name in fields | own if name not in NEEDS or _knows(server, NEEDS[name]))


def _knows(server: Server, needs: Needs) -> bool:
    since = needs.valkey if server.name == "valkey" else needs.redis
    return since is not None and server.version >= since


def _allowed(names: Iterable[str]) -> list[str]:
    return [f"+{name.lower().replace(' ', '|')}" for name in names]


def _schema(model: Any) -> Any:
    try:
        return model._declared()
    except AttributeError:
        msg = f"acl_rules takes models, not {model!r}"
        raise DeclarationError(msg) from None


def _related(schemas: Iterable[Any]) -> list[Any]:
    """Schemas, and all that references lead to from there, in either direction."""
    found: list[Any] = []
    left = list(schemas)
    while left:
        schema = left.pop()
        if schema not in found:
            found.append(schema)
            left += [field.model for field in schema.incoming]
            fields = [*schema.value_fields.values(), *schema.dynamic.values()]
            left += [field.target for field in fields if getattr(field, "_target", None)]
    return found
