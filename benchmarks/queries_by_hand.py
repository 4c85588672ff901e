"""Queries written by hand with redis-py and hiredis: the fastest way of each on Valkey 9.1.

They ask for the very keys that limpyd keeps, which are those that one would keep by hand.

Beside each stand the ways that were tried as well, and how many times as long they took, all on one
core. `execute_command` saves the 1 to 10 µs of redis-py's own methods, and `decode_responses` some
2 % against decoding in Python; RESP2 or RESP3, and SORT_RO or SORT, made no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import redis

FIELDS = ("name", "age", "email", "city")
AGES = "{person}:num:age"
GETS = [argument for field in FIELDS for argument in ("GET", f"{{person}}:hash:*->{field}")]
LUA_GETS = ", ".join(f"'{argument}'" for argument in GETS)

TWO_AND_RANGE = f"""
local call = redis.call
call('ZINTERSTORE', '{{person}}:found', 3, KEYS[1], KEYS[2], KEYS[3], 'WEIGHTS', 0, 0, 1)
local before = call('ZCOUNT', '{{person}}:found', '-inf', '(' .. ARGV[1])
local within = call('ZCOUNT', '{{person}}:found', ARGV[1], ARGV[2])
local rows = call('SORT', '{{person}}:found', 'BY', 'nosort', 'LIMIT', before, within, {LUA_GETS})
call('DEL', '{{person}}:found')
return rows
"""

SORTED_ROWS = f"""
local before = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[1])
return redis.call('SORT', KEYS[1], 'BY', 'nosort', 'LIMIT', before, ARGV[2], {LUA_GETS})
"""

COUNT_RANGE_FIRST = """
local pks, count = redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[1], ARGV[2]), 0
for start = 1, #pks, 100 do
  local is = redis.call('SMISMEMBER', KEYS[1], unpack(pks, start, math.min(start + 99, #pks)))
  for i = 1, #is do count = count + is[i] end
end
return count
"""

COUNT_SET_FIRST = """
local found = redis.call('ZINTER', 2, KEYS[1], KEYS[2], 'WEIGHTS', 0, 1, 'WITHSCORES')
local low, high, count = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
for i = 2, #found, 2 do
  local score = tonumber(found[i])
  if score > high then break end
  if score >= low then count = count + 1 end
end
return count
"""


class Person:
    """An object with four of its fields."""

    __slots__ = ("age", "city", "email", "name", "pk")

    def __init__(self, pk: str, name: str, age: int, email: str, city: str) -> None:
        self.pk = pk
        self.name = name
        self.age = age
        self.email = email
        self.city = city


def equal(field: str, value: str) -> str:
    """The key of the set of those who have a value."""
    return f"{{person}}:eq:{field}:{value}"


def dicts(flat: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a flat reply."""
    reply = iter(flat)
    rows: Iterator[tuple[str, ...]] = zip(reply, reply, reply, reply, strict=True)
    return [{"name": name, "age": int(age), "email": email, "city": city} for name, age, email, city in rows]


class Queries:
    """The queries; each call is one request."""

    def __init__(self, client: redis.Redis) -> None:
        self.ask: Callable[..., Any] = client.execute_command
        self.two_and_range, self.sorted_rows, self.count_range_first, self.count_set_first = (
            str(client.script_load(script))
            for script in (TWO_AND_RANGE, SORTED_ROWS, COUNT_RANGE_FIRST, COUNT_SET_FIRST)
        )

    def team(self, team: str) -> list[str]:
        """Primary keys of a team.

        SORT … BY nosort: the same.
        """
        return list(self.ask("SMEMBERS", equal("team", team)))

    def team_dicts(self, team: str) -> list[dict[str, Any]]:
        """Four fields of each of a team.

        SORT in a script (which then orders a set): 1.3; HMGET in a script, rows nested or flat: 1.5 to 1.6;
        SMEMBERS, then a pipeline of HMGET: 3.6.
        """
        return dicts(self.ask("SORT", equal("team", team), "BY", "nosort", *GETS))

    def team_instances(self, team: str) -> list[Person]:
        """A team as instances with four fields. The other ways are those of `team_dicts`."""
        reply = iter(self.ask("SORT", equal("team", team), "BY", "nosort", "GET", "#", *GETS))
        rows = zip(reply, reply, reply, reply, reply, strict=True)
        return [Person(pk, name, int(age), email, city) for pk, name, age, email, city in rows]

    def two_and_range_dicts(self, city: str, level: str, low: int, high: int) -> list[dict[str, Any]]:
        """Four fields of each of a city and level within some ages.

        SINTER, ZMSCORE and HMGET in one script: 1.02 to 1.2 (a table for each row is the faster, the chosen
        put into a list for SORT 1.05); ZINTERSTORE, ZRANGEBYSCORE and HMGET: 1.05; MULTI with ZINTERSTORE,
        ZREMRANGEBYSCORE and SORT: 1.07; ZINTER WITHSCORES and HMGET in a script: 1.2; the range first, then
        SMISMEMBER: 1.9 to 2.1; ZINTER WITHSCORES filtered by the client, then a pipeline of HMGET: 2.1;
        ZRANGESTORE of the range, then ZINTER: 2.2; SINTER and the ages out of the hashes, in a script or in
        the client: 2.3.
        """
        keys = equal("city", city), equal("level", level), AGES
        return dicts(self.ask("EVALSHA", self.two_and_range, 3, *keys, low, high))

    def sorted_page(self, low: int, size: int) -> list[str]:
        """The youngest from an age on.

        The methods zrange and zrangebyscore: 1.05 to 1.1.
        """
        return list(self.ask("ZRANGEBYSCORE", AGES, low, "+inf", "LIMIT", 0, size))

    def sorted_dicts(self, low: int, size: int) -> list[dict[str, Any]]:
        """Four fields of each of the youngest from an age on.

        ZRANGEBYSCORE and HMGET in a script: 1.2; ZRANGESTORE and SORT in a script: 1.2, in MULTI: 1.3; ZCOUNT,
        then SORT in a second request: 1.25; ZRANGEBYSCORE, then a pipeline of HMGET: 2.6.
        """
        return dicts(self.ask("EVALSHA", self.sorted_rows, 1, AGES, low, size))

    def count_city(self, city: str, low: int, high: int) -> int:
        """How many of a city (1,400 here) are within some ages (1,100 here).

        SMISMEMBER of 5,000 at once instead of 100: 1.07. In scripts: ZINTERSTORE and ZCOUNT 1.7, ZRANGESTORE and
        ZINTERCARD 1.8, SMEMBERS and ZMSCORE 2, ZINTER WITHSCORES 2.5; the first two in MULTI: 1.8 to 2; ZINTER
        WITHSCORES counted by the client: 3.1.
        """
        return int(self.ask("EVALSHA", self.count_range_first, 2, equal("city", city), AGES, low, high))

    def count_team(self, team: str, low: int, high: int) -> int:
        """How many of a team are within some ages.

        ZINTERSTORE and ZCOUNT in a script: 1.02, in MULTI: 1.6; ZINTER WITHSCORES counted by the client: 1.1;
        SMEMBERS and ZMSCORE in a script: 1.2; the range first: 5 and more.
        """
        return int(self.ask("EVALSHA", self.count_set_first, 2, equal("team", team), AGES, low, high))
