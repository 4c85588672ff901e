"""All messages of the library, as they are written: none names a script or a line, doubles a word or ends twice."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel
from limpyd.exceptions import (
    LimpydError,
    RelatedDoesNotExist,
    RestrictedError,
    ServerUnreachable,
    StaleObject,
    UniquenessError,
    WrongTypeError,
)
from limpyd.scripts.server_messages import plain

SOURCE = Path(__file__).parents[2] / "src" / "limpyd"
WRONG = {
    "a script": r"\.lua\b|user_script|<locals>",
    "a doubled word": r"\b(\w+) \1\b(?! \1)",
    "a doubled negation": r"\bnot not\b|\bcannot not\b|\bno no\b",
    "two full stops": r"(?<!\.)\.\.(?!\.)",
    "two spaces": r"\S  \S",
}


def messages(path):
    """The texts that a module raises or gives to an error, with {} for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign) and any(
            isinstance(each, ast.Name) and each.id == "msg" for each in node.targets
        ):
            yield text_of(getattr(node, "value", node))
        if isinstance(node, ast.Call) and re.fullmatch(r"[A-Z]\w+", getattr(node.func, "id", "")):
            yield from (text_of(each) for each in node.args if isinstance(each, ast.Constant | ast.JoinedStr))


def text_of(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_as_they_are_written():
    found = [(path.name, text) for path in sorted(SOURCE.rglob("*.py")) for text in messages(path) if len(text) > 20]
    assert len(found) > 200
    wrong = [(name, text, kind) for name, text in found for kind, sign in WRONG.items() if re.search(sign, text)]
    assert not wrong


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("ERR no such key script: 4e6d, on @user_script:12.", "no such key"),
        ("the value is no number script: on @user_script:1436.", "the value is no number"),
        (
            "user_script:9: a nil value script: ab12, on @user_script:9.",
            "a nil value",
        ),
        ("WRONGTYPE Operation against a key", "WRONGTYPE Operation against a key"),
    ],
)
def test_what_servers_say_of_scripts(said, text):
    assert plain(said) == text


def test_a_server_that_is_not_there():
    class Thing(RedisModel):
        database = RedisDatabase(host="127.0.0.1", port=1)
        name = InstanceHashField()

    with pytest.raises(ServerUnreachable) as caught:
        Thing(name="x")
    assert isinstance(caught.value, LimpydError)
    assert ".." not in str(caught.value)
    assert "Check that it runs" in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        lambda text: RelatedDoesNotExist("Person", "group", "Group", text),
        lambda text: RestrictedError("Person", "group", text, "Group", text),
        lambda text: UniquenessError("Person", "name", text, text),
        lambda text: UniquenessError("Person", "name", text, text, text),
        lambda text: StaleObject("Person", text, 1, 2),
        lambda text: WrongTypeError("Person", text, "string", "list"),
    ],
)
def test_long_texts_are_cut(error):
    shown = str(error("x" * 100_000))
    assert len(shown) < 1000
    assert "(100002 characters)" in shown
