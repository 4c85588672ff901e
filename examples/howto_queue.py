"""A job queue: the program of docs/howto/queue.md, which explains it. Made by `make examples`."""

from limpyd import RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Job(RedisModel):
    database = database
    task = fields.InstanceHashField()
    state = fields.InstanceHashField(default="waiting", indexable=True)
    error = fields.InstanceHashField()


class Queue(RedisModel):
    database = database
    name = fields.InstanceHashField(unique=True)
    waiting = fields.ListField()
    working = fields.ListField()


queue, _ = Queue.get_or_create(name="mails")


def add(task):
    """Creates a job and adds it to the queue, in one step."""
    with database.transaction():
        job = Job(task=task)
        queue.waiting.rpush(job.pk.get())
    return job


def take(timeout=5):
    """Returns the next job, or None if there is none within `timeout` seconds."""
    pk = queue.waiting.blmove(queue.working, timeout=timeout)
    if pk is None:
        return None
    job = Job(pk)
    job.state.set("working")
    return job


def done(job, error=None):
    """Records the result of a job and removes the job from `working`, in one step."""
    pk = job.pk.get()
    with database.transaction():
        job.update(state="failed" if error else "done", error=error)
        queue.working.lrem(1, pk)


first, second = add("write to ada"), add("write to bob")
print(take().task.get())  # → 'write to ada'
print(Job.collection(state="working").count())  # → 1
done(first)
done(take(), error="no such address")
print(list(Job.instances(state="failed").values_list("task", "error")))  # → [('write to bob', 'no such address')]
print(take(timeout=0.1) is None)  # → True


def recover():
    """Puts all jobs of `working` back into the queue; call it before the workers start."""
    count = 0
    while (pk := queue.working.lmove(queue.waiting, src="RIGHT", dest="LEFT")) is not None:
        Job(pk).state.set("waiting")
        count += 1
    return count


third = add("write to eve")
print(take() == third)  # → True
print(recover())  # → 1
print(third.state.get())  # → 'waiting'
print(take() == third)  # → True
