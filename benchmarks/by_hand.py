"""The same work as limpyd's, written by hand: one Lua script per write, with the same guarantees.

A write is refused where the object is gone, a unique value where another object has it; indexes follow in the same
step.
`ask` sends one command and gives its reply, so the same lines serve redis-py, its asynchronous client (which gives what
can be awaited) and the bare socket. Replies are to be decoded to text by hiredis.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from benchmarks.people import FEW, MOMENTS, NAMES, PRICES, SOMEBODY, Operation, Operations, person

Ask = Callable[..., Any]

CREATE = """
local call = redis.call
local pk = call('INCR', '{hand}:seq')
if call('HSETNX', '{hand}:uniq:email', ARGV[3], pk) == 0 then
  call('DECR', '{hand}:seq')
  return redis.error_reply('TAKEN')
end
call('SADD', '{hand}:pks', pk)
call('HSET', '{hand}:hash:' .. pk, 'name', ARGV[1], 'age', ARGV[2], 'email', ARGV[3], 'city', ARGV[4], 'team', ARGV[5])
call('SADD', '{hand}:eq:city:' .. ARGV[4], pk)
call('SADD', '{hand}:eq:team:' .. ARGV[5], pk)
return pk
"""

UPDATE_INDEXED = """
local call = redis.call
local pk, city = ARGV[1], ARGV[2]
if call('SISMEMBER', '{hand}:pks', pk) == 0 then return redis.error_reply('GONE') end
local key = '{hand}:hash:' .. pk
local old = call('HGET', key, 'city')
if old ~= city then
  if old then call('SREM', '{hand}:eq:city:' .. old, pk) end
  call('SADD', '{hand}:eq:city:' .. city, pk)
end
return call('HSET', key, 'city', city)
"""

UPDATE_UNIQUE = """
local call = redis.call
local pk, email = ARGV[1], ARGV[2]
if call('SISMEMBER', '{hand}:pks', pk) == 0 then return redis.error_reply('GONE') end
local key = '{hand}:hash:' .. pk
local old = call('HGET', key, 'email')
if old ~= email then
  if call('HSETNX', '{hand}:uniq:email', email, pk) == 0 then return redis.error_reply('TAKEN') end
  if old then call('HDEL', '{hand}:uniq:email', old) end
end
return call('HSET', key, 'email', email)
"""

DELETE = """
local call = redis.call
local pk = ARGV[1]
if call('SREM', '{hand}:pks', pk) == 0 then return redis.error_reply('GONE') end
local key = '{hand}:hash:' .. pk
local old = call('HMGET', key, 'email', 'city', 'team')
if old[1] then call('HDEL', '{hand}:uniq:email', old[1]) end
if old[2] then call('SREM', '{hand}:eq:city:' .. old[2], pk) end
if old[3] then call('SREM', '{hand}:eq:team:' .. old[3], pk) end
call('UNLINK', key)
return 1
"""

OF_INDEXES = {
    "update a number index": ("count", "call('ZADD', '{hand}:num:count', new, pk)"),
    "update a Decimal's index": ("price", "call('ZADD', '{hand}:num:price', new, pk)"),
    "update a moment's index": ("seen", "call('ZADD', '{hand}:num:seen', ARGV[3], pk)"),
    "update a float's index": (
        "weight",
        "if old then call('SREM', '{hand}:eq:weight:' .. old, pk) end call('SADD', '{hand}:eq:weight:' .. new, pk)",
    ),
    "update a text index": (
        "title",
        (
            "if old then call('ZREM', '{hand}:lex:title', old .. '\\0' .. pk) end "
            "call('ZADD', '{hand}:lex:title', 0, new .. '\\0' .. pk)"
        ),
    ),
    "update without case": (
        "label",
        (
            "if old then call('ZREM', '{hand}:lex:label', string.lower(old) .. '\\0' .. pk) end "
            "call('ZADD', '{hand}:lex:label', 0, ARGV[3] .. '\\0' .. pk)"
        ),
    ),
    "update a reference": (
        "owner",
        (
            "if call('SISMEMBER', '{hand}:pks', new) == 0 then return redis.error_reply('ABSENT') end "
            "if old then call('SREM', '{hand}:eq:owner:' .. old, pk) end call('SADD', '{hand}:eq:owner:' .. new, pk)"
        ),
    ),
}
"""Of each kind of index the field, and what makes it follow."""

INCREMENT = """
local call, pk = redis.call, ARGV[1]
if call('SISMEMBER', '{hand}:pks', pk) == 0 then return redis.error_reply('GONE') end
local count = call('HINCRBY', '{hand}:thing:' .. pk, 'count', ARGV[2])
call('ZADD', '{hand}:num:count', count, pk)
return count
"""

ADD_INDEXED = """
local call, pk = redis.call, ARGV[1]
if call('SISMEMBER', '{hand}:pks', pk) == 0 then return redis.error_reply('GONE') end
local added = call('SADD', '{hand}:words:' .. pk, ARGV[2])
if added == 1 then call('SADD', '{hand}:eq:words:' .. ARGV[2], pk) end
return added
"""

SEVERAL = """
local call, pk, city = redis.call, ARGV[1], ARGV[4]
if call('SISMEMBER', '{hand}:pks', pk) == 0 then return redis.error_reply('GONE') end
local key = '{hand}:hash:' .. pk
local old = call('HGET', key, 'city')
if old ~= city then
  if old then call('SREM', '{hand}:eq:city:' .. old, pk) end
  call('SADD', '{hand}:eq:city:' .. city, pk)
