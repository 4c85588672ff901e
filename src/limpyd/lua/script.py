"""Lua scripts, each linked when it is first needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha1
from typing import Any, Protocol

from limpyd.keys import nothing_beside
from limpyd.lua.linker import label_of, link, script_path, script_text
from limpyd.lua.overdue import Overdue, with_targets_of
from limpyd.lua.parts import LuaPart
from limpyd.requests.resp import Argument
from limpyd.utils.cached_properties import cached_property


class Linked(Protocol):
    """A script that is sent: a `Script`, or one that also adds to feeds of changes (see lua/recorders.py)."""

    name: str
    expires: bool
    renewal: bytes | None
    overdue: Overdue | None
    feeds: bytes

    @property
    def with_promises(self) -> Linked: ...
    @cached_property
    def source(self) -> bytes: ...
    @cached_property
    def sha(self) -> bytes: ...
    @cached_property
    def flags(self) -> frozenset[str]: ...
    @cached_property
    def requires(self) -> frozenset[str]: ...
    @cached_property
    def guarded(self) -> bool: ...


class OfModel(Protocol):
    """The attributes of a model that decide which form of a script its requests run.

    Attributes:
        crosses_slots: true if its scripts look at keys of other models, which have other hash tags.
        objects_expire: true if its objects may expire; `expires` is also true if only values may.
        renewal: how writes renew their deadlines, if they do (see lua/expiring.py).
        overdue: what its scripts remove first, if there may be anything (see lua/lapsing.py).
        settled_with: the models whose objects that may change.
        feeds: the settings of the feed of its changes (see lua/recording.py); empty if it has none.
    """

    crosses_slots: bool
    objects_expire: bool
    renewal: bytes | None
    overdue: Overdue | None
    settled_with: Sequence[Any]

    @property
    def feeds(self) -> bytes:
        """The settings of its feed."""
        ...

    @property
    def needs_promises(self) -> bool:
        """True if writes may need promises of other partitions."""
        ...


WITHOUT_PROMISES = frozenset({"promises"})


def evalsha(script: Linked, keys: Sequence[Argument], args: Iterable[Argument] = ()) -> tuple[Argument, ...]:
    """The command that runs a script, which is given one key more, the last, that is never written.

    The script takes that away before it looks at its keys.
    """
    if not keys:
        return (b"EVALSHA", script.sha, 0, *args)
    first = keys[0]
    nothing = nothing_beside(first if isinstance(first, bytes) else str(first).encode())
    if script.feeds:
        from limpyd.lua.recording import with_feeds  # noqa: PLC0415 - most models have no feed of changes

        settings: tuple[bytes, ...] = (with_feeds(nothing, script.feeds),)
    else:
        settings = ()
    if script.expires or script.overdue is not None:
        from limpyd.lua.expiring import marked  # noqa: PLC0415 - the objects of most models do not expire

        nothing = marked(nothing, script.renewal, script.overdue)
    return (b"EVALSHA", script.sha, b"%d" % (len(keys) + 1 + len(settings)), *keys, nothing, *settings, *args)


class Script:
    """A Lua script of the file `<name>.lua`, read when it is first needed.

    Args:
        name: the file.
        flags: its flags, if not those that the file says.
        expires: true if it is for models whose objects expire (see lua/expiring.py).
        promises: true if it has the code for promises of other partitions (`@optional promises` in the library).
        renewal: how writes renew deadlines, if they do: a sub-key and milliseconds; empty if its requests say that.
        overdue: what it removes first, if there may be anything.

    Attributes:
        with_promises: the same with that code; itself if it has it.
        feeds: the settings of the feeds that it adds to (see lua/recording.py); empty if it adds to none.
    """

    feeds = b""

    def __init__(
        self,
        name: str,
        flags: str = "",
        *,
        expires: bool = False,
        promises: bool = True,
        renewal: bytes | None = None,
        overdue: Overdue | None = None,
    ) -> None:
        self.name = name
        self.expires = expires
        self.renewal = renewal
        self.overdue = overdue
        self.with_promises = self
        self._renewing: dict[bytes, Script] = {}
        self._removing: dict[Overdue, Script] = {}
        self._promises = promises
        self._flags = flags

    def of(self, model: OfModel, *others: OfModel) -> Linked:
        """Returns the script, as the requests of a model run it that may change objects of other models as well."""
        return self.as_of_now(model, *others).recording(model, *others)

    def as_of_now(self, model: OfModel, *others: OfModel) -> Script:
        """Returns the script, as it runs for models whose objects or values may expire."""
        script = self if not model.objects_expire else self.expiring
        script = script if model.renewal is None else script.renewing(model.renewal)
        overdue = with_targets_of(model.overdue, [each.overdue for each in others]) if others else model.overdue
        return script if overdue is None else script.removing(overdue)

    def recording(self, *models: OfModel) -> Linked:
        """Returns the script, linked for some models; one that adds to their feeds of changes, if they have any."""
        if any(model.settled_with for model in models):
            models = tuple(dict.fromkeys(each for model in models for each in (model, *model.settled_with)))
        script = self.linked_for(*models)
        if not any(model.feeds for model in models):
            return script
        from limpyd.lua.recorders import recorder  # noqa: PLC0415 - as above

        return recorder(script, {model.feeds for model in models})

    def linked_for(self, *models: OfModel) -> Script:
        """Returns the script with all that it needs for what it does with objects of some models, and no more."""
        script = self.allow_cross_slot(any(model.crosses_slots for model in models))
        return script if any(model.needs_promises for model in models) else script.without_promises

    @cached_property
    def expiring(self) -> Script:
        """The same for models whose objects expire."""
        if self.expires:
            return self
        if not self._promises:
            return self.with_promises.expiring.without_promises
        return Script(self.name, self._flags, expires=True)

    def renewing(self, renewal: bytes) -> Script:
        """The same for a model whose deadlines are renewed by writes, which the renewal describes."""
        if self.renewal == renewal:
            return self
        if not self._promises:
            return self.with_promises.renewing(renewal).without_promises
        if renewal not in self._renewing:
            self._renewing[renewal] = Script(self.name, self._flags, expires=True, renewal=renewal)
        return self._renewing[renewal]

    def removing(self, overdue: Overdue) -> Script:
        """The same, which first removes what is over."""
        if self.overdue == overdue:
            return self
        if not self._promises:
            return self.with_promises.removing(overdue).without_promises
        if overdue not in self._removing:
            self._removing[overdue] = Script(
                self.name, self._flags, expires=self.expires, renewal=self.renewal, overdue=overdue
            )
        return self._removing[overdue]

    def allow_cross_slot(self, crosses_slots: bool) -> Script:
        """The script; or the same, allowed to look at keys of other hash tags, which a cluster refuses otherwise."""
        return self._across_slots if crosses_slots else self

    @cached_property
    def _across_slots(self) -> Script:
        if not self._promises:
            return self.with_promises._across_slots.without_promises
        flags = ",".join([*sorted(self.flags), "allow-cross-slot-keys"])
        return Script(self.name, flags, expires=self.expires, renewal=self.renewal, overdue=self.overdue)

    @cached_property
    def without_promises(self) -> Script:
        """The same for models that need no promises of other partitions."""
        if not self._promises:
            return self
        script = Script(
            self.name, self._flags, expires=self.expires, promises=False, renewal=self.renewal, overdue=self.overdue
        )
        script.with_promises = self
        return script

    @cached_property
    def source(self) -> bytes:
        """The source that the server runs: the file, with what it requires of the library."""
        without = frozenset() if self._promises else WITHOUT_PROMISES
        source = link(self._text, label_of(script_path(self.name)), without)
        if self._flags:
            source = re.sub(r"#!lua( flags=\S+)?", f"#!lua flags={self._flags}", source, count=1)
        if self.expires or self.overdue is not None:
            from limpyd.lua.expiring import Expiry, expiring  # noqa: PLC0415 - as above

            expiry = Expiry.of(self.expires, self.overdue, renews=self.renewal is not None)
            source = expiring(source, self.name, expiry)
        return source.encode()

    @cached_property
    def flags(self) -> frozenset[str]:
        """The flags of the script."""
        first_line = self.source.split(b"\n", 1)[0].decode()
        return frozenset(first_line.partition("flags=")[2].split(",")) - {""}

    @property
    def only_reads(self) -> bool:
        """True if it has the flag `no-writes`; its source is not needed for that."""
        return self.overdue is None and "no-writes" in (self._flags or self._text.partition("\n")[0])

    @cached_property
    def guarded(self) -> bool:
        """True if it runs only under the epochs that its last arguments name (see lua/library/guard.lua)."""
        return "guarded" in self._part.directives

    @cached_property
    def within(self) -> frozenset[str]:
        """The names of the whole scripts that are parts of it."""
        return frozenset(self._part.names("scripts"))

    @cached_property
    def requires(self) -> frozenset[str]:
        """The names that it uses of the library."""
        return frozenset(self._part.names("requires"))

    @cached_property
    def _part(self) -> LuaPart:
        return LuaPart(self.name, self._text)

    @cached_property
    def _text(self) -> str:
        return script_text(self.name)

    @cached_property
    def sha(self) -> bytes:
        """The digest by which a server knows it."""
        return sha1(self.source, usedforsecurity=False).hexdigest().encode()
