"""Leases and locks: the program of docs/howto/leases.md, which explains it. Made by `make examples`."""

from datetime import timedelta

from limpyd import DeadlineField, PKField, RedisDatabase, RedisModel, UniquenessError, fields

database = RedisDatabase.embedded()
TTL = timedelta(seconds=30)


class Lease(RedisModel):
    database = database
    name = PKField()
    owner = fields.InstanceHashField(indexable=True)
    until = DeadlineField(ttl=TTL)


def acquire(name, owner):
    """Returns whether the owner has got the lease."""
    try:
        Lease(name=name, owner=owner)
    except UniquenessError:
        return False
    return True


def renew(name, owner):
    """Returns whether the owner still has the lease, for another TTL from now."""
    return Lease.collection(pk=name, owner=owner).update(until=TTL) == 1


def release(name, owner):
    """Returns whether the owner still had the lease."""
    return Lease.collection(pk=name, owner=owner).delete() == 1


print(acquire("report", "process 1"))  # → True
print(acquire("report", "process 2"))  # → False
print(renew("report", "process 1"))  # → True
print(release("report", "process 2"))  # → False
print(Lease.lazy_connect("report").until.expire(0))  # → True
print(renew("report", "process 1"))  # → False
print(acquire("report", "process 2"))  # → True

# --- What a lease cannot promise ---


class Ticket(RedisModel):
    database = database
    name = PKField()
    number = fields.InstanceHashField(type=int)


class Report(RedisModel):
    database = database
    text = fields.StringField()
    ticket = fields.InstanceHashField(type=int, indexable=True)


def acquire_with_ticket(name, owner):
    """Returns the number of the lease, or None if another owner has it."""
    try:
        with database.transaction():
            Lease(name=name, owner=owner)
            number = Ticket.lazy_connect(name).number.hincrby()
    except UniquenessError:
        return None
    return number.value


def write(ticket, text):
    """Returns whether the text was written: no later lease has written before."""
    return Report.collection(pk=1, ticket__lte=ticket).update(text=text, ticket=ticket) == 1


Ticket(name="nightly", number=0)
Report(text="", ticket=0)
first = acquire_with_ticket("nightly", "process 1")
print(Lease.lazy_connect("nightly").until.expire(0))  # → True
second = acquire_with_ticket("nightly", "process 2")
print(write(second, "by process 2"))  # → True
print(write(first, "by process 1, late"))  # → False
print(Report(1).text.get())  # → 'by process 2'
