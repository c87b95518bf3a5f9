"""Reads whole files, or standard input, up to a limit."""

from __future__ import annotations

import codecs

from filterpatterns.cli.io.streams import STDIN, reason, stdin_bytes
from filterpatterns.cli.messages import Failure, located


def read_whole(name: str, most: int, what: str, *, hint: str = "") -> bytes:
    """Return the bytes of a file, or of standard input (`-`), without a byte order mark.

    Args:
        name: the file's name, for messages too.
        most: the maximum size in bytes.
        what: what the file is read as, for messages.
        hint: added to the message if it cannot be read; begins with a line feed.

    Raises:
        Failure: it cannot be read, or is too large.
    """
    try:
        if name == STDIN:
            data = stdin_bytes().read(most + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise Failure(located(name, f"error: {reason(error)}") + hint) from None
    if len(data) > most:
        raise Failure(located(name, f"error: too large for {what}"))
    return data.removeprefix(codecs.BOM_UTF8)
