"""The model of repartitioning: the objects of a model move to twice as many partitions.

Registers, each atomic by itself:

- the record of the number of partitions: the old number, `moving`, or the new one
- in each partition: this number as its catalog has it, with the epoch, under which processes write; the objects;
  a parcel, which holds the object that is on its way from there; the counter of automatic primary keys
- in one partition the claim of the value `u`, which is unique

Clients are writers and readers, which declare the old or the new number, and movers. A process that knows nothing of
repartitioning is one that declares the old number, stopped between reading the epoch and its write.

`python -m tests.protocols.repartition_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.protocols.exploration import Case, Client, Names, know, put, report, unused, with_renamed

OLD, NEW, MOVING = "old", "new", "moving"
PKS = range(1, 5)
SOURCE = 0
HOMES = {"from one": (1, 2), "doubled": (0, 1)}
"""The new partitions of odd and of even primary keys; when a number is doubled, the first one is the old partition."""
CLAIMS = {OLD: 0, NEW: -1}
"""The partition that keeps the claim of `u`."""
EPOCHS = {"epoch", "epochs"}

VARIANTS = (
    "only the record is fenced",
    "a fence without a new epoch",
    "an empty partition takes any number",
    "a parcel is dropped without comparing",
    "parcels of others are not looked at",
    "parcels of others are looked at first",
    "late movers are not refused",
    "a partition is fenced again",
    "the new number is recorded first",
    "counters begin anew",
    "claims stay where they are",
)


class Partition(NamedTuple):
    number: str | None = None
    epoch: int | None = None
    objects: tuple[str | None, ...] = (None,) * len(PKS)
    parcel: tuple[int, int, str] | None = None
    """A nonce, the primary key and the value of the object on its way."""
    counter: int = 0


class State(NamedTuple):
    kind: str
    record: str
    partitions: tuple[Partition, ...]
    claims: tuple[int | None, ...]
    """The owner of `u` as the claim in each partition has it."""
    truth: tuple[str | None, ...]
    """The value of each object, by its last confirmed write."""
    minted: frozenset[int]
    clients: tuple[Client, ...]
    wrong: str | None = None
    """What a client got that is not true."""


def counted(counter, first, step):
    """The next number of a counter that is one of those of its partition."""
    return counter + 1 + (first - counter - 1) % step


class Repartitioning:
    def __init__(self, broken=None):
        self.broken = broken

    def first(self, case):
        kind, values = case.start
        values = dict(values)
        objects = tuple(values.get(pk) for pk in PKS)
        source = Partition(OLD, -1, objects, None, max([0, *values]))
        count = max(HOMES[kind]) + 1
        owner = next((pk for pk, value in values.items() if value == "u"), None)
        clients = tuple(Client("start", operations) for operations in case.clients)
        partitions = (source, *[Partition()] * (count - 1))
        claims = (owner, *[None] * (count - 1))
        return canonical(State(kind, OLD, partitions, claims, objects, frozenset(values), clients))

    def successors(self, state):
        for number in range(len(state.clients)):
            yield from self.moves(state, number)

    def moves(self, state, number):
        """The states that the next step of a client may lead to."""
        client = state.clients[number]
        operations = client.operations
        if client.step in {"start", "done"}:
            if not operations:
                return
            first, operations = operations[0], operations[1:]
            outcomes = [("announce" if first[0] == "move" else "compare", know(operation=first))]
        else:
            outcomes = getattr(self, client.step.rstrip("0123"))(state, client, dict(client.known))
        for step, known, *registers in outcomes:
            following = Client(step, operations, known)
            changed = registers[0] if registers else {}
            yield canonical(state._replace(clients=put(state.clients, number, following), **changed))

    # --- processes that write and read ---

    def compare(self, state, _client, known):
        operation = known["operation"]
        if state.record != operation[1]:
            yield "done", know(result="refused")
        elif operation[0] == "plain":
            yield "look", know(operation=operation)
        else:
            homes = {home(state, operation)} if operation[0] != "mint" else set(homes_of(state, operation[1]))
            for at in homes:
                yield "declare", know(operation=operation, at=at)

    def declare(self, state, _client, known):
        operation, at = known["operation"], known["at"]
        found = state.partitions[at]
        empty = not any(found.objects)
        if found.number is None or (self.broken == VARIANTS[2] and empty):
            found = found._replace(number=operation[1], epoch=fresh_name(state))
        if found.number != operation[1]:
            yield "done", know(result="refused")
        else:
            yield *self.claiming(known, found.epoch), {"partitions": put(state.partitions, at, found)}

    @staticmethod
    def claiming(known, epoch):
        operation = known["operation"]
        step = "claim" if operation[-1] == "u" else "act"
        return step, know(operation=operation, at=known["at"], epoch=epoch)

    def claim(self, state, _client, known):
        operation = known["operation"]
        at = CLAIMS[operation[1]] % len(state.claims)
        owner = state.claims[at]
        if owner not in {None, operation[2]} and state.truth[owner - 1] == "u":
            yield "done", know(result="taken")
        else:  # it takes over the claim of nobody, as claims_model.py explores
            yield "act", know(**known), {"claims": put(state.claims, at, operation[2])}

    def act(self, state, _client, known):
        operation, at = known["operation"], known["at"]
        name, declared = operation[:2]
        found = state.partitions[at]
        if found.epoch != known["epoch"]:
            yield "compare", know(operation=operation)
            return
        if name == "read":
            pk = operation[2]
            yield "done", know(result="ok"), told(state, pk, found.objects[pk - 1])
            return
        if name == "mint":
            homes = homes_of(state, declared)
            pk = counted(found.counter, homes.index(at) + 1, len(homes))
            if pk not in PKS:
                return
            wrong = "a primary key is given twice" if pk in state.minted else state.wrong
            found = found._replace(counter=pk)
            minted = {"minted": state.minted | {pk}, "wrong": wrong}
        else:
            pk, minted = operation[2], {}
        value = None if name == "delete" else operation[-1]
        found = found._replace(objects=put(found.objects, pk - 1, value))
        truth = put(state.truth, pk - 1, value)
        yield "done", know(result="ok"), {"partitions": put(state.partitions, at, found), "truth": truth, **minted}

    def look(self, state, _client, known):
        pk = known["operation"][2]
        yield (
            "done",
            know(result="ok"),
            told(state, pk, state.partitions[home(state, known["operation"])].objects[pk - 1]),
        )

    # --- movers ---

    def announce(self, state, _client, _known):
        """The record says that the objects move; of one partition, it is the catalog as well."""
        if state.record == NEW:
            yield "done", know(result="moved")
            return
        source = state.partitions[SOURCE]
        if state.kind == "from one" and state.record == OLD and self.broken != VARIANTS[0]:
            epoch = source.epoch if self.broken == VARIANTS[1] else fresh_name(state)
            source = source._replace(number=MOVING, epoch=epoch)
        yield "fence0", know(epochs=()), {"record": MOVING, "partitions": put(state.partitions, SOURCE, source)}

    def fence(self, state, client, known):
        """A partition takes no writes any more, whatever a process has compared or declared before."""
        at = int(client.step[-1])
        found, reply = state.partitions[at], {}
        fenced = found.number == MOVING or self.broken == VARIANTS[0]
        if not fenced and (found.number != NEW or self.broken == VARIANTS[7]):
            epoch = found.epoch if self.broken == VARIANTS[1] else fresh_name(state)
            found = found._replace(number=MOVING, epoch=epoch)
            reply = {"partitions": put(state.partitions, at, found)}
        if found.number == NEW:
            yield "settle0", know(epochs=known["epochs"] + (None,) * (len(state.partitions) - at))
            return
        epochs = (*known["epochs"], found.epoch)
        last = at + 1 == len(state.partitions)
        following = ("settle0" if self.broken == VARIANTS[8] else self.beginning) if last else f"fence{at + 1}"
        yield following, know(epochs=epochs), reply

    @property
    def beginning(self):
        """The first step of a mover once all partitions are fenced."""
        return "leave" if self.broken == VARIANTS[5] else "walk"

    def outdated(self, state, at, known):
        return self.broken != VARIANTS[6] and state.partitions[at].epoch != known["epochs"][at]

    def walk(self, state, _client, known):
        """The mover finds the objects that belong elsewhere."""
        homes, found = homes_of(state, NEW), state.partitions[SOURCE].objects
        leaving = [pk for pk in PKS if found[pk - 1] and homes[(pk - 1) % 2] != SOURCE]
        yield "leave", know(**known, left=tuple(leaving))

    def leave(self, state, _client, known):
        """An object goes into the parcel; if there is one already, that one has to arrive first."""
        if self.outdated(state, SOURCE, known):
            yield "announce", ()
            return
        source, left = state.partitions[SOURCE], known.get("left", ())
        parcel, registers = source.parcel, {}
        if parcel is None and left and source.objects[left[0] - 1]:
            parcel = (fresh_name(state), left[0], source.objects[left[0] - 1])
            source = source._replace(parcel=parcel, objects=put(source.objects, left[0] - 1, None))
            registers = {"partitions": put(state.partitions, SOURCE, source)}
        if parcel is not None and (left or "left" not in known or self.broken not in VARIANTS[4:6]):
            yield "arrive", know(**known, parcel=parcel), registers
        elif left:
            yield "leave", know(**{**known, "left": left[1:]})
        elif "left" in known:
            yield "enter", know(epochs=known["epochs"], late=known.get("late", False))
        else:
            yield "walk", know(**known)

    def arrive(self, state, _client, known):
        _, pk, value = known["parcel"]
        at = homes_of(state, NEW)[(pk - 1) % 2]
        if self.outdated(state, at, known):
            yield "announce", ()
            return
        found = state.partitions[at]
        if found.objects[pk - 1] is None:
            found = found._replace(objects=put(found.objects, pk - 1, value))
        yield "drop", know(**known), {"partitions": put(state.partitions, at, found)}

    def drop(self, state, _client, known):
        if self.outdated(state, SOURCE, known):
            yield "announce", ()
            return
        source, nonce = state.partitions[SOURCE], known.pop("parcel")[0]
        if source.parcel and (source.parcel[0] == nonce or self.broken == VARIANTS[3]):
            source = source._replace(parcel=None)
        yield "leave", know(**known), {"partitions": put(state.partitions, SOURCE, source)}

    def enter(self, state, _client, known):
        """The claim of a value that an object has goes where it is looked for from now on."""
        if known.pop("late"):
            yield "done", know(result="moved")
            return
        at = CLAIMS[NEW] % len(state.claims)
        if self.outdated(state, at, known):
            yield "announce", ()
            return
        owners = [pk for pk in PKS for found in state.partitions if found.objects[pk - 1] == "u"]
        if owners and self.broken != VARIANTS[10]:
            yield "settle0", know(**known), {"claims": put(state.claims, at, owners[0])}
        else:
            yield "settle0", know(**known)

    def settle(self, state, client, known):
        """A new partition counts its own numbers, and may be written to."""
        at = int(client.step[-1])
        homes, found, registers = homes_of(state, NEW), state.partitions[at], {}
        if at in homes and found.number == MOVING:
            counter = state.partitions[SOURCE].counter
            if self.broken != VARIANTS[9]:
                found = found._replace(
                    counter=counted(max(counter, found.counter) - 1, homes.index(at) + 1, len(homes))
                )
            found = found._replace(number=NEW, epoch=fresh_name(state))
            registers = {"partitions": put(state.partitions, at, found)}
        following = "commit" if at + 1 == len(state.partitions) else f"settle{at + 1}"
        yield following, know(**known), registers

    def commit(self, state, _client, known):
        """The record is the new number, so processes may declare it."""
        source, registers = state.partitions[SOURCE], {"record": NEW} if state.record == MOVING else {}
        if registers and state.kind == "from one":
            registers["partitions"] = put(
                state.partitions, SOURCE, source._replace(number=NEW, epoch=fresh_name(state))
            )
        if self.broken == VARIANTS[8] and "late" not in known:
            epochs = tuple(found.epoch for found in registers.get("partitions", state.partitions))
            yield "walk", know(epochs=epochs, late=True), registers
        else:
            yield "done", know(result="moved"), registers

    # --- what is wrong ---

    def fault(self, state):
        if state.wrong:
            return state.wrong
        if state.record == NEW and any(state.partitions[at].number == MOVING for at in homes_of(state, NEW)):
            return "a partition is fenced after the move"
        if state.truth.count("u") > 1:
            return "two owners of u"
        for pk in PKS:
            places = [found.objects[pk - 1] for found in state.partitions if found.objects[pk - 1]]
            parcel = state.partitions[SOURCE].parcel
            if parcel and parcel[1] == pk and not places and state.record != NEW:
                places = [parcel[2]]
            if len(places) > 1:
                return "an object is in two places"
            if (places or [None])[0] != state.truth[pk - 1]:
                return "a confirmed write is lost" if state.truth[pk - 1] else "a deleted object is there again"
        return None

    def fault_alone(self, state):
        """Lets a new mover act, while all others are stopped, and then a process that declares the new number."""
        operations = (("move",), *(("read", NEW, pk) for pk in PKS), *(("put", NEW, pk, "z") for pk in PKS))
        end = canonical(state._replace(clients=(*state.clients, Client("start", operations))))
        for _ in range(100):
            after = list(self.moves(end, len(state.clients)))
            if not after:
                break
            end = after[0]
            client = end.clients[-1]
            if client.step == "done" and dict(client.known)["result"] == "refused":
                return "a process with the new number is refused after the move"
        if end.clients[-1].step != "done":
            return "a new mover does not end"
        fault = self.fault(end)
        return f"after a new mover: {fault}" if fault else None


def homes_of(state, declared):
    return HOMES[state.kind] if declared == NEW else (SOURCE,)


def home(state, operation):
    homes = homes_of(state, operation[1])
    return homes[(operation[2] - 1) % len(homes)]


def told(state, pk, value):
    """The registers after a client was told a value."""
    if value == state.truth[pk - 1]:
        return {}
    return {"wrong": "a read finds what is not there" if value else "a read misses an object"}


def fresh_name(state):
    """A nonce or an epoch that nobody has."""
    known = {found.epoch for found in state.partitions} | {
        found.parcel[0] for found in state.partitions if found.parcel
    }
    for client in state.clients:
        facts = dict(client.known)
        known |= {facts.get("epoch"), *facts.get("epochs", ())} | ({facts["parcel"][0]} if "parcel" in facts else set())
    return unused(known)


def canonical(state):
    """States that differ only in the names of epochs and nonces become equal."""
    names = Names()

    def parcel_of(parcel):
        return parcel and (names.of(parcel[0]), *parcel[1:])

    def known_again(name, known):
        if name == "epoch":
            return name, names.of(known)
        if name == "epochs":
            return name, tuple(map(names.of, known))
        return name, parcel_of(known) if name == "parcel" else known

    partitions = tuple(
        found._replace(epoch=names.of(found.epoch), parcel=parcel_of(found.parcel)) for found in state.partitions
    )
    return state._replace(partitions=partitions, clients=with_renamed(state.clients, known_again))


def both(name, clients, values):
    """A case for each kind of move."""
    return [Case(f"{name}, {kind}", clients, (kind, values)) for kind in HOMES]


MOVE = (("move",),)
CASES = [
    *both("two movers", [MOVE, MOVE], ((1, "a"), (2, "b"), (4, "d"))),
    *both("a unique value is wanted", [MOVE, (("put", NEW, 1, "u"),), (("put", NEW, 3, "u"),)], ((2, "u"),)),
    *both("minted with each number", [MOVE, (("mint", OLD, "c"),), (("mint", NEW, "d"),)], ((1, "a"),)),
    *both("a writer of each number", [MOVE, (("put", OLD, 2, "b"),), (("put", NEW, 2, "c"),)], ((2, "a"),)),
    *both("deleted and created", [MOVE, (("delete", OLD, 2),), (("put", NEW, 2, "c"),)], ((2, "a"),)),
    *both("created where nothing was", [MOVE, (("put", OLD, 2, "b"),), (("put", NEW, 2, "c"),)], ()),
    *both("deleted after two movers", [MOVE, MOVE, (("delete", NEW, 2), ("read", NEW, 2))], ((2, "a"),)),
    *both("read with each number", [MOVE, (("read", OLD, 2),), (("read", NEW, 2), ("plain", NEW, 2))], ((2, "a"),)),
    *both("read while it is written", [MOVE, (("put", OLD, 2, "b"),), (("plain", NEW, 2),)], ((2, "a"),)),
    *both(
        "minted, deleted and minted",
        [MOVE, (("mint", OLD, "c"), ("delete", OLD, 2)), (("mint", NEW, "d"),)],
        ((1, "a"),),
    ),
    *both(
        "a unique value is given up and wanted", [MOVE, (("put", OLD, 2, "b"),), (("put", NEW, 1, "u"),)], ((2, "u"),)
    ),
    *both("two movers and a writer", [MOVE, MOVE, (("put", OLD, 2, "c"), ("put", NEW, 2, "d"))], ((1, "a"), (2, "b"))),
]

if __name__ == "__main__":
    report(Repartitioning, CASES, VARIANTS)
