"""The database with pipelines, under the path of limpyd 2. Every database has them here."""

from limpyd.database import RedisDatabase

PipelineDatabase = RedisDatabase

__all__ = ["PipelineDatabase"]