end
return call('HSET', key, 'name', ARGV[2], 'age', ARGV[3], 'city', city)
"""

WRITES = {
    "set a plain field": "'HSET', '{hand}:hash:' .. pk, 'age', ARGV[2]",
    "set a string": "'SET', '{hand}:field:note:' .. pk, ARGV[2]",
    "incr": "'INCRBY', '{hand}:field:visits:' .. pk, 1",
    "hset": "'HSET', '{hand}:field:facts:' .. pk, 'one', ARGV[2]",
    "sadd": "'SADD', '{hand}:field:tags:' .. pk, ARGV[2]",
    "lpush": "'LPUSH', '{hand}:field:log:' .. pk, ARGV[2]",
    "zadd": "'ZADD', '{hand}:field:ranks:' .. pk, ARGV[3], ARGV[2]",
}
"""Commands on what nobody indexes, of an object that must exist."""


def plain_write(command: str) -> str:
    """The script that runs a command on an object that exists."""
    return f"""
local pk = ARGV[1]
if redis.call('SISMEMBER', '{{hand}}:pks', pk) == 0 then return redis.error_reply('GONE') end
return redis.call({command})
"""


def indexed_write(field: str, follow: str) -> str:
    """The script that gives an indexed field of an object that exists another value."""
    return f"""
local call, pk, new = redis.call, ARGV[1], ARGV[2]
if call('SISMEMBER', '{{hand}}:pks', pk) == 0 then return redis.error_reply('GONE') end
local key = '{{hand}}:thing:' .. pk
local old = call('HGET', key, '{field}')
if old ~= new then
  {follow}
