"""The consumer groups of a stream."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.fields import checks
from limpyd.fields.stream.entries import BoundEntries, StreamEntry, numbers
from limpyd.fields.stream.ids import DELIVERED, LAST, StreamId, consumer_args, count_args, group_arg, stream_id
from limpyd.fields.stream.trimming import POLICIES, RefPolicy
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")


class BoundGroups(BoundEntries[T, V, Face]):
    """The commands of consumer groups. Unless they say otherwise, they raise ServerError if there is no such group."""

    __slots__ = ()

    # --- groups and their consumers ---

    @command("XGROUP CREATE")
    def xgroup_create(
        self,
        groupname: str | bytes,
        id: StreamId = "$",
        *,
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> Request[bool]:
        """Creates a consumer group (XGROUP CREATE); True.

        Args:
            groupname: its name.
            id: entries after this one will be delivered; `"$"` for those that are yet to come, 0 for all.
            mkstream: make the stream, empty, if there is none.
            entries_read: how many entries count as read already; -1 for unknown.

        Raises:
            ServerError: there is such a group; or no stream, and `mkstream` is not set.
            DoesNotExist: the object was deleted.
        """
        args = _start("XGROUP CREATE", groupname, id, entries_read)
        if checks.flag("XGROUP CREATE's mkstream", mkstream):
            args.append("MKSTREAM")
        return self._write("XGROUP CREATE", tuple(args), to_bool)

    @command("XGROUP SETID")
    def xgroup_setid(
        self,
        groupname: str | bytes,
        id: StreamId,
        entries_read: int | None = None,
    ) -> Request[bool]:
        """Sets the id of the last entry that a group has delivered (XGROUP SETID); True.

        Args:
            groupname: the group.
            id: entries after this one will be delivered; `"$"` for those that are yet to come, 0 for all.
            entries_read: how many entries count as read already; -1 for unknown.

        Raises:
            DoesNotExist: the object was deleted.
        """
        args = _start("XGROUP SETID", groupname, id, entries_read)
        return self._write("XGROUP SETID", tuple(args), to_bool)

    @command("XGROUP DESTROY")
    def xgroup_destroy(self, groupname: str | bytes) -> Request[bool]:
        """Removes a group, with its pending entries (XGROUP DESTROY); True if there was one.

        Raises:
            ServerError: there is no stream.
            DoesNotExist: the object was deleted.
        """
        return self._write("XGROUP DESTROY", (group_arg("XGROUP DESTROY", groupname),), to_bool)

    @command("XGROUP CREATECONSUMER")
    def xgroup_createconsumer(self, groupname: str | bytes, consumername: str | bytes) -> Request[bool]:
        """Creates a consumer (XGROUP CREATECONSUMER), as its first read does too; True if it is new.

        Raises:
            DoesNotExist: the object was deleted.
        """
        args = consumer_args("XGROUP CREATECONSUMER", groupname, consumername)
        return self._write("XGROUP CREATECONSUMER", args, to_bool)

    @command("XGROUP DELCONSUMER")
    def xgroup_delconsumer(self, groupname: str | bytes, consumername: str | bytes) -> Request[int]:
        """Removes a consumer (XGROUP DELCONSUMER); returns how many pending entries are lost with it.

        Raises:
            DoesNotExist: the object was deleted.
        """
        args = consumer_args("XGROUP DELCONSUMER", groupname, consumername)
        return self._write("XGROUP DELCONSUMER", args, int)

    @command("XINFO GROUPS")
    def xinfo_groups(self) -> Request[list[dict[str, Any]]]:
        """Returns the server's information on each group, under its own names (XINFO GROUPS).

        Raises:
            ServerError: there is no stream.
        """
        return self._read("XINFO GROUPS", (), lambda reply: [self._facts(each) for each in reply])

    @command("XINFO CONSUMERS")
    def xinfo_consumers(self, groupname: str | bytes) -> Request[list[dict[str, Any]]]:
        """Returns the server's information on each consumer of a group, under its own names (XINFO CONSUMERS)."""
        group = group_arg("XINFO CONSUMERS", groupname)
        return self._read("XINFO CONSUMERS", (group,), lambda reply: [self._facts(each) for each in reply])

    # --- reading, and acknowledging ---

    @command("XREADGROUP")
    def xreadgroup(
        self,
        groupname: str | bytes,
        consumername: str | bytes,
        id: StreamId = ">",
        count: int | None = None,
        block: int | timedelta | None = None,
        *,
        noack: bool = False,
    ) -> Request[list[StreamEntry[T]]]:
        """Delivers entries to a consumer of a group, which are pending until acknowledged (XREADGROUP).

        Args:
            groupname: the group.
            consumername: who reads.
            id: `">"` for entries that nobody of the group got yet; else those after this id that are
                pending with this consumer, where the fields of deleted ones are empty.
            count: how many at most.
            block: wait for so many milliseconds if there is none; 0 for as long as it takes.
            noack: they are acknowledged at once.

        Raises:
            DoesNotExist: the object was deleted. (With `block` the read is part of no script, and
                raises ServerError, since there is no group.)
            InvalidPrimaryKey: with `block`, the instance was never stored.
        """
        args: list[Argument] = ["GROUP", *consumer_args("XREADGROUP", groupname, consumername)]
        args += count_args("XREADGROUP", count)
        if checks.flag("XREADGROUP's noack", noack):
            args.append("NOACK")
        after = stream_id("XREADGROUP's id", id, DELIVERED)
        if block is None:
            key_at = len(args) + 2
            return self._in_general("XREADGROUP", (*args, "STREAMS", after), self._entries_read, key_at=key_at)
        wait = checks.milliseconds("XREADGROUP's block", block, low=0)
        request = ("XREADGROUP", *args, "BLOCK", wait, "STREAMS", self._key(), after)
        return self._blocking(request, self._entries_read, wait / 1000)

    @command("XACK")
    def xack(self, groupname: str | bytes, *ids: StreamId) -> Request[int]:
        """Acknowledges pending entries (XACK); returns their number, or 0 without such a group.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write_many("XACK", [group_arg("XACK", groupname)], self._ids("XACK", ids), combine=sum)

    @command("XACKDEL")
    def xackdel(self, groupname: str | bytes, *ids: StreamId, ref_policy: RefPolicy = "KEEPREF") -> Request[list[int]]:
        """Acknowledges entries and deletes them (XACKDEL).

        Returns for each id 1 if that was done, -1 if it is not pending in the group, 2 if it was
        acknowledged, but kept as `ref_policy` says.

        Args:
            groupname: the group.
            ids: those of the entries.
            ref_policy: what becomes of entries that are pending in other groups: KEEPREF deletes them and
                leaves them pending there, DELREF deletes them there too, ACKED keeps them.

        Raises:
            ServerTooOld: the server is older than Redis 8.2.
            DoesNotExist: the object was deleted.
        """
        head = (group_arg("XACKDEL", groupname), checks.one_of("XACKDEL's ref_policy", ref_policy, POLICIES))
        return self._write_many("XACKDEL", head, self._ids("XACKDEL", ids), counted="IDS", combine=numbers)


def _start(name: str, groupname: str | bytes, start: StreamId, entries_read: int | None) -> list[Argument]:
    args: list[Argument] = [group_arg(name, groupname), stream_id(f"{name}'s id", start, LAST)]
    if entries_read is not None:
        args += ("ENTRIESREAD", checks.integer(f"{name}'s entries_read", entries_read, low=-1))
    return args
