"""A crash that tears the end off the append-only file: what is left is what was there at some earlier moment."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.exceptions import ConnectionFailed
from tests.support.expected_indexes import inconsistencies
from tests.support.servers import BINARIES, NEWEST_AND_OLDEST, Server

DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "yes")
CUTS = (0, 1, 2, 5, 13, 40, 77, 120, 160, 200)
WRITERS = 4
ENOUGH = 40
"""How many operations of each writer are confirmed before the server is killed."""
END = b"$4\r\nEXEC\r\n"


def declare(port: int) -> type[RedisModel]:
    """The model, on a database of its own."""

    class Item(RedisModel):
        database = RedisDatabase(port=port)
        name = PKField()
        note = StringField(unique=True)
        label = InstanceHashField(indexable=True)
        tags = SetField(indexable=True)

    return Item


@dataclass
class Writer:
    """Creates an item, updates it, deletes the one before, and so on, each in an operation of its own.

    Attributes:
        calls: when each operation was asked for.
        replies: when each was confirmed; the last one may have no confirmation.
    """

    name: str
    calls: list[float] = field(default_factory=list)
    replies: list[float] = field(default_factory=list)

    def work(self, port: int) -> None:
        """Works until the server is gone."""
        items = declare(port)
        step = 0
        try:
            while True:
                self.calls.append(time.monotonic())
                number, kind = divmod(step, 3)
                name = f"{self.name} {number}"
                if kind == 0:
                    items(name=name, note=name, label="new", tags=["a", name])
                elif kind == 1:
                    items.update(name, note=f"{name}!", label="old", tags=["b", name])
                elif number:
                    items.lazy_connect(f"{self.name} {number - 1}").delete()
                else:
                    items.lazy_connect(name).label.hset("first")
                self.replies.append(time.monotonic())
                step += 1
        except ConnectionFailed:
            pass
        finally:
            items.database.close()

    def reply(self, step: int) -> float:
        """When an operation was confirmed, or infinity."""
        return self.replies[step] if step < len(self.replies) else inf

    def after(self, steps: int) -> dict[str, tuple[str, str, frozenset[str]]]:
        """What is there of this writer's after so many operations: note, label and tags by name."""
        there: dict[str, tuple[str, str, frozenset[str]]] = {}
        for step in range(max(0, steps // 3 - 2) * 3, steps):
            number, kind = divmod(step, 3)
            name, before = f"{self.name} {number}", f"{self.name} {number - 1}"
            if kind == 0:
                there[name] = (name, "new", frozenset({"a", name}))
            elif kind == 1:
                there[name] = (f"{name}!", "old", frozenset({"b", name}))
            elif number:
                there.pop(before, None)
            else:
                there[name] = (f"{name}!", "first", frozenset({"b", name}))
        return there

    def steps(self, there: dict[str, tuple[str, str, frozenset[str]]]) -> int:
        """After how many of the operations just that is there.

        Raises:
            LookupError: after none of them.
        """
        for steps in range(len(self.calls), -1, -1):
            if self.after(steps) == there:
                return steps
        msg = f"{self.name} was never like that: {there}"
        raise LookupError(msg)


@pytest.mark.parametrize("name", NEWEST_AND_OLDEST)
def test_the_end_of_the_file_is_torn_off(name, tmp_path):
    server = Server(BINARIES[name], *DURABLE)
    try:
        writers = [Writer(f"w{number}") for number in range(WRITERS)]
        threads = [threading.Thread(target=writer.work, args=(server.port,)) for writer in writers]
        for thread in threads:
            thread.start()
        while not all(len(writer.replies) > ENOUGH for writer in writers):
            assert all(thread.is_alive() for thread in threads)
            time.sleep(0.01)
        server.kill()
        for thread in threads:
            thread.join()
        folder = Path(server.folder) / "appendonlydir"
        shutil.copytree(folder, tmp_path / "whole")
        whole = sum(steps_in(server, folder, tmp_path / "whole", 0, writers))
        for cut in CUTS:
            data = last_file(tmp_path / "whole").read_bytes()
            torn = data.count(END, max(0, len(data) - cut - len(END) + 1)) if cut else 0
            steps = steps_in(server, folder, tmp_path / "whole", cut, writers)
            assert sum(steps) == whole - torn
            assert is_a_moment(writers, steps)
            assert torn or not cut
    finally:
        server.stop()


def last_file(folder: Path) -> Path:
    """The file that the server appended to."""
    return max(folder.glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))


def steps_in(server: Server, folder: Path, whole: Path, cut: int, writers: list[Writer]) -> list[int]:
    """Starts the server on the files without the last bytes; how many operations of each writer are there.

    All of them are if nothing is cut, but for those that were not confirmed.
    """
    shutil.rmtree(folder)
    shutil.copytree(whole, folder)
    file = last_file(folder)
    with file.open("r+b") as torn:
        torn.truncate(file.stat().st_size - cut)
    server.start()
    items = declare(server.port)
    report = items.database.check()
    assert report.ok
    assert list(report) == []
    with server.client() as client:
        assert inconsistencies(client, items) == []
    there = {row[0]: (row[1], row[2], frozenset(row[3])) for row in rows(items)}
    items.database.close()
    server.kill()
    steps = [
        writer.steps({name: found for name, found in there.items() if name.split()[0] == writer.name})
        for writer in writers
    ]
    if not cut:
        assert all(len(writer.replies) <= step for writer, step in zip(writers, steps, strict=True))
    return steps


def rows(items):
    """Name, note, label and tags of all items."""
    found = items.collection().values_list("name", "note", "label").all()
    return [(name, note, label, items.lazy_connect(name).tags.smembers()) for name, note, label in found]


def is_a_moment(writers: list[Writer], steps: list[int]) -> bool:
    """Whether nothing that is there was asked for after something that is missing had been confirmed."""
    missing = min(writer.reply(step) for writer, step in zip(writers, steps, strict=True))
    latest = max(writer.calls[step - 1] for writer, step in zip(writers, steps, strict=True) if step)
    return latest < missing


def test_what_is_no_moment():
    early, late = Writer("a", [1, 3], [2, 4]), Writer("b", [5, 7], [6, 8])
    assert is_a_moment([early, late], [2, 1])
    assert is_a_moment([early, late], [2, 0])
    assert not is_a_moment([early, late], [1, 1])