end
return call('HSET', key, '{field}', new)
"""


class Way(NamedTuple):
    """A way of sending commands.

    Attributes:
        ask: sends one and gives its reply, or what is to be awaited for it.
        now: sends one and gives its reply.
        then: makes something of what `ask` gave.
    """

    ask: Ask
    now: Ask
    then: Callable[[Any, Callable[[Any], Any]], Any] = lambda reply, convert: convert(reply)

    def load(self, script: str) -> str:
        """The digest of a script that the server then knows."""
        return str(self.now("SCRIPT", "LOAD", script))


def typed(row: list[str]) -> list[Any]:
    """Five fields, each of its type."""
    name, age, email, city, team = row
    return [name, int(age), email, city, team]


def singles(way: Way) -> Operations:
    """Single operations."""
    ask, then = way.ask, way.then
    create, indexed, unique, delete = map(way.load, (CREATE, UPDATE_INDEXED, UPDATE_UNIQUE, DELETE))
    plain = {name: way.load(plain_write(command)) for name, command in WRITES.items()}
    several, increment, add_indexed = map(way.load, (SEVERAL, INCREMENT, ADD_INDEXED))
    following = {name: way.load(indexed_write(*index)) for name, index in OF_INDEXES.items()}
    hash_key, note_key = f"{{hand}}:hash:{SOMEBODY}", f"{{hand}}:field:note:{SOMEBODY}"
    numbers, doomed, turns = count(1), count(FEW + 1), count(1)

    def creation(number: int) -> tuple[Any, ...]:
        return "EVALSHA", create, 1, "{hand}:pks", *person(number).values()

    def create_now(calls: int) -> None:
        for _ in range(calls):
            way.now(*creation(next(numbers)))

    def write(name: str, *values: Any) -> Any:
        return ask("EVALSHA", plain[name], 1, "{hand}:pks", SOMEBODY, *values)

    def follow(name: str, *values: Any) -> Any:
        return ask("EVALSHA", following[name], 1, "{hand}:pks", SOMEBODY, *values)

    def moment() -> tuple[str, int]:
        seen = MOMENTS[next(turns) % 7]
        return f"{seen:%Y-%m-%dT%H:%M:%S.%f}Z", int(seen.timestamp() * 1_000_000)

    create_now(FEW)
    way.now("SET", note_key, "a note")
    return {
        "create": lambda: ask(*creation(next(numbers))),
        "load 5 fields": lambda: then(ask("HMGET", hash_key, *NAMES), typed),
        "get a field": lambda: ask("HGET", hash_key, "name"),
        "set a plain field": lambda: write("set a plain field", next(turns) % 90),
        "update an indexed field": lambda: ask(
            "EVALSHA", indexed, 1, "{hand}:pks", SOMEBODY, f"City {next(turns) % 7}"
        ),
        "update a unique field": lambda: ask("EVALSHA", unique, 1, "{hand}:pks", SOMEBODY, f"{next(turns)}@here"),
        "update a number index": lambda: follow("update a number index", next(turns) % 90),
        "update a Decimal's index": lambda: follow("update a Decimal's index", str(PRICES[next(turns) % 7])),
        "update a moment's index": lambda: follow("update a moment's index", *moment()),
        "update a float's index": lambda: follow("update a float's index", next(turns) % 7 / 2),
        "update a text index": lambda: follow("update a text index", f"Title {next(turns) % 7}"),
        "update without case": lambda: follow(
            "update without case", label := f"Label {next(turns) % 7}", label.casefold()
        ),
        "update a reference": lambda: follow("update a reference", next(turns) % 7 + 1),
        "incr an indexed number": lambda: ask("EVALSHA", increment, 1, "{hand}:pks", SOMEBODY, 1),
        "sadd to an indexed set": lambda: ask(
            "EVALSHA", add_indexed, 1, "{hand}:pks", SOMEBODY, f"Word {next(turns) % 900}"
        ),
        "set 3 fields": lambda: ask(
            "EVALSHA", several, 1, "{hand}:pks", SOMEBODY, "a name", next(turns) % 90, f"City {next(turns) % 7}"
        ),
        "exists": lambda: ask("SISMEMBER", "{hand}:pks", SOMEBODY),
        "delete": Operation(lambda: ask("EVALSHA", delete, 1, "{hand}:pks", next(doomed)), create_now),
        "get a string": lambda: ask("GET", note_key),
        "set a string": lambda: write("set a string", f"Note {next(turns)}"),
        "incr": lambda: write("incr"),
        "hset": lambda: write("hset", f"Fact {next(turns) % 90}"),
        "sadd": lambda: write("sadd", f"Tag {next(turns) % 90}"),
        "lpush": lambda: write("lpush", f"Entry {next(turns)}"),
        "zadd": lambda: write("zadd", f"Rank {next(turns) % 90}", next(turns)),
    }
