"""The random commands on versions of dynamic fields: indexes and inventories are as a rebuild would make them.

Each field of the model of test_random_commands.py is a dynamic one here; its one version has the name of the field.
"""

from __future__ import annotations

from collections import Counter

import pytest

from limpyd import LimpydError, RedisModel
from limpyd.fields import DynamicField
from tests.support.expected_indexes import state
from tests.support.random_commands.sequences import do, failing, in_all_stretches, resolved, thing
from tests.support.servers import NEWEST

__all__ = ["failing", "thing"]  # fixtures

pytestmark = pytest.mark.parametrize("server", [NEWEST], indirect=True)

TOGETHER = {"first", "second", "team", "age"}
"""Fields of indexes of several, which no dynamic field can be one of."""


@pytest.fixture
def dynamic(thing):
    fields = {}
    for name, field in thing._schema.value_fields.items():
        if name in TOGETHER:
            fields[name] = field.declaration
        else:
            kind = type(f"Dynamic{type(field).__name__}", (DynamicField,), {"of": type(field)})
            fields[f"every_{name}"] = kind(pattern=f"({name})", format="%s")
            fields[f"every_{name}"]._declared = field.declaration
    thing.database._models.unregister("thing")
    return type("Thing", (RedisModel,), {"database": thing.database, **fields})


def test_indexes_and_inventories_equal_a_rebuild(server, dynamic):
    done, refused = Counter(), Counter()
    in_all_stretches(lambda steps: do(steps, server, dynamic, done, refused), 1)
    assert done.total() > refused.total()


def test_whatever_was_done_is_taken_back(server, dynamic, failing):
    """Each command is first run in a step that fails after it, which must leave no trace; then it is run."""

    def run(steps):
        with server.client() as client:
            client.flushall()
            dynamic(text="a", own_queue=["a", "b"], queue=["a", "b"], own_heads={"a": "a"}, tags=["a"], own_tags=["1"])
            dynamic(text="a", one="b", own_board={"a": 1, "b": 2}, places={"a": (1, 2)}, board={"a": 1}, bag=["a"])
            for pk, (field, command, (args, kwargs)) in steps:
                before = state(client)
                for failing[0] in (True, False) if field is not None else ():
                    target = getattr(dynamic.lazy_connect(pk) if pk else dynamic(), field)
                    given_args = [resolved(dynamic, arg) for arg in args]
                    try:
                        getattr(target, command)(*given_args, **kwargs)
                    except LimpydError:
                        assert state(client) == before, (pk, field, command, args, kwargs)
                    else:
                        assert not failing[0], (pk, field, command, args, kwargs)

    in_all_stretches(run, 1)
