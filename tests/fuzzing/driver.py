"""A plain driver for the targets: seeded, counted, and with a bound on the time of each input.

It knows nothing of coverage; atheris does. It runs where atheris does not, and many times as fast.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

Target = Callable[[bytes], int]

_SIZES = (16, 64, 200, 400, 1000, 4000)
_CORPUS_SIZE = 4000


class TooSlow(BaseException):
    """An input took too long. Not an Exception, so that nothing catches it on the way."""


@dataclass
class Tally:
    """What ran: inputs tried, calls of the target, seconds, the slowest call, what was found.

    Inputs are in hexadecimal; findings by the kind of error and the lines that it came through.
    """

    inputs: int = 0
    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_input: str = ""
    findings: dict[str, str] = field(default_factory=dict)


def inputs(seed: int, corpus: list[bytes]) -> Iterator[bytes]:
    """Endless inputs: random bytes, and mutations of earlier inputs and of the corpus."""
    source = random.Random(seed)
    pool = list(corpus)
    while True:
        if source.random() < 0.6 or not pool:
            data = source.randbytes(source.choice(_SIZES))
        else:
            data = _changed(source, source.choice(pool), pool)
        if len(pool) < _CORPUS_SIZE:
            pool.append(data)
        elif source.random() < 0.05:
            pool[len(corpus) + source.randrange(_CORPUS_SIZE - len(corpus))] = data
        yield data


def _changed(source: random.Random, data: bytes, pool: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(1 + source.randrange(4)):
        at = source.randrange(len(changed) + 1)
        how = source.randrange(5)
        if how == 0:
            changed[at:at] = source.randbytes(1 + source.randrange(4))
        elif how == 1:
            del changed[at : at + 1 + source.randrange(8)]
        elif how == 2 and at < len(changed):
            changed[at] = source.randrange(256)
        elif how == 3:
            changed[at:] = source.choice(pool)[at:]
        else:
            changed[at:at] = changed[at : at + source.randrange(32)]
    return bytes(changed[:100_000])


def run(
    target: Target,
    corpus: list[bytes],
    *,
    seed: int = 0,
    calls: int | None = None,
    seconds: float | None = None,
    limit: float = 20.0,
) -> Tally:
    """Call the target with one input after another; findings are collected by their origin.

    Args:
        target: the function.
        corpus: inputs to start from.
        seed: of the random numbers.
        calls: how many calls to make (None: no bound).
        seconds: after how many seconds to stop (None: no bound).
        limit: seconds of the processor that one call, which may try many inputs, may take.
    """
    tally = Tally()
    start = time.monotonic()
    with _alarm():
        for data in inputs(seed, corpus):
            if calls is not None and tally.calls >= calls:
                break
            if seconds is not None and time.monotonic() - start >= seconds:
                break
            before = time.process_time()
            try:
                signal.setitimer(signal.ITIMER_PROF, limit)
                tally.inputs += target(data)
            except (Exception, TooSlow) as error:  # noqa: BLE001 - whatever it is, it is a finding
                tally.findings.setdefault(_place(error), data.hex())
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            tally.calls += 1
            took = time.process_time() - before
            if took > tally.slowest:
                tally.slowest, tally.slowest_input = took, data.hex()
    tally.seconds = time.monotonic() - start
    return tally


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    previous = signal.signal(signal.SIGPROF, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, previous)


def _place(error: BaseException) -> str:
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.name not in ("run", "expect")
    ]
    return f"{type(error).__name__} at {' '.join(frames[-3:])}"


def write_findings(tally: Tally, folder: Path, name: str) -> list[Path]:
    """A file for each finding, which the command line takes again."""
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for place, data in tally.findings.items():
        digest = hashlib.sha256(bytes.fromhex(data)).hexdigest()[:12]
        path = folder / f"{name}-{digest}"
        path.write_bytes(bytes.fromhex(data))
        path.with_suffix(".json").write_text(json.dumps({"place": place}), encoding="utf-8")
        written.append(path)
    return written
