"""What a server holds, kept and put back: one request each, since redis-py takes its time for a pipeline of RESTORE."""

from __future__ import annotations

import redis

KEEP = """
local kept = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  kept[#kept + 1] = key
  kept[#kept + 1] = redis.call('DUMP', key)
  kept[#kept + 1] = math.max(redis.call('PEXPIRETIME', key), 0)
end
return kept
"""
PUT_BACK = """
redis.call('FLUSHALL')
for at = 1, #ARGV, 3 do redis.call('RESTORE', ARGV[at], ARGV[at + 2], ARGV[at + 1], 'ABSTTL') end
"""


class Snapshot:
    """What a server holds now; expiries are moments, so they go on."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._kept = client.eval(KEEP, 0)

    def put_back(self) -> None:
        """Makes the server hold what it held."""
        self._client.eval(PUT_BACK, 0, *self._kept)  # type: ignore[misc]
