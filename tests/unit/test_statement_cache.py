"""Statements that are compiled after a few uses, and kept in a bounded number."""

from __future__ import annotations

from limpyd.statements.statement_cache import StatementCache


def test_after_a_few_uses():
    compiled = []

    def make(key):
        compiled.append(key)
        return f"statement of {key}"

    known = StatementCache(make, threshold=2)
    assert [known.get("a") for _ in range(4)] == [None, None, "statement of a", "statement of a"]
    assert known.get("b") is None
    assert compiled == ["a"]


def test_what_has_no_statement_is_tried_once():
    compiled = []
    known = StatementCache(compiled.append, threshold=1)
    assert [known.get("a") for _ in range(5)] == [None] * 5
    assert compiled == ["a"]


def test_the_one_that_was_not_used_for_the_longest_goes():
    compiled = []

    def make(key):
        compiled.append(key)
        return key

    known = StatementCache(make, threshold=0, max_size=3)
    for key in "abcadbd":
        known.get(key)
        assert len(known) <= 3
    assert compiled == ["a", "b", "c", "d", "b"]


def test_what_is_used_once_is_not_counted_for_ever():
    known = StatementCache(lambda key: key, threshold=1, max_size=10)
    for number in range(1000):
        known.get(number)
    assert len(known) == 10
