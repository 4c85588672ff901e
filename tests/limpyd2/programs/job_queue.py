"""A queue of jobs with workers in several processes, written against limpyd 2: one file for both libraries.

JOBS_DATABASE has the settings of its database, in JSON. It is run by run_jobs.py.
"""

import json
import os
import time

import limpyd
from limpyd import fields
from limpyd.contrib.collection import ExtendedCollectionManager
from limpyd.contrib.database import PipelineDatabase
from limpyd.contrib.indexes import EqualIndexWith, SimpleDateTimeIndex
from limpyd.contrib.related import FKInstanceHashField, M2MSetField, RelatedModel
from limpyd.exceptions import DoesNotExist, UniquenessError
from limpyd.indexes import EqualIndex, NumberRangeIndex, TextRangeIndex

settings = json.loads(os.environ["JOBS_DATABASE"])
if limpyd.EXACT_VERSION.startswith("2."):
    settings.pop("layout", None)  # that of its keys is the only one
main_database = PipelineDatabase(host="127.0.0.1", db=0, **settings)


STATUSES = {"waiting": "w", "delayed": "d", "running": "r", "done": "s", "failed": "e", "cancelled": "c"}
UNFINISHED = [STATUSES[name] for name in ("waiting", "delayed", "running")]


class Stored(RelatedModel):
    """What the models have in common."""

    database = main_database
    namespace = "jobs"
    abstract = True
    collection_manager = ExtendedCollectionManager

    created = fields.InstanceHashField(indexable=True, indexes=[SimpleDateTimeIndex])

    @classmethod
    def add(cls, **values):
        return cls(created=time.strftime("%Y-%m-%d %H:%M:%S"), **values)

    @classmethod
    def once(cls, more=None, **identity):
        """The object of an identity, and whether it is new."""
        try:
            return cls.get(**identity), False
        except DoesNotExist:
            pass
        try:
            return cls.add(**dict(more or {}, **identity)), True
        except UniquenessError:  # another process was quicker
            return cls.get(**identity), False


class Queue(Stored):
    """The jobs of one name and priority."""

    name = fields.InstanceHashField(
        indexable=True, indexes=[EqualIndex, EqualIndexWith.configure(other_fields=["priority"], unique=True)]
    )
    priority = fields.InstanceHashField(indexable=True, indexes=[NumberRangeIndex], default=0)
    waiting = fields.ListField()
    delayed = fields.SortedSetField()
    running = fields.SetField(indexable=True)
    finished = fields.ListField()
    seconds = fields.HashField()
    started = fields.StringField(default=0)

    @classmethod
    def named(cls, name, priority=0):
        """The queue, which is made if there is none yet."""
        return cls.once(name=name, priority=priority)[0]

    @classmethod
    def by_priority(cls, names):
        """All queues of these names, the most urgent first."""
        return list(cls.collection(name__in=names).sort(by="-priority").instances())

    def push(self, job, delay=0, first=False):
        """Has a job wait, for its turn or for its time."""
        if delay:
            job.hmset(status=STATUSES["delayed"], due=time.time() + delay)
            self.delayed.zadd({job.pk.get(): job.due.hget()})
            return
        job.status.hset(STATUSES["waiting"])
        if first:
            self.waiting.lpush(job.pk.get())
        else:
            self.waiting.rpush(job.pk.get())

    def wake(self):
        """Lets the jobs whose time has come wait for their turn; each is moved by one worker."""
        soonest = self.delayed.zrange(0, 0, withscores=True)
        if not soonest or soonest[0][1] > time.time():
            return

        def move(pipe):
            due = self.delayed.zrangebyscore("-inf", time.time(), start=0, num=10)
            pipe.multi()
            for pk in due:
                self.delayed.zrem(pk)
                self.waiting.rpush(pk)

        main_database.transaction(move, self.delayed)


class Label(Stored):
    """A word by which jobs are found."""

    word = fields.PKField()


