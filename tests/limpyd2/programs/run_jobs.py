"""Takes steps with the queue of jobs: run_jobs.py STEP…, each of them fill, work, recover, report or in_order."""

import json
import os
import sys
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from job_queue import STATUSES, Job, Label, Queue, Worker


def fill():
    """Submits jobs of all kinds."""
    Label(word="odd")
    for number in range(20):
        job = Job.submit(f"total {number}", "total", [number, "0.5"], priority=number % 3, first=number == 19)
        if number % 2:
            job.labels.sadd("odd")
    again = Job.submit("total 1", "total", priority=7)
    assert again.arguments.lmembers() == ["1", "0.5"]
    Job.submit("flaky", "flaky", allowed=5, options={"succeeds_at": 3})
    Job.submit("hopeless", "broken", allowed=3, priority=1)
    Job.submit("later", "total", ["1"], delay=0.2, queue="side")
    Job.submit("spawn", "spawn", [100, 200], queue="side", priority=2)
    Job.submit("never", "broken", delay=1000)
    assert Job.get(identifier="never").cancel()
    Job.submit("deadly", "die", allowed=1, priority=50)


def work():
    """Is a worker until there is nothing left to do."""
    Worker.add(process=os.getpid()).run(["main", "side"])


def recover():
    """Puts the jobs of workers that died in front of their queues."""
    for queue in Queue.by_priority(["main", "side"]):
        for pk in queue.running.smembers():
            job = Job(pk)
            queue.running.srem(pk)
            Worker(job.worker.hget()).delete()
            job.worker.delete()
            queue.push(job, first=True)


def in_order():
    """Has one worker run jobs of several priorities, and prints which came first."""
    for name, priority, first in [("a", 0, False), ("b", 1, False), ("c", 2, False), ("d", 1, False), ("e", 1, True)]:
        Job.submit(name, "total", queue="ordered", priority=priority, first=first)
    worker = Worker.add(process=os.getpid())
    worker.run(["ordered"])
    print(json.dumps(worker.succeeded.lmembers()))


def report():
    """Prints what came of everything, in JSON."""
    jobs = Job.collection().values("identifier", "status", "tries", "result", "worker")
    workers = list(Worker.instances())
    answers = {
        "jobs": {job["identifier"]: job for job in jobs},
        "by_status": {name: len(Job.collection(status=letter)) for name, letter in STATUSES.items()},
        "totals": len(Job.collection(action="total")),
        "flaky": Job.get(action__startswith="fla").errors.lmembers(),
        "hopeless": Job.get(identifier="hopeless").errors.lmembers(),
        "queues": [state(queue) for queue in Queue.by_priority(["main", "side"])],
        "urgent": sorted(Queue.collection(priority__gte=2).values_list("priority", flat=True)),
        "odd": len(Label("odd").jobs(status=STATUSES["done"])),
        "created": len(Job.collection(created__gte="2020", status=STATUSES["done"])),
        "succeeded": sorted(chain.from_iterable(worker.succeeded.lmembers() for worker in workers)),
        "retried": sum(int(worker.retried.get()) for worker in Worker.instances(lazy=True)),
        "workers": len(workers),
        "running": len(Queue.collection(running=Job.get(identifier="deadly"))),
    }
    print(json.dumps(answers))


def state(queue):
    """A queue: name, priority; numbers of jobs that wait, are delayed, run, are finished; of starts, and of jobs."""
    held = [queue.waiting.llen(), queue.delayed.zcard(), queue.running.scard(), queue.finished.llen()]
    return [*queue.hmget("name", "priority"), *held, queue.started.get(), queue.seconds.hlen(), len(queue.jobs())]


if __name__ == "__main__":
    for step in sys.argv[1:]:
        {"fill": fill, "work": work, "recover": recover, "report": report, "in_order": in_order}[step]()
