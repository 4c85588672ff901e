"""The database with pipelines, under the path of limpyd 2, and with its meaning of pipelines."""

from limpyd.database.sync import RedisDatabase
from limpyd.exceptions import NotInPipeline
from limpyd.pipelines.sync import Pipeline

__all__ = ["PipelineDatabase"]


class PipelineDatabase(RedisDatabase):
    """A database whose pipelines are those of limpyd 2: within MULTI and EXEC, and executed by `execute()` alone."""

    def pipeline(
        self, transaction: bool = True, share_in_threads: bool = False, *, autoexecute: bool = False
    ) -> Pipeline:
        """As `pipeline()` of every database, with the defaults of limpyd 2.

        Args:
            transaction: within MULTI and EXEC.
            share_in_threads: refused if set: a pipeline belongs to the thread that began it.
            autoexecute: execute at the end of the block what was collected.

        Raises:
            NotInPipeline: it is to be shared by threads.
        """
        if share_in_threads:
            msg = "threads cannot share a pipeline: open one in each thread, or collect all operations in one thread"
            raise NotInPipeline(msg)
        return super().pipeline(transaction, autoexecute=autoexecute)
