"""Every outcome that a script may reply with is known to what decodes it, and stands in library/journal.lua."""

from __future__ import annotations

import re

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel
from limpyd.exceptions import (
    ConditionFailed,
    DoesNotExist,
    InvalidValue,
    LimpydError,
    OutcomeUnknown,
    RollbackFailed,
    ServerError,
    StaleObject,
    StoredValueError,
    UniquenessError,
)
from limpyd.lua.linker import LIBRARY, script_paths
from limpyd.scripts.error_mapping import Claim, refusal

OWN = {
    "at": "scripts/query_writes.py: an outcome that is about one object of several",
    "in the way": "library/create_all.lua: an attempt that failed; the objects are then made one by one",
    "busy": "deletions/requests.py",
    "closed": "scripts/sweeps.py",
    "decided": "targets/closings.py",
    "late": "deletions/requests.py",
    "off": "targets/closings.py",
    "opened": "deletions/requests.py",
    "with": "targets/closings.py",
    "young": "targets/closings.py, claims/requests.py",
    "both": "migrations/requests.py",
    "objects": "migrations/requests.py",
    "partitions": "indexes/maintenance/requests.py",
    "refused": "pipelines/atomic_script.py",
    "result": "pipelines/step_arguments.py",
    "replied": "pipelines/atomic_script.py",
    "transform": "indexes/python_transforms.py",
    "unrecorded": "indexes/maintenance/requests.py",
    "promise": "claims/promised.py",
    "ok": "the result",
}
"""Those that only one script has, or that no error stands for, and where they are decoded."""

FACTS = {
    "gone": ([], DoesNotExist),
    "stale": ([b"3"], StaleObject),
    "taken": ([], UniquenessError),
    "unique": ([0, b"x", b"2"], UniquenessError),
    "unindexable": ([b"x", b"why", b"{thing}:elsewhere"], InvalidValue),
    "many": ([2], LimpydError),
    "occupied": ([b"{thing}:hash:1", b"hash"], ServerError),
    "error": ([b"ERR why", b"{thing}:hash:1", b"none"], ServerError),
    "broken": ([b"ERR why", b"{thing}:hash:1", b"none"], RollbackFailed),
    "unread": ([b"ERR why", b"{thing}:hash:1", b"none"], OutcomeUnknown),
    "rounded": ([], ServerError),
    "unmet": ([], ConditionFailed),
    "incomputable": ([0, b"is beyond the integers of 64 bits", b"9223372036854775808"], InvalidValue),
    "valueless": ([0, b"datetime"], InvalidValue),
    "undecodable": ([0, b"int", b"abc", b"{thing}:hash:1", b"name"], StoredValueError),
}
"""What most of them tell, and the error that they stand for."""
ELSEWHERE = {"absent", "constraint", "restricted", "unbuilt", "undeclared", "expiring", "large"}
"""Those that need more than a model: test_relations.py, test_index_building.py and test_max_changes.py of behaviour."""


class Thing(RedisModel):
    database = RedisDatabase(port=1)
    name = InstanceHashField()


def outcomes() -> set[str]:
    """The outcomes that the Lua files name."""
    found = set()
    for path in [*script_paths().values(), *LIBRARY.rglob("*.lua")]:
        code = re.sub(r"--.*", "", path.read_text("utf-8"))
        found |= set(re.findall(r"\b(?:refuse\(|abort\(\{ |return \{ |outcome = \{ |and \{ |or \{ )'([a-z ]+)'", code))
    return found


def test_all_are_known():
    assert outcomes() == {*OWN, *FACTS, *ELSEWHERE}


def test_those_that_scripts_share_are_described():
    described = set(re.findall(r"(?m)^--   '([a-z]+)'", (LIBRARY / "journal.lua").read_text("utf-8")))
    assert described >= {*FACTS, *ELSEWHERE}


@pytest.mark.parametrize("outcome", FACTS)
def test_each_is_an_error(outcome):
    facts, expected = FACTS[outcome]
    schema = Thing._schema
    error = refusal(schema, [outcome.encode(), *facts], b"1", [Claim(schema, "name")])
    assert isinstance(error, expected)
    assert "does not know" not in str(error)


def test_another_is_none_of_them():
    error = refusal(Thing._schema, [b"newer", b"facts"], b"1")
    assert type(error) is OutcomeUnknown
    assert "b'newer'" in str(error)
