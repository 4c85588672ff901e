"""Key names: two different things never share one, and a pattern matches what it should only."""

from __future__ import annotations

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limpyd.exceptions import DeclarationError
from limpyd.keys import ModelKeys, literal_pattern, to_bytes, to_text

LETTERS = st.sampled_from(ascii_lowercase)
NAMES = st.builds(str.__add__, LETTERS, st.text(ascii_lowercase + "_", max_size=4))
IDENTIFIERS = NAMES | st.sampled_from(["pks", "seq", "hash", "eq"])
TEXTS = st.binary(max_size=6) | st.sampled_from([b":", b"pks", b"name:1", b"hash:1", b"eq:name:x", b"uniq:name"])


def named(keys: ModelKeys, field: str, text: bytes) -> dict[str, bytes]:
    where = keys.partition(text)
    return {
        "pks": where.pks,
        "seq": where.seq,
        "nothing": where.nothing,
        f"hash {text!r}": where.hash_prefix + text,
        f"field {field} {text!r}": where.field_prefix(field) + text,
        f"eq {field} {text!r}": where.index_key(b"eq", field) + b":" + text,
        f"uniq {field}": where.index_key(b"uniq", field),
    }


@given(IDENTIFIERS, TEXTS, IDENTIFIERS, TEXTS)
def test_different_things_have_different_keys(field, text, other_field, other_text):
    keys = ModelKeys("blog", "article")
    everything = named(keys, field, text) | named(keys, other_field, other_text)
    assert len(set(everything.values())) == len(everything)


@given(st.text(max_size=5), st.text(max_size=5), IDENTIFIERS, IDENTIFIERS)
def test_different_models_have_different_keys(namespace, other_namespace, model, other_model):
    try:
        one, two = ModelKeys(namespace, model), ModelKeys(other_namespace, other_model)
    except (DeclarationError, UnicodeEncodeError):
        return
    same = (namespace, model) == (other_namespace, other_model)
    assert (one.tag == two.tag) is same
    assert (one.partition(b"1").pks == two.partition(b"1").pks) is same


def test_names():
    where = ModelKeys("blog", "article").partition(b"1")
    assert where.pks == b"{blog:article}:pks"
    assert where.hash_prefix == b"{blog:article}:hash:"
    assert where.field_prefix("body") == b"{blog:article}:field:body:"
    assert where.index_key(b"eq", "title") == b"{blog:article}:eq:title"
    assert where.index_key(b"uniq", "slug") == b"{blog:article}:uniq:slug"
    assert ModelKeys("", "article").partition(b"1").seq == b"{article}:seq"


@pytest.mark.parametrize(("namespace", "model"), [("a{b", "c"), ("a}", "c"), ("", "a{b}"), ("", ""), ("", "a:b")])
def test_refused(namespace, model):
    with pytest.raises(DeclarationError):
        ModelKeys(namespace, model)


def matches(pattern: bytes, text: bytes) -> bool:
    """Redis's glob, but for classes, which no literal pattern may hold unescaped."""
    if not pattern:
        return not text
    first, rest = pattern[:1], pattern[1:]
    assert first not in b"[]"
    if first == b"*":
        return any(matches(rest, text[i:]) for i in range(len(text) + 1))
    if first == b"\\" and rest:
        first, rest = rest[:1], rest[1:]
    elif first == b"?":
        first = text[:1]
    return bool(text) and text[:1] == first and matches(rest, text[1:])


@given(st.text("ab*?[]\\^-", max_size=8), st.text("ab*?[]\\^-", max_size=8))
def test_a_literal_pattern_matches_itself_only(text, other):
    assert matches(literal_pattern(text.encode()), other.encode()) == (text == other)
    assert matches(literal_pattern(text.encode()), text.encode())


@given(st.binary())
def test_text_of_keys_undoes_bytes(raw):
    assert to_bytes(to_text(raw)) == raw
