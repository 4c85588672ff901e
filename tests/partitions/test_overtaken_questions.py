"""A question for the record that another thread overtakes, which finds meanwhile that the objects have moved."""

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.indexes.maintenance import partition_record
from tests.support.servers import NEWEST


def declare(port, count):
    """The model, as a process sees it that has sent nothing yet."""

    class Thing(RedisModel):
        database = RedisDatabase(port=port)
        namespace = "overtaken"
        partitions = count
        name = PKField()
        kind = InstanceHashField(indexable=True)

    return Thing


def test_it_is_asked_anew(servers, monkeypatch):
    port = servers(NEWEST).port
    used, mover = declare(port, 2), declare(port, 4)
    used.bulk_create([{"name": f"n{number}", "kind": "k"} for number in range(20)])
    assert used.collection(kind="k").count() == 20
    mover.repartition()
    new_epoch, overtakes = partition_record.new_epoch, iter([True])

    def overtaken():
        if next(overtakes, False):
            used._schema.follow(4)  # as the other thread does
        return new_epoch()

    monkeypatch.setattr(partition_record, "new_epoch", overtaken)
    assert used.collection(kind="k").count() == 20
    assert next(overtakes, None) is None
    used.database.close()
    mover.database.close()
