"""A database as programs of limpyd 2 have it."""

import pytest

from limpyd.contrib.database import PipelineDatabase


@pytest.fixture
def database(one_server):
    """A database on an empty server."""
    database = PipelineDatabase(host="localhost", port=one_server.port, db=0)
    yield database
    database.connection.close()
