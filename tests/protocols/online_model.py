"""The model of repartitioning while the model is in use: the objects of a partition are given to another one in slices.

Registers, each atomic by itself:

- two partitions, the one that gives and the one that gets. In the catalog of each: the epoch, how many slices of the
  objects have been given, and whether a slice is on its way, so that the partition is closed. None were given before
  the move is announced; then the giving one mints only what it will keep. With them the objects, the counter, the
  claims that are void, and the parcel with the object that is on its way
- the claim of the value `u`, which is unique, in a third partition; it does not move
- the time, in units for which a process trusts what it has read

So each partition itself says which slices it has, and what rests on an older answer is refused by its epoch. Clients
are writers, readers and movers. A plain read compares no epoch as long as the process has read within one unit of time
that no move is announced; and it is not believed if more time has passed when the reply comes.

`python -m tests.protocols.online_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.protocols.exploration import Case, Client, Names, know, put, report, unused, with_renamed

PKS = range(1, 7)
GIVING, GETTING = 0, 1
SLICES = 2
SLICE = {2: 0, 4: 1, 6: 0}
"""The slice of each object that moves; the others stay."""
TRUST = 1
"""The time for which a process trusts that no move is announced."""
LAST = 3
"""The time at which the clock of a case ends."""

VARIANTS = (
    "plain reads trust for ever",
    "the age of an answer is not compared after a read",
    "movers do not wait",
    "only the giving partition is closed",
    "only the getting partition is closed",
    "queries take any two answers",
    "a partition is closed without a new epoch",
    "a partition is opened without a new epoch",
    "writes do not compare epochs",
    "a closed partition takes writes",
    "counters begin anew",
    "the giving partition mints what moves",
    "the getting partition mints before the end",
    "late movers are not refused",
    "parcels of others are not looked at",
    "a parcel is dropped without comparing",
    "only the partition that a claim names is asked",
)


class Partition(NamedTuple):
    epoch: int
    given: int | None
    """How many slices have moved; None if no move is announced."""
    closed: bool = False
    objects: tuple[str | None, ...] = (None,) * len(PKS)
    counter: int = 0
    void: frozenset[int] = frozenset()
    """The nonces of claims that were taken over."""
    parcel: tuple[int, int, str] | None = None
    """A nonce, the primary key and the value of the object on its way."""

    @property
    def facts(self):
        """What a process reads in the catalog."""
        return self.epoch, self.given, self.closed


class State(NamedTuple):
    partitions: tuple[Partition, Partition]
    claim: tuple[int, int] | None
    """The partition that has claimed `u`, and a nonce."""
    truth: tuple[str | None, ...]
    """The value of each object, by its last confirmed write."""
    minted: frozenset[int]
    time: int | None
    """None if nothing in the case depends on it."""
    since: int
    """The time at which the move was announced."""
    clients: tuple[Client, ...]
    wrong: str | None = None
    """What a client got that is not true."""


class Online:
    def __init__(self, broken=None):
        self.broken = broken

    def first(self, case):
        values = dict(case.start)
        objects = tuple(values.get(pk) for pk in PKS)
        giving = Partition(0, None, objects=objects, counter=max([0, *values]))
        clients = tuple(Client("start", operations) for operations in case.clients)
        is_timed = any(operation[0] == "plain" for operations in case.clients for operation in operations)
        claim = (GIVING, 2) if "u" in objects else None
        return canonical(
            State((giving, Partition(1, None)), claim, objects, frozenset(values), 0 if is_timed else None, 0, clients)
        )

    def successors(self, state):
        if state.time is not None and state.time < LAST:
            yield canonical(state._replace(time=state.time + 1))
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
            outcomes = [("announce" if first[0] == "move" else "ask", know(operation=first))]
        else:
            outcomes = getattr(self, client.step.rstrip("0123"))(state, client, dict(client.known))
        for step, known, *registers in outcomes:
            following = Client(step, operations, known)
            changed = registers[0] if registers else {}
            yield canonical(state._replace(clients=put(state.clients, number, following), **changed))

    # --- processes that write and read ---

    def ask(self, state, _client, known):
        """The process reads the catalogs, one after the other; a plain read notes the time before it does."""
        operation, at = known["operation"], known.get("at", GIVING)
        found = (*known.get("found", ()), state.partitions[at].facts)
        asked = known.get("asked", state.time or 0)
        if at == GIVING:
            yield "ask", know(operation=operation, at=GETTING, found=found, asked=asked)
        else:
            yield from self.routed(operation, found, asked)

    def routed(self, operation, found, asked):
        name = operation[0]
        if name == "query":
            if self.broken == VARIANTS[5] or (found[0][1:] == found[1][1:] and not found[0][2]):
                yield "collect0", know(operation=operation, found=found, rows=())
            else:
                yield "ask", know(operation=operation)
            return
        places = self.places(operation, found)
        if not places or (found[places[-1]][2] and self.broken != VARIANTS[9]):
            yield "ask", know(operation=operation)  # it waits
        for at in places:
            if found[at][2] and self.broken != VARIANTS[9]:
                continue
            if name == "plain" and found[at][1] is None:
                yield "look", know(operation=operation, asked=asked)
            else:
                step = "claim" if operation[-1] == "u" else "act"
                yield step, know(operation=operation, at=at, epoch=found[at][0], found=found)

    def places(self, operation, found):
        """The partition that says that it has an object, or those that may mint; none if it is on its way."""
        (_, left, _), (_, arrived, _) = found
        if operation[0] == "mint":
            return (GIVING, GETTING) if arrived == SLICES or self.broken == VARIANTS[12] else (GIVING,)
        number = SLICE.get(operation[1], SLICES)
        if number < (arrived or 0):
            return (GETTING,)
        return (GIVING,) if number >= (left or 0) else ()

    def look(self, state, _client, known):
        """A process looks at its clock before it sends a plain read."""
        if state.time > known["asked"] + TRUST and self.broken != VARIANTS[0]:
            yield "ask", know(operation=known["operation"])
        else:
            yield "reach", know(**known)

    def reach(self, state, _client, known):
        """A plain read, where the object was when no move was announced; it compares no epoch."""
        pk = known["operation"][1]
        found = state.partitions[GIVING].objects[pk - 1]
        yield "believe", know(**known, as_it_is=found == state.truth[pk - 1])

    def believe(self, state, _client, known):
        """The reply has come; the process may have slept since it looked at its clock."""
        if state.time > known["asked"] + TRUST and self.broken not in VARIANTS[:2]:
            yield "ask", know(operation=known["operation"])
        else:
            wrong = {} if known["as_it_is"] else {"wrong": "a plain read finds what is not so"}
            yield "done", know(result="ok"), wrong

    def collect(self, state, client, known):
        """A query has asked both partitions; what each has counts if its epoch is the one that was read."""
        at = int(client.step[-1])
        found = state.partitions[at]
        if found.epoch != known["found"][at][0]:
            yield "ask", know(operation=known["operation"])
            return
        rows = (*known["rows"], *(pk for pk in PKS if found.objects[pk - 1]))
        if at == GIVING:
            yield "collect1", know(operation=known["operation"], found=known["found"], rows=rows)
            return
        wanted = known["operation"][1]
        if len(set(rows)) < len(rows):
            yield "done", know(result="ok"), {"wrong": "a query finds an object twice"}
        elif set(wanted) - set(rows):
            yield "done", know(result="ok"), {"wrong": "a query misses an object"}
        else:
            yield "done", know(result="ok")

    def claim(self, state, _client, known):
        """The process claims `u`, or finds that somebody else has."""
        nonce = fresh_name(state)
        if state.claim is None:
            yield "act", know(**known, nonce=nonce), {"claim": (known["at"], nonce)}
        else:
            named = state.claim[0]
            asked = (named,) if self.broken == VARIANTS[16] else family(named)
            yield "verify", know(**known, holder=state.claim, asked=asked)

    def verify(self, state, _client, known):
        """The partition that a claim names is asked, and those that it has given objects to; the claim becomes void."""
        at, *left = known["asked"]
        found = state.partitions[at]
        if found.epoch != known["found"][at][0] or (found.closed and self.broken != VARIANTS[9]):
            yield "ask", know(operation=known["operation"])
        elif "u" in found.objects:
            mine = found.objects[known["operation"][1] - 1] == "u" if known["operation"][0] == "put" else False
            yield "done", know(result="ok" if mine else "taken")
        else:
            found = found._replace(void=found.void | {known["holder"][1]})
            step = "verify" if left else "take"
            following = {**known, "asked": tuple(left)}
            if not left:
                following.pop("asked")
            yield step, know(**following), {"partitions": put(state.partitions, at, found)}

    def take(self, state, _client, known):
        if state.claim != known.pop("holder"):
            yield "ask", know(operation=known["operation"])
            return
        nonce = fresh_name(state)
        yield "act", know(**known, nonce=nonce), {"claim": (known["at"], nonce)}

    def act(self, state, _client, known):
        operation, at = known["operation"], known["at"]
        name, found = operation[0], state.partitions[at]
        if (found.epoch != known["epoch"] and self.broken != VARIANTS[8]) or known.get("nonce") in found.void:
            yield "ask", know(operation=operation)
            return
        if name in {"read", "plain"}:
            pk = operation[1]
            wrong = {} if found.objects[pk - 1] == state.truth[pk - 1] else {"wrong": "a read finds what is not so"}
            yield "done", know(result="ok"), wrong
            return
        if name == "mint":
            pk = self.minted(found, at)
            if pk not in PKS:
                return
            wrong = "a primary key is given twice" if pk in state.minted else state.wrong
            found = found._replace(counter=pk)
            registers = {"minted": state.minted | {pk}, "wrong": wrong}
        else:
            pk, registers = operation[1], {}
        value = None if name == "delete" else operation[-1]
        found = found._replace(objects=put(found.objects, pk - 1, value))
        truth = put(state.truth, pk - 1, value)
        yield "done", know(result="ok"), {"partitions": put(state.partitions, at, found), "truth": truth, **registers}

    def minted(self, found, at):
        """The next primary key of a partition: the giving one goes in steps of two, once a move is announced."""
        if found.given is None or (self.broken == VARIANTS[11] and at == GIVING):
            return found.counter + 1
        return found.counter + 1 + (at - found.counter) % 2

    # --- movers ---

    def announce(self, state, _client, _known):
        """The giving partition says that a move begins, and mints only what it keeps; then the other one says so."""
        giving, getting = state.partitions
        registers, counter = {}, giving.counter
        if giving.given is None:
            if state.time is not None and state.time + 2 * TRUST > LAST:
                return
            giving = giving._replace(given=0, epoch=fresh_name(state))
            registers = {"partitions": (giving, getting), "since": state.time or 0}
        yield "greet", know(counter=0 if self.broken == VARIANTS[10] else counter), registers

    def greet(self, state, _client, known):
        getting, registers = state.partitions[GETTING], {}
        if getting.given is None:
            getting = getting._replace(given=0, epoch=fresh_name(state), counter=known["counter"])
            registers = {"partitions": put(state.partitions, GETTING, getting)}
        yield "wait", (), registers

    def wait(self, state, _client, _known):
        """All that trusts that there is no move has ended when twice the time has passed."""
        if state.time is None or state.time >= state.since + 2 * TRUST or self.broken == VARIANTS[2]:
            yield "close0", ()

    def close(self, state, client, known):
        """A partition takes no requests but those of movers, whatever a process has read before."""
        at = int(client.step[-1])
        found, registers = state.partitions[at], {}
        number = known.get("slice", found.given)
        if number == SLICES:
            yield "done", know(result="moved")
            return
        skipped = self.broken == VARIANTS[4 - at]
        if found.given == number and not found.closed and not skipped:
            epoch = found.epoch if self.broken == VARIANTS[6] else fresh_name(state)
            found = found._replace(closed=True, epoch=epoch)
            registers = {"partitions": put(state.partitions, at, found)}
        if found.given < number:  # the other partition was opened by somebody, and this one not yet
            yield "open1", know(**known), registers
            return
        epochs = (*known.get("epochs", ()), found.epoch)
        following = "walk" if at == GETTING else "close1"
        if at == GETTING and found.given > number:
            following = "open0"
        yield following, know(slice=number, epochs=epochs), registers

    def outdated(self, state, at, known):
        return self.broken != VARIANTS[13] and state.partitions[at].epoch != known["epochs"][at]

    def walk(self, state, _client, known):
        """The mover finds the objects of the slice."""
        found = state.partitions[GIVING].objects
        yield "leave", know(**known, left=tuple(pk for pk in PKS if found[pk - 1] and SLICE.get(pk) == known["slice"]))

    def leave(self, state, _client, known):
        """An object goes into the parcel; if there is one already, that one has to arrive first."""
        if self.outdated(state, GIVING, known):
            yield "close0", ()
            return
        giving, left = state.partitions[GIVING], known["left"]
        parcel, registers = giving.parcel, {}
        if parcel is None and left and giving.objects[left[0] - 1]:
            parcel = (fresh_name(state), left[0], giving.objects[left[0] - 1])
            giving = giving._replace(parcel=parcel, objects=put(giving.objects, left[0] - 1, None))
            registers = {"partitions": put(state.partitions, GIVING, giving)}
        if parcel is not None and (left or self.broken != VARIANTS[14]):
            yield "arrive", know(**known, parcel=parcel), registers
        elif left:
            yield "leave", know(**{**known, "left": left[1:]})
        else:
            yield "open1", know(slice=known["slice"], epochs=known["epochs"])

    def arrive(self, state, _client, known):
        _, pk, value = known["parcel"]
        if self.outdated(state, GETTING, known):
            yield "close0", ()
            return
        getting = state.partitions[GETTING]
        if getting.objects[pk - 1] is None:
            getting = getting._replace(objects=put(getting.objects, pk - 1, value))
        yield "drop", know(**known), {"partitions": put(state.partitions, GETTING, getting)}

    def drop(self, state, _client, known):
        if self.outdated(state, GIVING, known):
            yield "close0", ()
            return
        giving, nonce = state.partitions[GIVING], known.pop("parcel")[0]
        if giving.parcel and (giving.parcel[0] == nonce or self.broken == VARIANTS[15]):
            giving = giving._replace(parcel=None)
        yield "leave", know(**known), {"partitions": put(state.partitions, GIVING, giving)}

    def open(self, state, client, known):
        """A partition says that it has the slice, or has it no more; the getting one first."""
        at = int(client.step[-1])
        found, number = state.partitions[at], known["slice"]
        if found.given == number:
            if self.outdated(state, at, known) or not (found.closed or self.broken in VARIANTS[3:5]):
                yield "close0", ()
                return
            epoch = found.epoch if self.broken == VARIANTS[7] else fresh_name(state)
            found = found._replace(given=number + 1, closed=False, epoch=epoch)
        registers = {"partitions": put(state.partitions, at, found)}
        yield "close0" if at == GIVING else "open0", () if at == GIVING else know(**known), registers

    # --- what is wrong ---

    def fault(self, state):
        if state.wrong:
            return state.wrong
        if state.truth.count("u") > 1:
            return "two owners of u"
        for pk in PKS:
            places = [found.objects[pk - 1] for found in state.partitions if found.objects[pk - 1]]
            parcel = state.partitions[GIVING].parcel
            if parcel and parcel[1] == pk and not places:
                places = [parcel[2]]
            if len(places) > 1:
                return "an object is in two places"
            if (places or [None])[0] != state.truth[pk - 1]:
                return "a confirmed write is lost" if state.truth[pk - 1] else "a deleted object is there again"
        return None

    def fault_alone(self, state):
        """Lets a new mover act, while all others are stopped, and then a process that reads and writes."""
        operations = (
            ("move",),
            *(("read", pk) for pk in PKS),
            *(("put", pk, "z") for pk in PKS),
            ("query", tuple(PKS)),
        )
        end = canonical(state._replace(time=None, clients=(*state.clients, Client("start", operations))))
        for _ in range(200):
            after = list(self.moves(end, len(state.clients)))
            if not after:
                break
            end = after[0]
        if end.clients[-1].step != "done" or end.clients[-1].operations:
            return "a new mover, and those who come after it, do not end"
        fault = self.fault(end)
        return f"after a new mover: {fault}" if fault else None


def family(named):
    """The partitions that may have what a claim of a partition is for."""
    return (GIVING, GETTING) if named == GIVING else (GETTING,)


def fresh_name(state):
    """A nonce or an epoch that nobody has."""
    known = set(state.claim[1:]) if state.claim else set()
    for found in state.partitions:
        known |= {found.epoch, *found.void, *(found.parcel or ())[:1]}
    for client in state.clients:
        facts = dict(client.known)
        known |= {facts.get("epoch"), facts.get("nonce"), *facts.get("epochs", ()), *facts.get("parcel", ())[:1]}
        known |= {each[0] for each in facts.get("found", ())} | set(facts.get("holder", ())[1:])
    return unused(known)


def canonical(state):
    """States that differ only in the names of epochs and nonces, or in names that mean nothing more, become equal."""
    names = Names()

    def renamed(name, known):
        if name in {"epoch", "nonce"}:
            return name, names.of(known)
        if name == "epochs":
            return name, tuple(map(names.of, known))
        if name == "found":
            return name, tuple((names.of(each[0]), *each[1:]) for each in known)
        if name == "holder":
            return name, (known[0], names.of(known[1]))
        return name, (names.of(known[0]), *known[1:]) if name == "parcel" else known

    live = {state.claim[1]} if state.claim else set()
    for client in state.clients:
        facts = dict(client.known)
        live |= {facts.get("nonce"), *facts.get("holder", ())[1:]}
    partitions = tuple(
        found._replace(
            epoch=names.of(found.epoch), parcel=found.parcel and (names.of(found.parcel[0]), *found.parcel[1:])
        )
        for found in state.partitions
    )
    claim = state.claim and (state.claim[0], names.of(state.claim[1]))
    clients = with_renamed(state.clients, renamed)
    partitions = tuple(
        found._replace(void=frozenset(names.of(nonce) for nonce in sorted(found.void & live))) for found in partitions
    )
    return state._replace(partitions=partitions, claim=claim, clients=clients)


MOVE = (("move",),)
CASES = [
    Case("a query", [MOVE, (("query", (1, 2, 4)),)], ((1, "a"), (2, "b"), (4, "d"))),
    Case("a plain read", [MOVE, (("plain", 2),)], ((2, "b"),)),
    Case("two movers of a slice with two objects", [MOVE, MOVE], ((2, "b"), (6, "f"))),
    Case("a value of another object is wanted", [MOVE, (("put", 1, "u"),)], ((2, "u"),)),
    Case("minted, deleted and minted", [MOVE, (("mint", "c"), ("delete", 2), ("mint", "d"))], ((1, "a"),)),
    Case("minted twice", [MOVE, (("mint", "c"), ("mint", "d"))], ((1, "a"),)),
    Case("deleted after two movers", [MOVE, MOVE, (("delete", 2),)], ((2, "a"),)),
    Case("two writers", [MOVE, (("put", 2, "b"),), (("put", 2, "c"),)], ((2, "a"),)),
    Case("a query and a writer", [MOVE, (("query", (4,)),), (("put", 2, "c"),)], ((2, "b"), (4, "d"))),
    Case("a query and two movers", [MOVE, MOVE, (("query", (2, 4)),)], ((2, "b"), (4, "d"))),
    Case("two movers", [MOVE, MOVE], ((1, "a"), (2, "b"), (4, "d"))),
    Case("a plain read and a writer", [MOVE, (("plain", 2),), (("put", 2, "c"),)], ((2, "b"),)),
    Case("two writers, one of which reads", [MOVE, (("put", 2, "b"),), (("put", 2, "c"), ("read", 2))], ((2, "a"),)),
    Case("deleted and created", [MOVE, (("delete", 2),), (("put", 2, "c"),)], ((2, "a"),)),
    Case("created where nothing was", [MOVE, (("put", 4, "b"),), (("read", 4), ("put", 4, "c"))], ()),
    Case("deleted and read after two movers", [MOVE, MOVE, (("delete", 2), ("read", 2))], ((2, "a"),)),
    Case("two movers and a writer", [MOVE, MOVE, (("put", 2, "c"), ("put", 2, "d"))], ((1, "a"), (2, "b"))),
    Case("two that mint", [MOVE, (("mint", "c"), ("mint", "d")), (("mint", "e"),)], ((1, "a"),)),
    Case("one deletes what was minted", [MOVE, (("mint", "c"), ("delete", 2)), (("mint", "d"),)], ((1, "a"),)),
    Case("a unique value is wanted by two", [MOVE, (("put", 1, "u"),), (("put", 3, "u"),)], ((2, "u"),)),
    Case("a unique value is free", [MOVE, (("put", 2, "u"),), (("put", 3, "u"),)], ((2, "b"),)),
    Case("a unique value is given up and wanted", [MOVE, (("put", 2, "b"),), (("put", 1, "u"),)], ((2, "u"),)),
]

if __name__ == "__main__":
    report(Online, CASES, VARIANTS)
