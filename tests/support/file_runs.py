"""Runs nasty files through every input and output of `fp filter`, and compares them with the
oracle.

`python -m tests.support.file_runs --files 500` is long and thorough.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import zstandard

from filterpatterns.cli.io import lines, scan, streams
from filterpatterns.delivery import sizes
from tests.support.file_oracle import PATTERN, Expected, expected
from tests.support.nasty_files import nasty_file
from tests.unit.cli.test_program import fp

Difference = tuple[str, str, bytes, bytes]
"""A way of running, what differs, and the actual and expected values."""


class Run:
    """A file and the differences found."""

    def __init__(self, folder: Path, data: bytes, seed: int) -> None:
        self.differences: list[Difference] = []
        self._folder = folder
        self._data = data
        self._expected = expected(data)
        self._rng = random.Random(seed)
        self._path = folder / "events"
        self._path.write_bytes(data)

    def ways(self) -> dict[str, Callable[[str], None]]:
        """What is checked, by name."""
        gz, zst = self._folder / "events.gz", self._folder / "events.zst"
        gz.write_bytes(gzip.compress(self._data, 1))
        zst.write_bytes(zstandard.ZstdCompressor().compress(self._data))
        return {
            "plain": lambda way: self._all(way, [self._path]),
            "gz": lambda way: self._all(way, [gz, gz]),
            "zst": lambda way: self._all(way, [zst, self._path]),
            "stdin": lambda way: self._all(way, ["-", gz], stdin=self._data),
            "FIFO": self._fifo,
            "-j1": lambda way: self._all(way, [self._path, gz], "-j", "1"),
            "-j3": lambda way: self._all(way, [self._path, zst, self._path], "-j", "3"),
            "-m": self._most,
            "-v": lambda way: self._all(way, [self._path, self._path], invert=True),
            "--rejects": lambda way: self._outputs(way, "--rejects"),
            "--errors": lambda way: self._outputs(way, "--errors"),
        }

    def _all(
        self,
        way: str,
        files: list[Path | str],
        *options: str,
        stdin: bytes = b"",
        invert: bool = False,
        most: int | None = None,
    ) -> None:
        """All output, and all counts."""
        rejects, errors = self._folder / "rejects", self._folder / "errors"
        given = [*options, "--source", "event", "--stats", "--errors", errors]
        given += ["-v"] if invert else []
        given += ["--rejects", rejects] if most is None else ["-m", str(most)]
        result = fp("filter", *given, PATTERN, *files, stdin=stdin)
        times = len(files)
        whole = Expected(self._expected.records * times, self._expected.invalid_lines * times)
        invalid_lines = whole.invalid_lines
        if most is None:
            self._same(way, "output", result.stdout_bytes, whole.output(invert=invert))
            self._same(way, "rejects", rejects.read_bytes(), whole.output(invert=not invert))
        else:
            found = self._expected.lost_before(most, invert=invert)
            invalid_lines = [(0, line) for line in found]
            if not _is_json_lines(self._data):
                # How far it has read depends on the documents' sizes.
                count = errors.read_bytes().count(b"\n")
                invalid_lines = self._expected.invalid_lines[:count]
            self._same(way, "output", result.stdout_bytes, whole.output(invert=invert, most=most))
        self._same(way, "errors", errors.read_bytes(), b"".join(line for _, line in invalid_lines))
        reported = result.stderr.encode().rstrip(b"\n").split(b"\n")[-1]
        selected = result.stdout_bytes.count(b"\n")
        summary = whole.summary
        if most is not None and most <= selected:
            summary = f"stopped after {selected:,} record{'' if selected == 1 else 's'}"
        if not reported.startswith(b"fp: hint"):
            self._same(way, "summary", reported, summary.encode())
        status = 2 if invalid_lines else 0 if selected else 1
        self._same(way, "status", b"%d" % result.exit_code, b"%d" % status)
        if way not in ("plain", "-v"):
            return
        counts = ["-c", "-v"] if invert else ["-c"]
        count = fp("filter", *counts, "--source", "event", PATTERN, self._path)
        wanted = self._expected.output(invert=invert).count(b"\n")
        self._same(way, "count", count.stdout_bytes, b"%d\n" % wanted)

    def _fifo(self, way: str) -> None:
        pipe = self._folder / "pipe"
        os.mkfifo(pipe)
        thread = threading.Thread(target=pipe.write_bytes, args=(self._data,))
        thread.start()
        self._all(way, [pipe, self._path])
        thread.join()
        pipe.unlink()

    def _most(self, way: str) -> None:
        invert = self._rng.random() < 0.3
        selected = self._expected.output(invert=invert).count(b"\n")
        for most in sorted({1, max(1, selected // 2), max(1, selected), selected + 1}):
            self._all(way, [self._path], most=most, invert=invert)

    def _outputs(self, way: str, option: str) -> None:
        """A single compressed output."""
        for suffix, unpack in ((".gz", gzip.decompress), (".zst", _unzstd)):
            out = self._folder / f"out{suffix}"
            fp("filter", "--source", "event", option, out, PATTERN, self._path, self._path)
            invalid_lines = b"".join(line for _, line in self._expected.invalid_lines)
            wanted = self._expected.output(invert=True) if option == "--rejects" else invalid_lines
            self._same(way, option + suffix, unpack(out.read_bytes()), wanted * 2)

    def _same(self, way: str, what: str, found: bytes, wanted: bytes) -> None:
        if found != wanted:
            self.differences.append((way, what, found, wanted))


def _unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


@contextmanager
def _cut_small(seed: int, data: bytes) -> Iterator[None]:
    """Read in small parts, divide small files, and hold little of what is all good."""
    rng = random.Random(seed)
    before = streams._BUFFER_SIZE, scan._SECTION, sizes.HELD_WHOLE, streams._LAST_LINES, lines._LONG
    streams._BUFFER_SIZE = rng.choice([50, 1000, 20_000, before[0]])
    streams._LAST_LINES = rng.choice([10, 300, before[3]])
    scan._SECTION = rng.choice([10, 200, 5_000])
    if data.lstrip(b"\xef\xbb\xbf \r\n")[:1] in b"[{" and not _is_json_lines(data):
        sizes.HELD_WHOLE = rng.choice([1, 50, 1000, before[2]])
    lines._LONG = rng.choice([1, 1000, before[4]])
    try:
        yield
    finally:
        streams._BUFFER_SIZE, scan._SECTION, sizes.HELD_WHOLE, *_ = before
        *_, streams._LAST_LINES, lines._LONG = before


def _is_json_lines(data: bytes) -> bool:
    first = next((line for line in data.split(b"\n") if line.strip()), b"")
    return first.strip() not in (b"[", b"{", b"\xef\xbb\xbf[", b"\xef\xbb\xbf{")


def check(seed: int, tally: Counter[str]) -> list[Difference]:
    """Check one file in every way, and count it."""
    data = nasty_file(seed)
    with tempfile.TemporaryDirectory() as folder, _cut_small(seed, data):
        run = Run(Path(folder), data, seed)
        for way, try_it in run.ways().items():
            try_it(way)
            tally[way] += 1
    return run.differences


def main() -> int:
    """Check a number of files, and report differences."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally: Counter[str] = Counter()
    differences = 0
    started = time.process_time()
    for seed in range(options.seed, options.seed + options.files):
        for way, what, found, wanted in check(seed, tally):
            differences += 1
            print(f"seed {seed}, {way}: {what} differs\n  {found[:300]!r}\n  {wanted[:300]!r}")
    ways = ", ".join(f"{way} {count}" for way, count in tally.items())
    print(f"{options.files} files ({ways}): {differences} differences", end="")
    print(f", {time.process_time() - started:.0f} s")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
