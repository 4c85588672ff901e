"""The commands that delete entries of a stream."""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.exceptions import InvalidValue
from limpyd.fields import checks
from limpyd.fields.stream.entries import BoundEntries, numbers
from limpyd.fields.stream.ids import StreamId, stream_id
from limpyd.requests.request import Argument, Request
from limpyd.server import Needs

T = TypeVar("T")
V = TypeVar("V")

RefPolicy = Literal["KEEPREF", "DELREF", "ACKED"]
"""The treatment of a deleted entry that groups still refer to."""
POLICIES = get_args(RefPolicy)
REF_POLICY = Needs(redis=(8, 2), valkey=None)


class BoundTrimming(BoundEntries[T, V, Face]):
    """The commands that delete entries by their ids, or the oldest ones."""

    __slots__ = ()

    @command("XDEL")
    def xdel(self, *ids: StreamId) -> Request[int]:
        """Deletes entries (XDEL); returns how many there were. They stay pending in the groups that got them.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write_many("XDEL", (), self._ids("XDEL", ids), combine=sum)

    @command("XDELEX")
    def xdelex(self, *ids: StreamId, ref_policy: RefPolicy = "KEEPREF") -> Request[list[int]]:
        """Deletes entries (XDELEX).

        Returns for each id 1 if the entry was deleted, -1 if there is none, 2 if it was kept, as
        `ref_policy` says.

        Args:
            ids: those of the entries.
            ref_policy: what becomes of entries that groups refer to: KEEPREF deletes them and leaves them
                pending there, DELREF deletes them there too, ACKED keeps those that a group has not
                read and acknowledged.

        Raises:
            ServerTooOld: the server is older than Redis 8.2.
            DoesNotExist: the object was deleted.
        """
        policy = checks.one_of("XDELEX's ref_policy", ref_policy, POLICIES)
        return self._write_many("XDELEX", (policy,), self._ids("XDELEX", ids), counted="IDS", combine=numbers)

    @command("XTRIM")
    def xtrim(
        self,
        maxlen: int | None = None,
        *,
        approximate: bool = True,
        minid: StreamId | None = None,
        limit: int | None = None,
        ref_policy: RefPolicy | None = None,
    ) -> Request[int]:
        """Removes the oldest entries (XTRIM); returns their number. Needs `maxlen` or `minid`.

        Args:
            maxlen: keep no more than so many entries.
            approximate: keep some more where that is quicker.
            minid: keep no entries whose id is smaller.
            limit: take away so many at most; only if `approximate`.
            ref_policy: as for `xadd`.

        Raises:
            ServerTooOld: `ref_policy`, on a server older than Redis 8.2.
            DoesNotExist: the object was deleted.
        """
        args = trimming_args("XTRIM", maxlen, approximate, minid, limit)
        if not args:
            msg = (
                f"XTRIM on {self._field} needs maxlen (the number of entries to keep) or minid (the smallest id to "
                "keep)"
            )
            raise InvalidValue(msg)
        if ref_policy is None:
            return self._write("XTRIM", tuple(args), int)
        policy = checks.one_of("XTRIM's ref_policy", ref_policy, POLICIES)
        return self._write("XTRIM", (*args, policy), int, needs=REF_POLICY)


def trimming_args(
    name: str, maxlen: int | None, approximate: bool, minid: StreamId | None, limit: int | None
) -> list[Argument]:
    """Returns the arguments that say which entries a command removes."""
    checks.at_most_one(name, maxlen=maxlen, minid=minid)
    args: list[Argument] = []
    about: list[Argument] = ["~"] if checks.flag(f"{name}'s approximate", approximate) else []
    if maxlen is not None:
        args += ("MAXLEN", *about, checks.integer(f"{name}'s maxlen", maxlen, low=0))
    if minid is not None:
        args += ("MINID", *about, stream_id(f"{name}'s minid", minid))
    if limit is not None:
        if not args or not approximate:
            msg = (
                f"{name}'s limit works only with approximate trimming: also pass maxlen or minid, and approximate=True"
            )
            raise InvalidValue(msg)
        args += ("LIMIT", checks.integer(f"{name}'s limit", limit, low=0))
    return args
