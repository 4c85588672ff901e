"""`limpyd migrate --to`."""

from __future__ import annotations

import json
import os
import sys

import pytest

pytest.importorskip("typer")

from limpyd.cli import app as cli_app

MODULE = """
from limpyd import *
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel

class Article(RedisModel):
    database = RedisDatabase(port={port})
    partitions = 2
    title = InstanceHashField(indexable=True)

class Note(AsyncRedisModel):
    database = AsyncRedisDatabase(port={port})
    text = InstanceHashField(indexable=True)
"""
FILL = "for n in range(20): Article(title=f't{n}'); await Note.create(text='t')"


@pytest.fixture
def limpyd(tmp_path, one_server, monkeypatch, capsys):
    """Runs the command in this process: exit code, and the document that it prints, or its text, or its error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    name = f"moved{tmp_path.name.replace('-', '_')}{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(MODULE.format(port=one_server.port))

    def run(*args):
        code = cli_app.run(
            [arg.replace("{}", name).replace("@", f"redis://localhost:{one_server.port}/") for arg in args]
        )
        out, err = capsys.readouterr()
        return int(code), json.loads(out) if out.startswith("{") else out + err

    assert run("shell", "{}", "-c", FILL)[0] == 0
    yield run
    sys.modules.pop(name, None)


def test_moving_models_of_both_faces(limpyd):
    code, document = limpyd("migrate", "{}", "--to", "@1", "--json")
    assert (code, [(one["model"], one["objects"]) for one in document["moved"]]) == (0, [("Article", 20), ("Note", 20)])
    code, text = limpyd("shell", "{}", "-c", "Article(title='x')")
    assert (code, "have moved to localhost:" in text) == (1, True)
    assert limpyd("migrate", "{}", "--to", "@1") == (
        0,
        "Article: the objects have all arrived\nNote: the objects have all arrived\n",
    )
    code, text = limpyd("migrate", "{}:Note", "--to", "@1", "--abandon")
    assert (code, "the move to" in text) == (4, True)
    code, text = limpyd("migrate", "{}", "--to", "@1", "--delete-source")
    assert (code, "Note: deleted " in text) == (0, True)
    # The database of the models is another one from here on.
    assert limpyd("shell", "{}", "--url", "@1", "-c", "assert Article.collection(title='t3').count() == 1") == (0, "")


def test_moving_back_by_the_url_of_the_data(limpyd):
    assert limpyd("migrate", "{}:Article", "--to", "@1")[0] == 0
    assert limpyd("migrate", "{}:Article", "--to", "@1", "--delete-source")[0] == 0
    code, text = limpyd("migrate", "{}:Article", "--url", "@1", "--to", "@0")
    assert (code, "Article: moved 20 objects; writers were refused for 0." in text) == (0, True)


def test_options_that_do_not_fit(limpyd):
    for args in (["--abandon"], ["--delete-source"], ["--to", "@1", "--abandon", "--delete-source"]):
        code, text = limpyd("migrate", "{}", *args)
        assert (code, "--to URL" in text) == (2, True)
    code, text = limpyd("migrate", "{}:Article", "--to", "nowhere")
    assert (code, "redis://" in text) == (2, True)
    assert limpyd("migrate", "{}:Article", "--to", "@1", "--abandon") == (
        0,
        "Article: removed 0 keys there; in use here as before\n",
    )
