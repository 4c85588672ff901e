"""The folders of embedded servers, and short names for the sockets in them."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import uuid
from pathlib import Path
from typing import Any

from limpyd.embedded.supervisor import LONGEST_SOCKET_PATH, SOCKET
from limpyd.exceptions import DeclarationError, shorten


def named_folder(path: Any) -> Path:
    """The folder of a path, absolute, with `~` expanded.

    Raises:
        DeclarationError: it is no path, or empty, or begins with the home directory of nobody.
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        msg = f"embedded() takes the path of a folder, not {shorten(path)}"
        raise DeclarationError(msg) from None
    if not text:
        msg = "the path of an embedded database is empty; leave it out, or pass the path of a folder"
        raise DeclarationError(msg)
    if "\0" in text:
        msg = (
            "the path of an embedded database contains a NUL character, which the name of a folder cannot "
            f"contain: {shorten(text)}"
        )
        raise DeclarationError(msg)
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        msg = f"no home directory is known for {shorten(text)}; write the path out, or ./~ for a folder of that name"
        raise DeclarationError(msg) from None


def temporary_folder() -> Path:
    """The name of a folder that nobody has."""
    return Path(tempfile.gettempdir()).absolute() / f"limpyd-{uuid.uuid4().hex}"


def make_folder(folder: Path) -> None:
    """Makes a folder that only its user may enter, unless it is there.

    Raises:
        OSError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not folder.is_dir():
            msg = "it is a file, not a folder" if folder.exists() else "it is a link to a folder that does not exist"
            raise NotADirectoryError(msg) from None
    else:
        folder.chmod(0o700)  # whatever the umask


def socket_path(folder: Path) -> str:
    """The path of the socket in a folder: by way of a short link if the folder's own path is too long for a socket."""
    path = folder / SOCKET
    if _fits(path):
        return str(path)
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    private = next(
        (each for each in map(_private_folder, (tempfile.gettempdir(), "/tmp")) if _fits(each / name / SOCKET)),  # noqa: S108 - a folder of its own is made in it
        None,
    )
    if private is None:
        msg = f"{folder} is too long for a socket, and so is the path of temporary files; pass a shorter one"
        raise DeclarationError(msg)
    link = private / name
    if not link.is_symlink() or link.readlink() != folder:
        made = private / uuid.uuid4().hex
        made.symlink_to(folder)
        made.replace(link)
    return str(link / SOCKET)


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def _private_folder(parent: str) -> Path:
    """A folder for links, which nobody else can write to."""
    private = Path(parent) / f"limpyd-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        msg = (
            f"{private} must be a folder that belongs to this user and that no other user can write to; remove it, "
            "or pass a shorter path for the embedded database"
        )
        raise DeclarationError(msg)
    return private
