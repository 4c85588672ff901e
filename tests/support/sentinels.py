"""Clients of redis-py's Sentinel that name one server."""

from __future__ import annotations

import redis.asyncio.sentinel
import redis.sentinel


class Named:
    """Names one server as the primary, as sentinels would."""

    server = None

    def discover_master(self, service_name):
        return "127.0.0.1", self.server.port


class SyncNamed(Named, redis.sentinel.Sentinel):
    pass


class AsyncNamed(Named, redis.asyncio.sentinel.Sentinel):
    async def discover_master(self, service_name):
        return super().discover_master(service_name)
