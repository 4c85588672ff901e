"""What is said of a command is what it sends."""

from __future__ import annotations

import inspect

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel, StringField
from limpyd.commands.table import Scope
from tests.support import command_calls as calls


@pytest.fixture(scope="module")
def instance():
    class Thing(RedisModel):
        database = RedisDatabase(port=1)  # nothing is sent
        text = StringField()
        entry = InstanceHashField()

    return Thing._connected(b"1")


STRINGS = {**calls.STRING, **calls.KEY}


@pytest.mark.parametrize(("field", "commands"), [("text", STRINGS), ("entry", calls.INSTANCE_HASH)])
def test_facts(instance, field, commands):
    bound = getattr(instance, field)
    for name, args in commands.items():
        method = inspect.getattr_static(type(bound), name)
        request = method.__wrapped__(bound, *args)
        if request.readonly:
            assert request.args[0] == method.facts.name
            assert method.facts.scope is Scope.READ
        else:
            assert {method.facts.name, method.facts.name.encode()} & {*request.args}
