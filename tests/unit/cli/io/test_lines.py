"""Input and output lines: each ends with its line feed, and nowhere else."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard

from tests.unit.cli.test_program import PATTERN, RECORDS, command_line, fp

BIG, SMALL = (json.dumps(one).encode() for one in RECORDS[:2])
BROKEN = b"{broken"
UNENDED = b"\n".join([BIG, SMALL, BROKEN, BIG])
"""Three lines, and one that has no line feed."""

PACK = {"plain": bytes, "gz": gzip.compress, "zst": zstandard.ZstdCompressor().compress}
MATCHES, DROPS, ERRORS = (BIG + b"\n") * 2, SMALL + b"\n", BROKEN + b"\n"


@contextmanager
def pipes(folder: Path, contents: list[bytes]) -> Iterator[list[Path]]:
    """Named pipes that give so much."""
    paths = [folder / f"pipe{number}" for number in range(len(contents))]
    threads = []
    for path, content in zip(paths, contents, strict=True):
        os.mkfifo(path)
        threads.append(threading.Thread(target=path.write_bytes, args=(content,)))
        threads[-1].start()
    yield paths
    for thread in threads:
        thread.join()


def fp_process(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command_line(*arguments), input=stdin, capture_output=True, timeout=60, check=False
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("packing", PACK)
def test_a_last_line_without_line_feed_is_not_joined_with_the_next_file(
    packing: str, jobs: str, tmp_path: Path
) -> None:
    path = tmp_path / f"m.{packing}"
    path.write_bytes(PACK[packing](UNENDED))
    rejects, errors = tmp_path / "rejects", tmp_path / "errors"
    done = fp_process(
        *("filter", "-j", jobs, "--rejects", rejects, "--errors", errors, PATTERN, path, path)
    )
    assert done.stdout == MATCHES * 2
    assert rejects.read_bytes() == DROPS * 2
    assert errors.read_bytes() == ERRORS * 2


@pytest.mark.parametrize("last", [BIG, SMALL, BROKEN, b"\xff", b"[1]", b'{"Records": [{"body":'])
@pytest.mark.parametrize("packing", PACK)
def test_every_last_line_gets_a_line_feed(packing: str, last: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(PACK[packing](BIG + b"\n" + last))
    out, errors = tmp_path / "rejects", tmp_path / "errors"
    result = fp("filter", "--rejects", out, "--errors", errors, PATTERN, path, path)
    written = result.stdout_bytes + out.read_bytes() + errors.read_bytes()
    reported = last if last != b"[1]" else b"1"
    assert sorted(written.split(b"\n")) == sorted([b"", BIG, BIG, reported, reported])


def test_lines_of_pipes_get_line_feeds(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with pipes(tmp_path, [UNENDED, gzip.compress(UNENDED)]) as paths:
        done = fp_process("filter", "--errors", errors, PATTERN, *paths)
    assert done.stdout == MATCHES * 2
    assert errors.read_bytes() == ERRORS * 2


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input_before_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(UNENDED)
    done = fp_process("filter", PATTERN, name, path, stdin=UNENDED)
    assert done.stdout == MATCHES * 2
    done = fp_process("filter", "--compress", "gzip", "-v", PATTERN, path, name, stdin=UNENDED)
    assert gzip.decompress(done.stdout) == DROPS * 2


@pytest.mark.parametrize("packing", PACK)
def test_routed_lines_get_line_feeds(packing: str, tmp_path: Path) -> None:
    path, out, rest, errors = (tmp_path / name for name in ("m", "out", "rest", "errors"))
    path.write_bytes(PACK[packing](UNENDED + b"\n" + BROKEN))
    rules = json.dumps({"large": json.loads(PATTERN)})
    written = ("--split", out, "--rest", rest, "--errors", errors)
    fp("route", rules, path, path, *written)
    assert (out / "large.jsonl").read_bytes() == MATCHES * 2
    assert rest.read_bytes() == DROPS * 2
    assert errors.read_bytes() == ERRORS * 4


def test_an_incomplete_line_of_a_truncated_file_is_an_error(tmp_path: Path) -> None:
    path, errors = tmp_path / "m.gz", tmp_path / "errors"
    data = gzip.compress(BIG + b"\n" + b'{"x": "' + os.urandom(4000).hex().encode())
    path.write_bytes(data[:-1000])
    for command in (("filter", PATTERN), ("route", json.dumps({"large": json.loads(PATTERN)}))):
        assert fp(*command, "--errors", errors, path).exit_code == 2
        invalid = errors.read_bytes()
        assert invalid.startswith(b'{"x": "')
        assert invalid.count(b"\n") == 1
        assert invalid.endswith(b"\n")


SPACED = [
    b'{"body":\r"x","n":1}\n',
    b'{\r"body":"x"\r}\n',
    b'\r {"body":"x"} \t\r\r\n',
    b'{"body":"x"}\r\n',
    b'{"body":"x"}\t\n',
    b'{"body": "x", "n": "\xc2\x85\xe2\x80\xa8\xe2\x80\xa9"}\n',
]
"""Records, each in a line of its own, whatever else looks like the end of one."""

KEEPS_X = '{"body": ["x"]}'


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"body":"x","n":1}\n' * 9_000 + b'{"body":\r"x","n":1}\n' * 9_000)
    wanted = path.read_bytes()
    assert fp("filter", KEEPS_X, path).stdout_bytes == wanted
    for most in (1, 8_999, 9_000, 9_001, 14_000, 18_000):
        result = fp("filter", "-m", str(most), KEEPS_X, path)
        assert result.stdout_bytes == b"\n".join(wanted.split(b"\n")[:most]) + b"\n"


@pytest.mark.parametrize("line", SPACED)
def test_a_line_has_the_same_verdict_anywhere_in_a_file(line: bytes, tmp_path: Path) -> None:
    path, out = tmp_path / "events.jsonl", tmp_path / "out"
    plain = b'{"body":"x"}\n'
    for data in (line, line * 3, plain + line, line + plain, plain * 100 + line + b"5\n" + line):
        path.write_bytes(data)
        wanted = data.replace(b"5\n", b"")
        assert fp("filter", KEEPS_X, path).stdout_bytes == wanted
        assert fp("filter", "--source", "auto", KEEPS_X, path).stdout_bytes == wanted
        assert fp("filter", "-v", '{"body": ["y"]}', path).stdout_bytes == wanted
        (out / "x.jsonl").unlink(missing_ok=True)
        fp("route", f'{{"x": {KEEPS_X}}}', path, "--split", out)
        assert (out / "x.jsonl").read_bytes() == wanted


def test_a_byte_order_mark_belongs_to_no_record(tmp_path: Path) -> None:
    path, errors = tmp_path / "events.jsonl", tmp_path / "errors"
    marked = b'\xef\xbb\xbf{"body":"x"}\r\n'
    path.write_bytes(marked + marked + b"\xef\xbb\xbf5\n" + marked)
    result = fp("filter", "--errors", errors, KEEPS_X, path)
    assert result.stdout_bytes == b'{"body":"x"}\r\n' * 3
    assert errors.read_bytes() == b"\xef\xbb\xbf5\n", "what is no record is kept as it is"


def test_a_line_that_is_too_long_is_kept_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, errors = tmp_path / "events.jsonl", tmp_path / "errors"
    monkeypatch.setattr("filterpatterns.delivery.sizes.LONGEST_LINE", 100_000)
    long = b'{"body": "' + b"x" * 1_000_000 + b'"}'
    for data in (BIG + b"\n" + long, long, long + b"\n" + BIG):
        path.write_bytes(data)
        for command in (("filter", PATTERN), ("route", json.dumps({"r": json.loads(PATTERN)}))):
            fp(*command, "--errors", errors, path, path)
            assert errors.read_bytes() == (long + b"\n") * 2


def test_route_writes_numbers_as_they_were(tmp_path: Path) -> None:
    """Also of a record that had no line for itself."""
    numbers = b'{"body": "x", "n": [1e400, 1.10, 123456789012345678901234567890.5], "n": 1}'
    fp("route", f'{{"x": {KEEPS_X}}}', "-", "--split", tmp_path, stdin=b"[" + numbers + b"]")
    assert (tmp_path / "x.jsonl").read_bytes() == numbers + b"\n"


FOREIGN = {
    "bzip2 data": bz2.compress(UNENDED),
    "xz data": lzma.compress(UNENDED),
    "a zip file": b"PK\x03\x04" + UNENDED,
    "UTF-16 text": UNENDED.decode().encode("utf-16"),
    "UTF-16 text: ": UNENDED.decode().encode("utf-16-le"),
    "UTF-16 text: save": ("\n " + UNENDED.decode()).encode("utf-16-be"),
    "UTF-32 text": UNENDED.decode().encode("utf-32"),
    "UTF-32 text: ": UNENDED.decode().encode("utf-32-be"),
    "a 7-Zip archive": b"7z\xbc\xaf\x27\x1c\0\4" + b"\xff\n" * 100,
    "a tar archive": b"a" + bytes(256) + b"ustar  \0" + bytes(247) + UNENDED,
    "lz4 data": b"\x04\x22\x4d\x18" + b"\xff\n" * 100,
    "a Parquet file": b"PAR1\x15\x04\x15",
    "a binary file": b"\x7fELF\x02\x00\xff\n" * 100,
    "a binary file, ": b"\x00\xff" * 100_000,
    "a binary file, not": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00\x01\xdb\n" * 100_000,
    "a binary file, not J": b"\xff\x01\n" * 100,
    "a binary file, not JSON": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\x00\n" * 100,
}


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("what", FOREIGN)
def test_a_file_that_is_not_text_is_described_in_one_line(
    what: str, packing: str, tmp_path: Path
) -> None:
    path, errors = tmp_path / "m", tmp_path / "errors"
    path.write_bytes(PACK[packing](FOREIGN[what]))
    rules = json.dumps({"large": json.loads(PATTERN)})
    for command in (
        ("filter", "--errors", errors, PATTERN, path),
        ("filter", "-j", "2", PATTERN, path),
        ("test", "-q", PATTERN, path),
        ("route", rules, path, "--summary"),
    ):
        result = fp(*command)
        (message,) = [line for line in result.stderr.split("\n") if str(path) in line]
        assert message.startswith(f"{path}: error: {what.strip()}")
        assert result.exit_code == 2
    assert errors.read_bytes() == b""


def test_broken_lines_before_a_record_do_not_make_a_file_binary(tmp_path: Path) -> None:
    path = tmp_path / "m"
    for broken in (b"log\n\x00\xff", b"\xff\n\x00\n", b"\x89\n\x00 \n "):
        path.write_bytes(broken + b"\n" + BIG + b"\n")
        result = fp("filter", PATTERN, path)
        assert result.stdout_bytes == BIG + b"\n"
        assert f"{path}:1:" in result.stderr
        assert f"{path}:2:" in result.stderr


def test_text_may_begin_like_a_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "m"
    for data in (b"B", b"BZ", b"P\n", b"\x28", b"\x1f"):
        path.write_bytes(data)
        assert f"{path}:1:1: error: " in fp("filter", PATTERN, path).stderr


def test_a_limit_on_records_stops_reading(tmp_path: Path) -> None:
    path, errors = tmp_path / "m", tmp_path / "errors"
    path.write_bytes(UNENDED + b"\n" + b"more\n" * 5 + BIG)
    for most, invalid in ((1, b""), (2, ERRORS), (3, ERRORS + b"more\n" * 5)):
        result = fp("filter", "-m", str(most), "--errors", errors, PATTERN, path)
        assert result.stdout_bytes == (BIG + b"\n") * most
        assert errors.read_bytes() == invalid
        assert result.stderr.count("error: ") == invalid.count(b"\n")
        assert result.exit_code == (2 if invalid else 0)


@pytest.mark.parametrize("first", [0x50, 0x5F])
def test_frames_that_zstd_skips(first: int, tmp_path: Path) -> None:
    packed = PACK["zst"](BIG + b"\n")
    skipped = bytes((first, 0x2A, 0x4D, 0x18, 3, 0, 0, 0)) + b"any"
    path = tmp_path / "m"
    path.write_bytes(skipped + packed + skipped + packed)
    assert fp("filter", PATTERN, path).stdout_bytes == MATCHES
