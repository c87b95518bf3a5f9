"""A whole file, or standard input -> its bytes, within reason."""

from __future__ import annotations

import codecs

from filterpatterns.cli.io.streams import STDIN, reason, stdin_bytes
from filterpatterns.cli.messages import Failure, located


def read_whole(name: str, most: int, what: str, *, hint: str = "") -> bytes:
    """The bytes of a file, without a byte order mark; of standard input if that is its name.

    Args:
        name: the file's name, for messages too.
        most: how many bytes it may have.
        what: what it is read as.
        hint: what to say more if it cannot be read, from a line feed on.

    Raises:
        Failure: it cannot be read, or is larger.
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
