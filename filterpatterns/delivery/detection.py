"""What a file contains, detected from its first bytes."""

from __future__ import annotations

import codecs
import re
from typing import Final

_PACKED: Final = {
    b"BZh": "bzip2 data: unpack it first, with bzip2 -dc",
    b"\xfd7zXZ\x00": "xz data: unpack it first, with xz -dc",
    b"PK\x03\x04": "a zip file: unpack it first, with unzip -p",
    b"PAR1": "a Parquet file, not JSON",
    b"Obj\x01": "an Avro file, not JSON",
    b"SQLite format 3\x00": "an SQLite database, not JSON",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive: unpack it first, with 7z x",
    b"\x04\x22\x4d\x18": "lz4 data: unpack it first, with lz4 -dc",
    b"\x1f\x8b": "gzip data in compressed data: unpack it first, with gzip -dc",
    b"\x28\xb5\x2f\xfd": "zstd data in compressed data: unpack it first, with zstd -dc",
}
_TAR_MAGIC = 257  # where it is
_BINARY = "a binary file, not JSON"
_UTF16 = "UTF-16 text: save it as UTF-8"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)

_CHAR = rb"[\t\n\r -~]"
_UTF16_STARTS = re.compile(rb"(?:%b\0){2}|(?:\0%b){2}|[{[]\0|\0[{[]" % (_CHAR, _CHAR))
_UTF32_STARTS = re.compile(rb"(?:%b\0{3}){2}|(?:\0{3}%b){2}" % (_CHAR, _CHAR))
"""First characters without a mark before them, as in RFC 4627, section 3."""

_SAMPLE_SIZE = 1024
_JSON_LINE = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|\n)[ \t\r\n]*[{\[]")
"""A line that may be a record: broken lines around it do not make a file binary."""

_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
"""What text in no encoding has."""

_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\[")
_EVENT = re.compile(
    rb'(?:\xef\xbb\xbf)?[ \t\r\n]*\{[ \t\r\n]*"Records"[ \t\r\n]*:[ \t\r\n]*\[(?=[ \t\r\n]*\{)'
)


def unreadable(head: bytes) -> str | None:
    """Return what a file with these first bytes is, if it cannot be UTF-8 text; None if it can."""
    for magic, words in _PACKED.items():
        if head.startswith(magic):
            return words
    if head.startswith(b"ustar", _TAR_MAGIC):
        return "a tar archive: unpack it first, with tar -xO"
    if head.startswith(_UTF32_MARKS) or _UTF32_STARTS.match(head):
        return "UTF-32 text: save it as UTF-8"
    if head.startswith(_UTF16_MARKS) or _UTF16_STARTS.match(head):
        return _UTF16
    line, end, _ = head.partition(b"\n")
    if b"\0" in line and not _is_utf8(line, final=bool(end)):
        return _BINARY
    sample = head[:_SAMPLE_SIZE]
    has_control = _JSON_LINE.search(sample) is None and _CONTROL.search(sample)
    return _BINARY if has_control and not _is_utf8(sample, final=False) else None


def _is_utf8(data: bytes, *, final: bool) -> bool:
    """Whether the data is UTF-8; unless final, its last character may be truncated."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=final)
    except UnicodeDecodeError:
        return False
    return True


def may_be_packed(head: bytes) -> bool:
    """Whether more bytes could show that a file is compressed or of another format."""
    return any(len(head) < len(magic) and magic.startswith(head) for magic in _PACKED)


def array_start(text: bytes) -> tuple[int, bool] | None:
    """Return where the first element of an array begins, and whether the array belongs to an
    event (a first member `Records` with an object in it); None for any other text."""
    if (found := _ARRAY.match(text)) is not None:
        return found.end(), False
    if (found := _EVENT.match(text)) is not None:
        return found.end(), True
    return None
