"""What limpyd makes of the commands of Redis: the page that lists them, and how many of a server's those are.

python -m tools.commands [write] [--check]    makes docs/commands.md; or only tells whether it is stale
python -m tools.commands coverage             compares with Redis 8.2 and Valkey 9.1, if at hand
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import redis

from limpyd import fields
from limpyd.commands.table import TABLE, Facts, Scope
from limpyd.commands.unsupported import REFUSED, REFUSED_OPTIONS, SUCCEEDED, Successor
from limpyd.fields.bound.field import BoundField
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.declaration.field import Field
from limpyd.fields.dynamic import DynamicField
from tests.support.servers import binaries, running

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
NEWEST = ("redis-8.2", "valkey-9.1")
GROUPS = ("string", "bitmap", "hash", "list", "set", "sorted-set", "stream", "geo", "hyperloglog", "generic")

# --- what fields offer ---

ORDER = (
    "StringField",
    "InstanceHashField",
    "HashField",
    "ListField",
    "SetField",
    "SortedSetField",
    "GeoField",
    "HyperLogLogField",
    "StreamField",
    "JSONField",
)
"""How the page goes through the fields; those not named here follow."""


def bound_classes() -> dict[str, type[BoundField[Any]]]:
    """The kinds of field that a model can have, each with the class of what an instance is asked for."""
    public = (getattr(fields, name) for name in fields.__all__)
    fields_of = (cls for cls in public if issubclass(cls, Field) and not issubclass(cls, DynamicField))
    kinds: list[Any] = [cls for cls in fields_of if hasattr(cls, "__get__")]
    kinds.sort(key=lambda kind: ORDER.index(kind.__name__) if kind.__name__ in ORDER else len(ORDER))
    return {kind.__name__: type(kind().__get__(object())) for kind in kinds}


def methods(bound: type) -> dict[str, Callable[..., Any]]:
    """The public methods of a class by name, its own before those it inherits; not `keys`, which refuses `dict(…)`."""
    found: dict[str, Callable[..., Any]] = {}
    for cls in bound.__mro__:
        for name, value in vars(cls).items():
            if not name.startswith("_") and name != "keys" and inspect.isfunction(value):
                found.setdefault(name, value)
    return found


def commands(bound: type) -> dict[str, Facts]:
    """The methods that are a Redis command each, with what is known of it."""
    found = {name: getattr(method, "facts", None) for name, method in methods(bound).items()}
    return {name: facts for name, facts in found.items() if facts is not None}


def calls() -> set[Successor]:
    """Each method of any field, with the Redis command that it sends."""
    return {
        Successor(name, facts.name) for bound in bound_classes().values() for name, facts in commands(bound).items()
    }


def offered() -> set[str]:
    """The Redis commands that some field offers, itself or by a successor."""
    offers = calls()
    succeeded = {command for command, successor in SUCCEEDED.items() if successor in offers}
    return {command for _, command in offers if command in TABLE} | succeeded


# --- the page ---

INTRODUCTION = """# Commands

(This page is generated from the library: `make commands`.)

Each method has the name of the Redis command that it sends. Some have a second name. If a method sends a command of
another name, that command does the same.

*Can change* says which part of the value the command can change. To update the indexes, limpyd compares that part
before and after the command, in the same atomic step.

