"""Every Redis command that a field offers: what it can change, and which servers know it.

One row a command. The scope is what index upkeep goes by: it looks at that part of the value
before and after the command, and applies the difference (see scripts/write_members.lua). It is also what a
transaction that is refused puts back, so it covers all that a command can change: expiries, and what the groups of a
stream know, too. `WHOLE` is always right, merely slower.

`docs/commands.md` is made from this table (`make commands`).
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from limpyd.server import Needs


class Scope(enum.Enum):
    """The part of a value that a command can change, which has to be restored if the command is taken back."""

    READ = "nothing; it only reads"
    EXPIRY = "when the value expires; a time in the past removes the value"
    WHOLE = "anything"
    MEMBERS = "the members named in its arguments"
    RANGE = "the members of a range, which limpyd reads first"
    REPLY = "the members in its reply"


class Facts(NamedTuple):
    """The facts of a command.

    Attributes:
        name: the Redis command.
        scope: what it can change.
        frees: whether a server that is full lets it pass.
        needs: the servers that know it, if not all that limpyd works with do.
        since: the version of limpyd that offered it first.
    """

    name: str
    scope: Scope
    frees: bool = False
    needs: Needs | None = None
    since: str = "3.0"


READ, EXPIRY, WHOLE, MEMBERS, RANGE, REPLY = Scope
FIELD_EXPIRY = Needs(redis=(7, 4), valkey=(9, 0))
FIELD_EXPIRY_SET = Needs(redis=(8, 0), valkey=(9, 0))

_ROWS = (
    # any key
    Facts("COPY", WHOLE),
    Facts("DEL", WHOLE, frees=True),
    Facts("DUMP", READ),
    Facts("EXISTS", READ),
    Facts("EXPIRE", EXPIRY, frees=True),
    Facts("EXPIREAT", EXPIRY, frees=True),
    Facts("EXPIRETIME", READ),
    Facts("MEMORY USAGE", READ),
    Facts("OBJECT ENCODING", READ),
    Facts("OBJECT FREQ", READ),
    Facts("OBJECT IDLETIME", READ),
    Facts("OBJECT REFCOUNT", READ),
    Facts("PERSIST", EXPIRY, frees=True),
    Facts("PEXPIRE", EXPIRY, frees=True),
    Facts("PEXPIREAT", EXPIRY, frees=True),
    Facts("PEXPIRETIME", READ),
    Facts("PTTL", READ),
    Facts("SORT", WHOLE),
    Facts("SORT_RO", READ),
    Facts("TOUCH", READ),
    Facts("TTL", READ),
    Facts("TYPE", READ),
    Facts("UNLINK", WHOLE, frees=True),
    # strings
    Facts("APPEND", WHOLE),
    Facts("DECRBY", WHOLE),
    Facts("DELIFEQ", WHOLE, frees=True, needs=Needs(redis=None, valkey=(9, 0))),
    Facts("GET", READ),
    Facts("GETDEL", WHOLE, frees=True),
    Facts("GETEX", EXPIRY, frees=True),
    Facts("GETRANGE", READ),
    Facts("GETSET", WHOLE),
    Facts("INCRBY", WHOLE),
    Facts("INCRBYFLOAT", WHOLE),
    Facts("LCS", READ),
    Facts("PSETEX", WHOLE),
    Facts("SET", WHOLE),
    Facts("SETEX", WHOLE),
    Facts("SETNX", WHOLE),
    Facts("SETRANGE", WHOLE),
    Facts("STRLEN", READ),
    # bits of strings
    Facts("BITCOUNT", READ),
    Facts("BITFIELD", WHOLE),
    Facts("BITFIELD_RO", READ),
    Facts("BITOP", WHOLE),
    Facts("BITPOS", READ),
    Facts("GETBIT", READ),
    Facts("SETBIT", WHOLE),
    # hashes
    Facts("HDEL", MEMBERS, frees=True),
    Facts("HEXISTS", READ),
    Facts("HEXPIRE", MEMBERS, frees=True, needs=FIELD_EXPIRY),
    Facts("HEXPIREAT", MEMBERS, frees=True, needs=FIELD_EXPIRY),
    Facts("HEXPIRETIME", READ, needs=FIELD_EXPIRY),
    Facts("HGET", READ),
    Facts("HGETALL", READ),
    Facts("HGETDEL", MEMBERS, frees=True, needs=Needs(redis=(8, 0), valkey=(9, 1))),
    Facts("HGETEX", MEMBERS, frees=True, needs=FIELD_EXPIRY_SET),
    Facts("HINCRBY", MEMBERS),
    Facts("HINCRBYFLOAT", MEMBERS),
    Facts("HKEYS", READ),
    Facts("HLEN", READ),
    Facts("HMGET", READ),
    Facts("HPERSIST", MEMBERS, frees=True, needs=FIELD_EXPIRY),
    Facts("HPEXPIRE", MEMBERS, frees=True, needs=FIELD_EXPIRY),
    Facts("HPEXPIREAT", MEMBERS, frees=True, needs=FIELD_EXPIRY),
    Facts("HPEXPIRETIME", READ, needs=FIELD_EXPIRY),
    Facts("HPTTL", READ, needs=FIELD_EXPIRY),
    Facts("HRANDFIELD", READ),
    Facts("HSCAN", READ),
    Facts("HSET", MEMBERS),
    Facts("HSETEX", MEMBERS, needs=FIELD_EXPIRY_SET),
    Facts("HSETNX", MEMBERS),
    Facts("HSTRLEN", READ),
    Facts("HTTL", READ, needs=FIELD_EXPIRY),
    Facts("HVALS", READ),
    # lists
    Facts("BLMOVE", REPLY),
    Facts("BLMPOP", REPLY, frees=True),
    Facts("BLPOP", REPLY, frees=True),
    Facts("BRPOP", REPLY, frees=True),
    Facts("LINDEX", READ),
    Facts("LINSERT", MEMBERS),
    Facts("LLEN", READ),
    Facts("LMOVE", REPLY),
    Facts("LMPOP", REPLY, frees=True),
    Facts("LPOP", REPLY, frees=True),
    Facts("LPOS", READ),
    Facts("LPUSH", MEMBERS),
    Facts("LPUSHX", MEMBERS),
    Facts("LRANGE", READ),
    Facts("LREM", MEMBERS, frees=True),
    Facts("LSET", RANGE),
    Facts("LTRIM", RANGE, frees=True),
    Facts("RPOP", REPLY, frees=True),
    Facts("RPUSH", MEMBERS),
    Facts("RPUSHX", MEMBERS),
    # sets
    Facts("SADD", MEMBERS),
    Facts("SCARD", READ),
    Facts("SDIFF", READ),
    Facts("SDIFFSTORE", WHOLE),
    Facts("SINTER", READ),
    Facts("SINTERCARD", READ),
    Facts("SINTERSTORE", WHOLE),
    Facts("SISMEMBER", READ),
    Facts("SMEMBERS", READ),
    Facts("SMISMEMBER", READ),
    Facts("SMOVE", MEMBERS, frees=True),
    Facts("SPOP", REPLY, frees=True),
    Facts("SRANDMEMBER", READ),
    Facts("SREM", MEMBERS, frees=True),
    Facts("SSCAN", READ),
    Facts("SUNION", READ),
    Facts("SUNIONSTORE", WHOLE),
    # sorted sets
    Facts("BZMPOP", REPLY, frees=True),
    Facts("BZPOPMAX", REPLY, frees=True),
    Facts("BZPOPMIN", REPLY, frees=True),
    Facts("ZADD", MEMBERS),
    Facts("ZCARD", READ),
    Facts("ZCOUNT", READ),
    Facts("ZDIFF", READ),
    Facts("ZDIFFSTORE", WHOLE),
    Facts("ZINCRBY", MEMBERS),
    Facts("ZINTER", READ),
    Facts("ZINTERCARD", READ),
    Facts("ZINTERSTORE", WHOLE),
    Facts("ZLEXCOUNT", READ),
    Facts("ZMPOP", REPLY, frees=True),
    Facts("ZMSCORE", READ),
    Facts("ZPOPMAX", REPLY, frees=True),
    Facts("ZPOPMIN", REPLY, frees=True),
    Facts("ZRANDMEMBER", READ),
    Facts("ZRANGE", READ),
    Facts("ZRANGEBYLEX", READ),
    Facts("ZRANGEBYSCORE", READ),
    Facts("ZRANGESTORE", WHOLE),
    Facts("ZRANK", READ),
    Facts("ZREM", MEMBERS, frees=True),
    Facts("ZREMRANGEBYLEX", RANGE, frees=True),
    Facts("ZREMRANGEBYRANK", RANGE, frees=True),
    Facts("ZREMRANGEBYSCORE", RANGE, frees=True),
    Facts("ZREVRANGE", READ),
    Facts("ZREVRANGEBYLEX", READ),
    Facts("ZREVRANGEBYSCORE", READ),
    Facts("ZREVRANK", READ),
    Facts("ZSCAN", READ),
    Facts("ZSCORE", READ),
    Facts("ZUNION", READ),
    Facts("ZUNIONSTORE", WHOLE),
    # geographic sets, which are sorted sets
    Facts("GEOADD", MEMBERS),
    Facts("GEODIST", READ),
    Facts("GEOHASH", READ),
    Facts("GEOPOS", READ),
    Facts("GEORADIUS_RO", READ),
    Facts("GEORADIUSBYMEMBER_RO", READ),
    Facts("GEOSEARCH", READ),
    Facts("GEOSEARCHSTORE", WHOLE),
    # HyperLogLogs
    Facts("PFADD", WHOLE),
    Facts("PFCOUNT", READ),
    Facts("PFMERGE", WHOLE),
    # streams, which no index is kept of
    Facts("XACK", WHOLE, frees=True),
    Facts("XACKDEL", WHOLE, frees=True, needs=Needs(redis=(8, 2), valkey=None)),
    Facts("XADD", WHOLE),
    Facts("XAUTOCLAIM", WHOLE, frees=True),
    Facts("XCLAIM", WHOLE, frees=True),
    Facts("XDEL", WHOLE, frees=True),
    Facts("XDELEX", WHOLE, frees=True, needs=Needs(redis=(8, 2), valkey=None)),
    Facts("XGROUP CREATE", WHOLE),
    Facts("XGROUP CREATECONSUMER", WHOLE),
    Facts("XGROUP DELCONSUMER", WHOLE, frees=True),
    Facts("XGROUP DESTROY", WHOLE, frees=True),
    Facts("XGROUP SETID", WHOLE, frees=True),
    Facts("XINFO CONSUMERS", READ),
    Facts("XINFO GROUPS", READ),
    Facts("XINFO STREAM", READ),
    Facts("XLEN", READ),
    Facts("XPENDING", READ),
    Facts("XRANGE", READ),
    Facts("XREAD", READ),
    Facts("XREADGROUP", WHOLE, frees=True),
    Facts("XREVRANGE", READ),
    Facts("XSETID", WHOLE),
    Facts("XTRIM", WHOLE, frees=True),
)

TABLE = {facts.name: facts for facts in _ROWS}
COMPUTING = frozenset(
    {"APPEND", "BITFIELD", "BITOP", "DECRBY", "HINCRBY", "HINCRBYFLOAT", "INCRBY", "INCRBYFLOAT", "SETBIT", "SETRANGE"}
)
"""The commands that make a value which only the server knows."""
COUNTING = frozenset({"DECRBY", "HINCRBY", "INCRBY"})
"""The commands of them whose reply is the new value, an integer."""
REMOVING = frozenset({"DEL", "DELIFEQ", "GETDEL", "GETEX", "HDEL", "HGETDEL", "HGETEX", "UNLINK"})
"""The commands that may remove a value."""
FREES_MEMORY = frozenset(facts.name for facts in _ROWS if facts.frees or facts.scope is READ)
