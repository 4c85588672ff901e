"""The table of commands agrees with the methods of fields, with its page, and with every server at hand."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from limpyd import fields
from limpyd.commands.table import TABLE, Scope
from limpyd.commands.unsupported import REFUSED, REFUSED_OPTIONS, SUCCEEDED
from limpyd.fields.declaration.field import Field
from limpyd.fields.dynamic import DynamicField
from limpyd.fields.value_deadline import ValueDeadlineField
from limpyd.server import MINIMUM, Server, from_info
from tests.support.servers import BINARIES, running
from tools.commands import GROUPS, PAGE, Known, bound_classes, calls, commands, known_commands, methods, offered, page

pytestmark = pytest.mark.each_server

SOURCE = Path(fields.__file__).parent
PLAIN = {
    "DeadlineField": {
        *("expire", "expireat", "expiretime", "pexpire", "pexpireat", "pexpiretime", "pttl", "touch", "ttl"),
    },
    "ListField": {"lcontains", "lrank", "lcount"},
    "PKField": {"get", "set", "exists", "delete"},
    "AutoPKField": {"get", "set", "exists", "delete"},
}
"""Public methods that are no Redis command's own: those of limpyd 2 that ask LPOS, of the object and of its expiry."""


class Asked(NamedTuple):
    """A server, and what it says of its commands."""

    server: Server
    commands: dict[str, Known]


@pytest.fixture(scope="module", params=BINARIES)
def asked(request):
    with running(request.param) as server, server.client() as client:
        client.set_response_callback("INFO", lambda reply, **_: reply)
        return Asked(from_info(client.execute_command("INFO")), known_commands(client))


class TestMethods:
    @pytest.mark.filterwarnings("ignore:limpyd.fields.\\w+ is called:DeprecationWarning")
    def test_every_field_is_looked_at(self):
        for module in pkgutil.walk_packages(fields.__path__, "limpyd.fields."):
            for name, value in vars(importlib.import_module(module.name)).items():
                is_field = isinstance(value, type) and issubclass(value, Field) and hasattr(value, "__get__")
                if is_field and not issubclass(value, DynamicField | ValueDeadlineField):  # which have those of others
                    assert name in bound_classes(), f"{module.name}.{name} is not in limpyd.fields.__all__"

    def test_every_public_method_has_its_row(self):
        for name, bound in bound_classes().items():
            without = methods(bound).keys() - commands(bound).keys() - {"proxy_get", "proxy_set", "make_key"}
            assert without == PLAIN.get(name, set()), f"{name}: these send no command of the table"

    def test_every_row_is_used(self):
        unused = sorted(TABLE.keys() - {command for _, command in calls()})
        assert not unused, f"rows that no method has: {', '.join(unused)}"

    def test_every_successor_is_offered(self):
        gone = [f"{method} with {command} for {name}" for name, (method, command) in _not_offered()]
        assert not gone, f"no field has {'; '.join(gone)}"

    def test_one_answer_for_each_command(self):
        for what, names in (
            ("has a row, and is refused", TABLE.keys() & REFUSED.keys()),
            ("has a row, and a successor", TABLE.keys() & SUCCEEDED.keys()),
            ("has a successor, and is refused", SUCCEEDED.keys() & REFUSED.keys()),
        ):
            assert not names, f"{', '.join(sorted(names))}: {what}"

    def test_the_page_is_not_stale(self):
        assert PAGE.read_text() == page(), f"docs/{PAGE.name} is stale: make commands"


class TestServers:
    def test_every_command_is_offered_or_refused(self, asked):
        """Every command for the types that fields have, on every server."""
        listed = {name for name, known in asked.commands.items() if known.group in GROUPS}
        assert len(listed) > 150
        neither = sorted(listed - offered() - REFUSED.keys())
        assert not neither, f"{asked.server} also has {', '.join(neither)}"

    def test_every_option_is_offered_or_refused(self, asked):
        """Every word among their arguments stands somewhere in the fields, or is the name of an argument there."""
        source = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
        ours = set(re.findall(r"\b[A-Z][A-Z0-9]+\b", source)) | set(map(str.upper, re.findall(r"\b\w+(?==)", source)))
        missing = [
            f"{name} {option}"
            for name, known in _with_rows(asked)
            for option in sorted(known.options)
            if len(option) > 1 and option.isalnum() and option not in ours and (name, option) not in REFUSED_OPTIONS
        ]
        assert not missing, f"{asked.server} also has {', '.join(missing)}"

    def test_refused_options_are_ones_that_there_are(self, asked):
        if asked.server.name == "valkey" and asked.server.version >= (9, 0):
            there = {(name, option) for name, known in _with_rows(asked) for option in known.options}
            assert REFUSED_OPTIONS.keys() <= there

    def test_scopes(self, asked):
        """What is said to read is readonly to the server, what is said to write is a write."""
        wrong = [
            f"{name} is {'/'.join(sorted(known.flags))}, and said to change {TABLE[name].scope.value}"
            for name, known in _with_rows(asked)
            if ("readonly" if TABLE[name].scope is Scope.READ else "write") not in known.flags
        ]
        assert not wrong, f"on {asked.server} {'; '.join(wrong)}"

    def test_what_frees(self, asked):
        """A server that is full lets those writes pass that it does not flag denyoom."""
        wrong = [
            f"{name} should{' not' * ('denyoom' in known.flags)} be said to free"
            for name, known in _with_rows(asked)
            if TABLE[name].frees is not ("write" in known.flags and "denyoom" not in known.flags)
        ]
        assert not wrong, f"by {asked.server} {'; '.join(wrong)}"

    def test_needs(self, asked):
        name, version = asked.server.name, asked.server.version
        for command, facts in TABLE.items():
            needed = MINIMUM[name] if facts.needs is None else getattr(facts.needs, name)
            if command not in asked.commands:
                assert needed is None or version < needed, f"{asked.server} has no {command}"
                continue
            assert needed is not None, f"{asked.server} has {command}"
            since = tuple(int(part) for part in asked.commands[command].since.split(".")[:2])
            if facts.needs is None:
                assert since <= needed, f"{command} needs {name} {since}"
            else:
                assert since == needed, command


def _with_rows(asked):
    return [(name, known) for name, known in asked.commands.items() if name in TABLE]


def _not_offered():
    offers = calls()
    return [(name, successor) for name, successor in SUCCEEDED.items() if successor not in offers]
