"""Uses a model while its objects move to more partitions, and kills the movers (SIGKILL).

    python -m tests.faults.programs.online_moves PORT SEED MOVES [cluster]

Threads that declare two partitions read, write, query, walk, and use pipelines and bulk operations, each on objects of
its own, and compare what they get with plain Python. All want the same few unique values. Beside them two processes
move the objects to twice as many partitions, again and again; of some tries both are killed. The program prints the
numbers of movers killed and of operations, or ends with an error.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
import traceback
from typing import Any

from limpyd import AutoPKField, InstanceHashField, ListField, PKField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.exceptions import UniquenessError
from limpyd.indexes.maintenance import partition_record, trusted_reads
from limpyd.repartitioning import announcing, fences
from tests.faults.programs.killing import in_the_background

PORT, SEED, MOVES, CLUSTERED = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), "cluster" in sys.argv[4:]
USERS = 4
MOST_OBJECTS = 100
EMAILS = [f"{number}@é" for number in range(40)]
MINTS = SEED % 2 == 0
partition_record.TRUSTED = trusted_reads.TRUSTED = 0.2
fences.NOTICED = 0.4
announcing.IN_SLICE = 10


def declare(count: int) -> Any:
    """The model, as a process sees it that has sent nothing yet."""
    nodes: dict[str, Any] = {"nodes": [("127.0.0.1", PORT)]} if CLUSTERED else {"port": PORT}
    body = {
        "database": RedisDatabase(patience=30, **nodes),
        "namespace": f"online{SEED}",
        "partitions": count,
        "key": AutoPKField() if MINTS else PKField(),
        "owner": StringField(indexable=True),
        "count": InstanceHashField(int, indexable=True),
        "tags": SetField(indexable=True),
        "queue": ListField(),
        "email": InstanceHashField(unique=True),
    }
    return type("Used", (RedisModel,), body)


class User(threading.Thread):
    """Uses objects of its own.

    Attributes:
        expected: the count of each object, and the length of its queue, by primary key.
        emails: the unique value of each object that has one.
        operations: how many operations were done.
        fault: what went wrong, if anything did.
    """

    def __init__(self, number: int, model: Any) -> None:
        super().__init__()
        self.expected: dict[str, list[int]] = {}
        self.emails: dict[str, str] = {}
        self.operations = 0
        self.fault = ""
        self.stopped = threading.Event()
        self._model = model
        self._owner = f"user {number}"
        self._rng = random.Random(SEED * USERS + number)

    def run(self) -> None:
        actions = (self._count, self._push, self._read, self._query, self._create, self._delete, self._pipeline)
        actions += (self._claim, self._give_up, self._seek, self._find, self._bulk, self._walk, self._count_all)
        try:
            while not self.stopped.is_set():
                self._rng.choice(actions if len(self.expected) > 4 else (self._create,))()
                self.operations += 1
                time.sleep(0.001)  # else they leave nothing of the processor to the movers
        except BaseException:  # noqa: BLE001 - the program tells it
            self.fault = traceback.format_exc()

    def _some(self) -> tuple[str, Any]:
        pk = self._rng.choice(list(self.expected))
        return pk, self._model(pk) if self._rng.random() < 0.3 else self._model.lazy_connect(pk)

    def _create(self) -> None:
        if len(self.expected) < MOST_OBJECTS:
            given = {} if MINTS else {"key": f"{self._owner}: {self._rng.random()}"}
            made = self._model(owner=self._owner, count=0, tags=[self._owner, "all"], queue=["x"], **given)
            pk = made.key.get()
            assert pk not in self.expected
            self.expected[pk] = [0, 1]

    def _count(self) -> None:
        pk, thing = self._some()
        self.expected[pk][0] += 1
        assert thing.count.hincrby(1) == self.expected[pk][0]

    def _push(self) -> None:
        pk, thing = self._some()
        self.expected[pk][1] += 1
        assert thing.queue.rpush("x") == self.expected[pk][1]

    def _read(self) -> None:
        pk, thing = self._some()
        assert [int(thing.count.hget()), thing.queue.llen()] == self.expected[pk]
        assert self._model.exists(pk)

    def _query(self) -> None:
        self._compare(self._model.collection(owner=self._owner).all())
        many = sum(count > 1 for count, _ in self.expected.values())
        assert self._model.collection(tags=self._owner, count__gt=1).count() == many

    def _delete(self) -> None:
        pk, thing = self._some()
        thing.delete()
        del self.expected[pk]
        self.emails.pop(pk, None)

    def _claim(self) -> None:
        pk, thing = self._some()
        email = self._rng.choice(EMAILS)
        with contextlib.suppress(UniquenessError):
            thing.email.hset(email)
            self.emails[pk] = email

    def _give_up(self) -> None:
        pk, thing = self._some()
        assert thing.email.hdel() == (pk in self.emails)
        self.emails.pop(pk, None)

    def _seek(self) -> None:
        for pk, email in list(self.emails.items())[:2]:
            assert self._model.get(email=email).key.get() == pk
            assert self._model.lazy_connect(pk).email.hget() == email

    def _find(self) -> None:
        email = self._rng.choice(EMAILS)
        own = next((pk for pk, has in self.emails.items() if has == email), None)
        if not MINTS or len(self.expected) >= MOST_OBJECTS:
            return
        given = {"owner": self._owner, "count": 0, "tags": [self._owner, "all"], "queue": ["x"]}
        found, created = self._model.get_or_create(email=email, defaults=given)
        pk = found.key.get()
        if own is not None:
            assert (pk, created) == (own, False)
        elif created:
            assert pk not in self.expected
            self.expected[pk], self.emails[pk] = [0, 1], email
        else:
            assert pk not in self.expected

    def _pipeline(self) -> None:
        pks = self._rng.sample(list(self.expected), 4)
        with self._model.database.pipeline():
            counted = [self._model.lazy_connect(pk).count.hincrby(1) for pk in pks]
            read = [self._model.lazy_connect(pk).count.hget() for pk in pks]
            found = self._model.collection(owner=self._owner).all()
        for pk, one, other in zip(pks, counted, read, strict=True):
            self.expected[pk][0] += 1
            assert one.value == int(other.value) == self.expected[pk][0]
        self._compare(found.value)

    def _bulk(self) -> None:
        if len(self.expected) < MOST_OBJECTS:
            rows = [{"owner": self._owner, "count": 0, "tags": [self._owner, "all"], "queue": ["x"]} for _ in range(7)]
            if not MINTS:
                rows = [{"key": f"{self._owner}: {self._rng.random()}", **row} for row in rows]
            made = self._model.bulk_create(rows, chunk=2, pks=True)
            assert self.expected.keys().isdisjoint(made.pks)
            assert made.created == len(set(made.pks)) == len(rows)
            self.expected |= {pk: [0, 1] for pk in made.pks}
        pks = self._rng.sample(list(self.expected), 4)
        changed = self._model.bulk_update([(pk, {"count": 100}) for pk in pks], chunk=2)
        assert changed.updated == len(pks)
        for pk in pks:
            self.expected[pk][0] = 100
        assert self._model.bulk_delete(pks[:2], chunk=1).deleted == 2
        for pk in pks[:2]:
            del self.expected[pk]
            self.emails.pop(pk, None)

    def _walk(self) -> None:
        found = self._model.collection(owner=self._owner)
        assert set(found.iterate(chunk=5)) == set(self.expected)
        counts = found.sort(by="count").values_list("key", "count")
        walked = list(counts.iterate(chunk=5))
        assert sorted(walked) == sorted((pk, count) for pk, (count, _) in self.expected.items())
        assert [count for _, count in walked] == sorted(count for _, count in walked)

    def _count_all(self) -> None:
        counted = self._model.collection(owner=self._owner).update(count=self._model.count + 1, chunk=5)
        assert counted == len(self.expected)
        for known in self.expected.values():
            known[0] += 1

    def _compare(self, found: list[str]) -> None:
        assert len(found) == len(set(found))
        assert set(found) == set(self.expected), set(found) ^ set(self.expected)


def moving(count: int) -> int:
    """Starts a process that moves the objects, and returns its pid."""
    child = os.fork()
    if child == 0:
        try:
            declare(count).repartition()
        except BaseException:  # noqa: BLE001 - the exit code tells it
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def move(count: int, rng: random.Random) -> int:
    """Has the objects moved; returns how many movers were killed."""
    killed = 0
    while True:
        children = [moving(count) for _ in range(2)]
        is_interrupted = rng.random() < 0.6
        if is_interrupted:
            time.sleep(rng.uniform(0.2, 1.2))
        ended = []
        for child in children:
            if is_interrupted:
                os.kill(child, signal.SIGKILL)
            ended.append(os.waitpid(child, 0)[1])
        if any(os.WIFEXITED(status) and os.WEXITSTATUS(status) for status in ended):
            sys.exit("a mover has failed")
        killed += sum(map(os.WIFSIGNALED, ended))
        if 0 in ended:
            return killed


def moves() -> str:
    """Has the objects moved again and again; returns how many movers were killed."""
    rng, count, killed = random.Random(SEED), 2, 0
    while not declare(count).collection().count():
        time.sleep(0.1)
    for _ in range(MOVES):
        count *= 2
        time.sleep(0.2)
        killed += move(count, rng)
    return str(killed)


def main() -> None:
    child, result = in_the_background(moves)
    models = [declare(2) for _ in range(2)]
    users = [User(number, models[number % 2]) for number in range(USERS)]
    for user in users:
        user.start()
    _, status = os.waitpid(child, 0)
    time.sleep(0.2)
    for user in users:
        user.stopped.set()
    for user in users:
        user.join()
        if user.fault:
            sys.exit(user.fault)
    if status:
        sys.exit("the moves have failed")
    model = declare(2 * 2**MOVES)
    found = {row[0]: [row[1], len(row[2])] for row in model.collection().values_list("key", "count", "queue")}
    if found != {pk: known for user in users for pk, known in user.expected.items()}:
        sys.exit("the objects are not as they should be")
    owners = {email: pk for user in users for pk, email in user.emails.items()}
    if len(owners) != sum(len(user.emails) for user in users):
        sys.exit("a value has two owners")
    for email in EMAILS:
        if list(model.collection(email=email)) != ([owners[email]] if email in owners else []):
            sys.exit(f"{email} does not belong to whom it should")
    for email in set(EMAILS) - owners.keys():
        model.lazy_connect(next(iter(found))).email.hset(email)
    report = model.check()
    if list(report):
        sys.exit(f"check: {report}")
    print(result(), sum(user.operations for user in users))


if __name__ == "__main__":
    main()
