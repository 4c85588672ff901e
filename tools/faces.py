"""The sync face of limpyd: files generated from those of the async face, which are the source of both.

python -m tools.faces [--check]    writes them; or only says which is stale

The async file `query/asynchronous.py` gives `query/sync.py`, and `model/async_bulk.py` gives `model/sync_bulk.py`. What
the faces do differently is not in such files: it stands, for both, in files that are written by hand.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "limpyd"

ASYNC_FILES = (
    "changes/asynchronous.py",
    "database/asynchronous.py",
    "drivers/async_execution.py",
    "model/async_bulk.py",
    "model/async_collection.py",
    "model/async_maintenance.py",
    "model/async_expiry.py",
    "model/async_object_values.py",
    "model/async_transfer.py",
    "model/asynchronous.py",
    "pipelines/asynchronous.py",
    "query/async_aggregates.py",
    "query/asynchronous.py",
    "requests/async_runner.py",
)
"""The sources."""
NAMES = {
    "Async": "Sync",
    "AsyncTransport": "SyncTransport",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "asynchronous": "sync",
}
"""Names of the async face, and of the sync one. Besides, `AsyncX` becomes `X`, and `async_x` becomes `sync_x`."""
ASYNC_REDIS, SYNC_REDIS = "redis.asyncio", "redis"
"""The package of redis-py for the async face, and for the sync one."""
RESULTS = {"Awaitable": 0, "Coroutine": 2}
"""Types of what is awaited, and which of their parameters is the type of its result, which stands instead of them."""
KEYWORDS = frozenset({"async", "await"})
WORDING = {
    "on the async face": "on the sync face",
    "whose calls return a coroutine": "whose calls return their result",
    "objects in Redis, for asyncio": "objects in Redis",
    '`await Person.create(name="x")` creates one, `await Person.get(1)` gets an existing one.': (
        '`Person(name="x")` creates one, `Person(1)` gets an existing one by its primary key.'
    ),
    "\n\n    You may await a call in the block or not: either way it is only collected.": "",
    "A Redis or Valkey database, for asyncio.": "A Redis or Valkey database.",
    "\n\n    All tasks of an event loop share one connection; threads have an event loop each.": "",
    "a redis.asyncio client": "a redis-py client",
    "as its pool does, and uses": "as its pool does, at most as many, and uses",
    "awaits it with a transaction": "calls it with a transaction",
    "        The iterable may be an asynchronous one.\n\n": "",
}
"""Phrases of docstrings, comments and messages that read otherwise on the sync face."""

IS_TEXT = frozenset({tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)})
PREFIX = re.compile(r"^Async(?=[A-Z])")
CODE_IN_TEXT = re.compile(r"\basync (?=(?:def|for|with)\b)|\bawait |\w+")

Edit = tuple[int, int, str]
"""The first character of a source that is replaced, the one after the last, and what stands there instead."""


def generated() -> dict[Path, str]:
    """Returns the text of each file of the sync face, by its path."""
    sources = {SOURCE / name: (SOURCE / name).read_text() for name in ASYNC_FILES}
    unused = [phrase for phrase in WORDING if not any(phrase in text for text in sources.values())]
    if unused:
        sys.exit(f"tools/faces.py: WORDING has a phrase that no async file has: {unused[0]}")
    return {path.with_name(f"{sync_name(path.stem)}.py"): sync_file(path, text) for path, text in sources.items()}


def sync_file(path: Path, text: str) -> str:
    """Returns the file of the sync face that an async one gives."""
    header = f"# Generated from {path.name} by `make faces`; edit that file.\n"
    return _tidied(header + sync_code(text))


def sync_code(source: str) -> str:
    """Returns the code of the sync face for that of the async one, as long as imports and lines may be."""
    for first, end, text in sorted(_edits(source), reverse=True):
        source = source[:first] + text + source[end:]
    return source


def sync_name(name: str) -> str:
    """Returns the name on the sync face of what has a name on the async one."""
    if name.startswith("async_") and name not in NAMES:
        return name.removeprefix("a")
    return NAMES.get(name) or PREFIX.sub("", name)


def sync_text(text: str) -> str:
    """Returns the wording of the sync face for a docstring, comment or message of the async one."""
    for phrase, other in (*WORDING.items(), (ASYNC_REDIS, SYNC_REDIS)):
        text = text.replace(phrase, other)
    return CODE_IN_TEXT.sub(lambda word: "" if word[0].endswith(" ") else sync_name(word[0]), text)


def _edits(source: str) -> Iterator[Edit]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def at(place: tuple[int, int]) -> int:
        return starts[place[0] - 1] + place[1]

    tokens = list(tokenize.generate_tokens(StringIO(source).readline))
    for number, token in enumerate(tokens):
        first, end = at(token.start), at(token.end)
        if token.type in IS_TEXT:
            yield first, end, sync_text(token.string)
        elif token.type != tokenize.NAME:
            continue
        elif "".join(part.string for part in tokens[max(number - 2, 0) : number + 1]) == ASYNC_REDIS:
            yield at(tokens[number - 2].start), end, SYNC_REDIS
        elif token.string in KEYWORDS:
            yield first, at(tokens[number + 1].start), ""
        elif token.string in RESULTS and tokens[number + 1].string == "[":
            result, closing = _parameter(tokens, number + 1, RESULTS[token.string])
            yield first, at(tokens[result].start), ""
            yield at(tokens[closing].start), at(tokens[closing].end), ""
        elif sync_name(token.string) != token.string:
            yield first, end, sync_name(token.string)


def _parameter(tokens: list[tokenize.TokenInfo], opening: int, wanted: int) -> tuple[int, int]:
    """Returns where a parameter of a type begins, and where the bracket after the parameters is, by number of token."""
    depth = commas = 0
    begins = opening + 1
    for number in range(opening, len(tokens)):
        text = tokens[number].string
        depth += (text == "[") - (text == "]")
        if depth == 0:
            return begins, number
        if text == "," and depth == 1:
            commas += 1
            begins = number + 1 if commas == wanted else begins
    raise AssertionError  # the source is Python


def _tidied(source: str) -> str:
    """Returns the code without imports that are unused now, sorted and formatted."""
    name = ("--stdin-filename", "sync.py", "-")
    fixes = ("check", "--fix-only", "--unsafe-fixes", "--select", "F401,I001,PYI016,UP028")
    ours = ("--config", "lint.isort.known-first-party = ['limpyd']")
    return _ruff("format", *name, source=_ruff(*fixes, *ours, *name, source=source))


def _ruff(*arguments: str, source: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def main() -> None:
    """Writes the files, or says which is stale."""
    parser = argparse.ArgumentParser(description="Generates the sync face of limpyd from the async one.")
    parser.add_argument("--check", action="store_true", help="write nothing, only say what is stale")
    check = parser.parse_args().check
    stale = {path: text for path, text in generated().items() if not path.exists() or path.read_text() != text}
    if check and stale:
        sys.exit(f"stale: {', '.join(str(path.relative_to(ROOT)) for path in stale)}; run make faces")
    for path, text in stale.items():
        path.write_text(text)


if __name__ == "__main__":
    main()
