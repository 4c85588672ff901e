"""Counters and rate limits: the program of docs/howto/counters.md, which explains it. Made by `make examples`."""

from datetime import UTC, datetime

from limpyd import PKField, RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Page(RedisModel):
    database = database
    path = PKField()
    views = fields.InstanceHashField(type=int, default=0, indexable=True)
    by_day = fields.HashField(type=int)
    visitors = fields.HyperLogLogField()


def viewed(page, visitor):
    """Counts a view in three ways, in one round trip and one step."""
    today = datetime.now(UTC).date().isoformat()
    with database.transaction():
        page.views.hincrby(1)
        page.by_day.hincrby(today, 1)
        page.visitors.pfadd(visitor)


home = Page(path="/")
for visitor in ("ada", "bob", "ada"):
    viewed(home, visitor)
print(home.views.get())  # → 3
print(list(home.by_day.hgetall().values()))  # → [3]
print(home.visitors.pfcount())  # → 2
print(list(Page.collection(views__gte=3)))  # → ['/']

# --- Limit requests per minute ---


class Client(RedisModel):
    database = database
    address = PKField()
    requests = fields.StringField(type=int)
    times = fields.SortedSetField()


def allowed(client, most=3, seconds=60):
    with database.transaction():
        client.requests.set(0, ex=seconds, nx=True)
        count = client.requests.incr()
    return count.value <= most


client = Client.get_or_connect("192.0.2.7")
print([allowed(client) for _ in range(5)])  # → [True, True, True, False, False]
print(client.requests.ttl() <= 60)  # → True

# --- Limit requests in any 60 seconds ---

import time
import uuid


def allowed_exactly(client, most=3, seconds=60):
    now = time.time()
    with database.transaction():
        client.times.zremrangebyscore("-inf", now - seconds)
        client.times.zadd({str(uuid.uuid4()): now})
        count = client.times.zcard()
        client.times.expire(seconds)
    return count.value <= most


print([allowed_exactly(client) for _ in range(5)])  # → [True, True, True, False, False]
