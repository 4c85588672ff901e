"""Each statement of docs/migrating.md that can be tried is tried."""

import pytest

from tests.support.limpyd2.differences import rows, tried
from tests.support.limpyd2.peers import ROOT

FIELD_CLASSES = "tests/behaviour/test_field_classes.py"
ELSEWHERE = {
    "renaming a class orphans its data": "tests/behaviour/test_renaming.py",
    "`available_modifiers`, `_commands_to_proxy`, `_call_set(…)` on a class of fields": FIELD_CLASSES,
    "a constructor calls the setter of each field, and so its `post_command`": FIELD_CLASSES,
    "`post_command` runs in a pipeline when a command is collected": FIELD_CLASSES,
    "dynamic fields of redis-limpyd-extensions": "tests/behaviour/test_dynamic_fields.py",
}
"""Rows that have tests in other files."""

UNTRIED = {"Python 2, redis-py < 4, no clusters"}
"""Rows that state nothing that could be tried."""


def test_every_difference_is_tried():
    known = {*tried(), *ELSEWHERE, *UNTRIED}
    missing = [row for row in rows() if row not in known]
    assert not missing, "each row needs a test marked with @difference(row) in a tests/limpyd2/test_*_differences.py"


def test_what_is_tried_stands_on_the_page():
    marks = [*tried(), *ELSEWHERE, *UNTRIED]
    assert len(marks) == len(set(marks))
    assert not set(marks) - set(rows())


@pytest.mark.parametrize("path", sorted(set(ELSEWHERE.values())))
def test_tests_elsewhere_are_there(path):
    assert (ROOT / path).exists()
