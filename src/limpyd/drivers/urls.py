"""Settings of a database from a URL. No message, nor an error behind it, quotes the URL: it may hold a password."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import redis.connection

from limpyd.exceptions import DeclarationError
from limpyd.utils.suggestions import did_you_mean

SCHEMES = {
    "redis": "redis",
    "rediss": "rediss",
    "unix": "unix",
    "valkey": "redis",
    "valkeys": "rediss",
    "valkey+unix": "unix",
}
IN_PASSWORDS = "in a user or a password / # ? @ % [ ] are written %2F %23 %3F %40 %25 %5B %5D"
REASONS = {
    "Port could not be cast": f"its port is not a number; {IN_PASSWORDS}",
    "Port out of range": f"its port is not between 0 and 65535; {IN_PASSWORDS}",
}
"""The beginnings of errors of urllib and redis-py, and the messages for them."""


def settings_from_url(url: str, known: Collection[str] | None = None) -> dict[str, Any]:
    """The settings that a URL stands for: redis://, rediss:// or unix://, or the same with valkey.

    Args:
        url: the URL.
        known: the names of settings that it may give.

    Raises:
        DeclarationError: it is no such URL.
    """
    settings, reason = _parsed(url)
    unknown = [] if known is None else sorted(settings.keys() - known - {"connection_class", "path"})
    if unknown:
        meant = did_you_mean(unknown[0], known or ())
        reason = f"it has a setting that redis-py does not know{meant}; {IN_PASSWORDS}"
    if reason:  # raised here, and not where an error that quotes the URL is being handled
        msg = f"this URL cannot be used: {reason}"
        raise DeclarationError(msg)
    if settings.pop("connection_class", None) is redis.SSLConnection:
        settings["ssl"] = True
    if "path" in settings:
        settings["unix_socket_path"] = settings.pop("path")
    return settings


def _parsed(url: str) -> tuple[dict[str, Any], str]:
    """The settings as redis-py names them; or the reason why there are none."""
    if not isinstance(url, str):
        return {}, f"a URL is a str, not a {type(url).__name__}"
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        return {}, "a URL begins with redis://, rediss:// or unix://, and this one does not"
    try:
        return dict(redis.connection.parse_url(f"{SCHEMES[scheme]}://{rest}")), ""  # type: ignore[no-untyped-call]
    except (ValueError, TypeError) as error:
        text = str(error)
    known = next((reason for start, reason in REASONS.items() if text.startswith(start)), "")
    setting = re.match(r"Invalid value for '(\w+)' in connection URL", text)
    if setting and setting[1] in redis.connection.URL_QUERY_ARGUMENT_PARSERS:
        return {}, f"the value of {setting[1]} has the wrong type"
    return {}, known or f"its host, or the text before the host, is malformed; {IN_PASSWORDS}"


def check_host(settings: Mapping[str, Any]) -> None:
    """Refuses an address that is a URL, or has a part of one that may be a password.

    Raises:
        DeclarationError: it is.
    """
    for name in ("host", "unix_socket_path"):
        address = settings.get(name)
        if isinstance(address, str) and ("://" in address or (name == "host" and "@" in address)):
            msg = f"{name}= takes only an address, not a URL or a part of one; pass a URL to from_url"
            raise DeclarationError(msg)
