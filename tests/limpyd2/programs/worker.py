"""Does what it is told, with whichever limpyd it is run with: one JSON document a line, in and out."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from declared import declare


def plain(value):
    """A reply in JSON, alike for both libraries."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in sorted(value.items())}
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value))
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def obey(models, order):
    """Does one thing and gives what comes back."""
    model = models[order["model"]]
    what = order["do"]
    if what == "create":
        return plain(model(**order["values"]).pk.get())
    if what == "find":
        found = model.collection(**order["filters"])
        if "sort" in order:
            return plain(list(found.sort(**order["sort"])))
        return sorted(plain(list(found)))
    if what == "delete":
        return plain(model(order["pk"]).delete())
    target = model(order["pk"])
    if what == "call":
        reply = getattr(getattr(target, order["field"]), order["command"])(
            *order.get("args", ()), **order.get("named", {})
        )
        return plain(list(reply) if hasattr(reply, "__next__") else reply)
    if what == "reverse":
        found = plain(list(getattr(target, order["name"])()))
        return found if order.get("in_order") else sorted(found)
    raise AssertionError(what)


def main(port):
    """Serves until the input ends."""
    from limpyd.contrib.database import PipelineDatabase  # noqa: PLC0415

    try:
        database = PipelineDatabase(host="127.0.0.1", port=port, db=0, layout="limpyd2")
        database.connect()
    except TypeError:  # redis-limpyd 2 knows no layouts
        database = PipelineDatabase(host="127.0.0.1", port=port, db=0)
    models = declare(database)
    for line in sys.stdin:
        try:
            answer = {"reply": obey(models, json.loads(line))}
        except Exception as error:  # noqa: BLE001 - the test looks at it
            answer = {"error": [kind.__name__ for kind in type(error).__mro__], "text": str(error)}
        print(json.dumps(answer), flush=True)


main(int(sys.argv[1]))