class Job(Stored):
    """Something to do, once."""

    identifier = fields.InstanceHashField(unique=True)
    action = fields.InstanceHashField(indexable=True, indexes=[TextRangeIndex])
    status = fields.InstanceHashField(indexable=True, default=STATUSES["waiting"])
    queue = FKInstanceHashField("Queue", related_name="jobs")
    labels = M2MSetField(Label, related_name="jobs")
    arguments = fields.ListField()
    options = fields.HashField(indexable=True)
    tries = fields.InstanceHashField(default=0)
    allowed = fields.InstanceHashField(default=1)
    due = fields.InstanceHashField()
    worker = fields.InstanceHashField(indexable=True)
    result = fields.StringField()
    errors = fields.ListField()

    @classmethod
    def submit(cls, identifier, action, arguments=(), queue="main", priority=0, delay=0, first=False, **values):
        """The job of this identifier, which is stored and waits if there was none."""
        job, is_new = cls.once(dict(values, action=action), identifier=identifier)
        if not is_new:
            return job
        if arguments:
            job.arguments.rpush(*arguments)
        where = Queue.named(queue, priority)
        job.queue.hset(where)
        where.push(job, delay, first)
        return job

    def cancel(self):
        """Takes the job out of its queue; one that runs already goes on."""
        queue = self.queue.instance()
        pk = self.pk.get()
        with main_database.pipeline() as pipe:
            queue.waiting.lrem(0, pk)
            queue.delayed.zrem(pk)
            taken = sum(pipe.execute())
        if taken:
            self.status.hset(STATUSES["cancelled"])
        return bool(taken)


# --- what jobs can do ---


def total(job):
    return sum(float(number) for number in job.arguments.lmembers())


def flaky(job):
    if int(job.tries.hget()) < int(job.options.hget("succeeds_at")):
        msg = "not yet"
        raise OSError(msg)
    return "at last"


def broken(job):
    msg = f"{job.identifier.hget()} cannot work"
    raise ValueError(msg)


def spawn(job):
    """Submits a job for each argument."""
    for number in job.arguments.lrange(0, -1):
        Job.submit(f"spawned {number}", "total", [number, number], priority=9)
    return job.arguments.llen()


def die(job):
    if job.tries.hget() == "1":
        os._exit(9)
    return "alive"


ACTIONS = {"total": total, "flaky": flaky, "broken": broken, "spawn": spawn, "die": die}


# --- workers ---


class Worker(Stored):
    """One process that runs jobs."""

    process = fields.InstanceHashField(indexable=True)
    beat = fields.StringField()
    succeeded = fields.ListField()
    retried = fields.StringField(default=0)

    def run(self, names):
        """Runs jobs until none is left to wait for."""
        while True:
            self.beat.set(self.process.hget(), ex=60)
            queues = Queue.by_priority(names)
            for queue in queues:
                queue.wake()
            popped = self.database.connection.blpop([queue.waiting.key for queue in queues], timeout=0.05)
            if popped is None:
                if not len(Job.collection(status__in=UNFINISHED)):
                    return
                continue
            key, pk = popped
            queue = next(queue for queue in queues if queue.waiting.key == key)
            self.do(queue, Job(pk))

    def do(self, queue, job):
        """Runs a job and notes what came of it."""
        pk = job.pk.get()
        queue.running.sadd(pk)
        queue.started.incr()
        job.hmset(status=STATUSES["running"], worker=self.pk.get())
        job.tries.hincrby(1)
        job.due.delete()
        since = time.time()
        try:
            result = ACTIONS[job.action.hget()](job)
        except Exception as error:  # noqa: BLE001 - whatever a job raises
            self.failed(queue, job, error)
        else:
            job.result.set(json.dumps(result))
            job.hmset(status=STATUSES["done"])
            self.succeeded.rpush(job.identifier.hget())
            queue.finished.lpush(pk)
        queue.seconds.hset(pk, time.time() - since)
        queue.running.srem(pk)
        job.worker.delete()

    def failed(self, queue, job, error):
        """Tries again a little later, as often as the job may."""
        job.errors.rpush(f"{type(error).__name__}: {error}")
        tries, allowed = (int(number) for number in job.hmget("tries", "allowed"))
        if tries < allowed:
            self.retried.incr()
            queue.push(job, delay=0.01 * tries)
        else:
            job.status.hset(STATUSES["failed"])
            queue.finished.lpush(job.pk.get())