{scopes}
*Needs* lists the servers that have the command, if not all supported servers have it; with other servers the
method raises `ServerTooOld`. *Since* is the version of limpyd.
"""

KEY_TITLE = "Every field with a key of its own"
NOTES = {
    "InstanceHashField": "Commands of the instance, for several of these fields at once: "
    "`hmget` `hmset` `hgetall` `hkeys` `hvals` `hlen` `hdel`.",
}


def page() -> str:
    """The page of all commands."""
    classes = {name: bound for name, bound in bound_classes().items() if commands(bound)}
    scopes = table(("can change", ""), [(scope.name.lower(), scope.value) for scope in Scope])
    parts = [INTRODUCTION.format(scopes=scopes), _section(KEY_TITLE, BoundKey, {})]
    titled: dict[str, type] = {KEY_TITLE: BoundKey, **classes}
    parts += [_section(name, bound, titled) for name, bound in classes.items()]
    return "\n".join([*parts, _succeeded(), _refused()])


def _section(title: str, bound: type, others: dict[str, type]) -> str:
    """The commands of a class; those that it has from the class of another section are told of there."""
    above = {name: other for name, other in others.items() if other is not bound and issubclass(bound, other)}
    inherited = {method for other in above.values() for method in methods(other).values()}
    known = commands(bound)
    names: dict[Callable[..., Any], list[str]] = {}
    for name, method in methods(bound).items():
        if name in known and method not in inherited:
            names.setdefault(method, []).append(name)
    text = [f"## {title}\n"]
    if title in NOTES:
        text.append(f"{NOTES[title]}\n")
    if above:
        links = " and ".join(f"[{name}](#{name.lower().replace(' ', '-')})" for name in above)
        text.append(f"It also has the commands of {links}.\n")
    rows = [_cells(names[method], known[names[method][0]], method) for method in names]
    if rows:
        text.append(table(("method", "Redis command", "can change", "needs", "since", ""), rows))
    return "\n".join(text)


def _cells(names: list[str], facts: Facts, method: Callable[..., Any]) -> tuple[str, ...]:
    summary = (inspect.getdoc(method) or "").partition("\n")[0]
    called = " ".join(f"`{name}{_arguments(method)}`" for name in names)
    return called, facts.name, facts.scope.name.lower(), str(facts.needs or ""), facts.since, summary


def _arguments(method: Callable[..., Any]) -> str:
    """What a method takes, without the types."""
    _, *parameters = inspect.signature(method).parameters.values()
    plain = inspect.Signature([parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters])
    return str(plain).replace("|", "\\|")


def _succeeded() -> str:
    rows = [(name, f"`{method}`", command) for name, (method, command) in SUCCEEDED.items()]
    text = "## Sent as another command\n\nThese methods send another command that does the same.\n"
    return f"{text}\n{table(('Redis command', 'method', 'sent as'), rows)}"


def _refused() -> str:
    by_reason: dict[str, list[str]] = {}
    for name, reason in REFUSED.items():
        by_reason.setdefault(reason, []).append(name)
    rows = [(", ".join(names), reason) for reason, names in by_reason.items()]
    options = [(f"{command} {option}", reason) for (command, option), reason in REFUSED_OPTIONS.items()]
    text = "## Unsupported commands\n\nNo field has a method for these commands.\n"
    commands_table, options_table = table(("Redis command", "why"), rows), table(("option", "why"), options)
    return f"{text}\n{commands_table}\n\nNo method has these options.\n\n{options_table}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


# --- what servers offer ---


class Known(NamedTuple):
    """What a server says of one of its commands.

    Attributes:
        group: the type it is for.
        since: the version of the server that had it first; nothing for commands of modules.
        flags: what COMMAND tells of it, such as readonly.
        takes_keys: whether there are keys among its arguments.
        options: the words among its arguments.
    """

    group: str
    since: str
    flags: frozenset[str]
    takes_keys: bool
    options: frozenset[str]


def known_commands(client: redis.Redis) -> dict[str, Known]:
    """What a server says of its commands, by name; subcommands count one by one, those for help do not."""
    client.set_response_callback("COMMAND", lambda reply, **_: reply)  # redis-py's own knows no subcommands
    docs, rows = (client.execute_command(question) for question in ("COMMAND DOCS", "COMMAND"))
    described = dict(_described(docs))
    found = {}
    for name, flags, takes_keys in _listed(rows):
        facts = described.get(name)
        if facts is not None and not name.endswith("|help"):
            options = frozenset(_options(facts.get(b"arguments", ())))
            group, since = (facts.get(part, b"").decode() for part in (b"group", b"since"))
            found[name.replace("|", " ").upper()] = Known(group, since, flags, takes_keys, options)
    return found


def _described(docs: Any) -> Iterator[tuple[str, dict[bytes, Any]]]:
    """The commands of COMMAND DOCS; instead of one that has subcommands, those."""
    for name, facts in _pairs(docs):
        about = dict(_pairs(facts))
        if b"subcommands" in about:
            yield from _described(about[b"subcommands"])
        else:
            yield name.decode(), about


def _options(arguments: Any) -> Iterator[str]:
    """The words among the arguments of a command, such as WITHSCORES."""
    for argument in arguments:
        about = dict(_pairs(argument))
        if about.get(b"token"):
            yield from about[b"token"].decode().split()
        yield from _options(about.get(b"arguments", ()))


def _listed(rows: Any) -> Iterator[tuple[str, frozenset[str], bool]]:
    """The commands of COMMAND, and their subcommands: name, flags, whether there are keys."""
    for name, _, flags, first_key, _, _, _, _, _, subcommands in rows:
        texts = frozenset(flag.decode() for flag in flags)
        yield name.decode(), texts, first_key > 0 or "movablekeys" in texts
        yield from _listed(subcommands)


def _pairs(reply: Any) -> Iterable[tuple[bytes, Any]]:
    """The items of a map, which is a flat list in the older protocol."""
    return reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)


# --- the comparison ---


def coverage() -> None:
    """Prints, for each of the newest servers at hand, how many of its commands are offered."""
    at_hand = binaries()
    for server_name in NEWEST:
        if server_name not in at_hand:
            print(f"{server_name} is not at hand\n")
            continue
        with running(server_name) as server, server.client() as client:
            known = known_commands(client)
        _compare(server_name, {name: facts for name, facts in known.items() if facts.takes_keys})


def _compare(title: str, known: dict[str, Known]) -> None:
    on_fields = {name: facts.group for name, facts in known.items() if facts.group in GROUPS}
    ours = offered()
    total = Counter(on_fields.values())
    mine = Counter(group for name, group in on_fields.items() if name in ours)
    refused = Counter(group for name, group in on_fields.items() if name in REFUSED)
    print(f"{title:<14}{'offered':>9}{'refused':>9}{'total':>7}{'share':>8}")
    for group in GROUPS:
        print(_figures(group, mine[group], refused[group], total[group]))
    print(_figures("all", mine.total(), refused.total(), total.total()))
    missing = sorted(on_fields.keys() - ours - REFUSED.keys())
    if missing:
        print(f"\nneither offered nor refused: {', '.join(missing)}")
    print("\nrefused:")
    for name in sorted(on_fields.keys() & REFUSED.keys()):
        print(f"  {name:<12}{REFUSED[name]}")
    print()


def _figures(group: str, mine: int, refused: int, total: int) -> str:
    return f"{group:<14}{mine:>9}{refused:>9}{total:>7}{mine / total:>8.1%}"


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m tools.commands")
    parser.add_argument("what", nargs="?", choices=("write", "coverage"), default="write")
    parser.add_argument("--check", action="store_true", help="only tell whether the page is stale")
    asked = parser.parse_args()
    if asked.what == "coverage":
        coverage()
    elif not asked.check:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        print(f"{PAGE.name} is stale: make commands")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
