"""Distributes units of work to processes, and returns their outcomes in order.

Each process gets every n-th unit and its own pipe, so nothing is shared and no process requests
work. A process keeps the outcome of a unit until its turn has come; it may work ahead by one unit,
whatever the size of the files.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO, Final, Generic, NamedTuple, Protocol, TypeVar

from filterpatterns.cli import interrupts
from filterpatterns.cli.io.scan import file_slices
from filterpatterns.cli.io.slices import FileSlice, SliceResult
from filterpatterns.cli.messages import Failure, unexpected

_WORTHWHILE = 1 << 24
"""The minimum number of bytes for each process: starting a process takes as long as matching some
of them."""


_BUFFER_SIZE = 1 << 16

_PIPE_SIZE = 1 << 20
"""Bytes that a pipe should hold, as many as Linux allows: large outcomes pass with fewer waits, and
a process can go on while that of another is written."""

_INCOMPLETE: Final = "the output is incomplete\n  hint: if memory is short, try --jobs 1"

_MOST_HELD = 1 << 24
"""Bytes of outcome that a process may hold: row groups may be large."""


class PartialResult(Protocol):
    """A part of the outcome of a unit."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""


P = TypeVar("P", bound=PartialResult)
P_co = TypeVar("P_co", bound=PartialResult, covariant=True)


class Runner(Protocol[P_co]):
    """Does the work."""

    def run(self, unit: FileSlice, emit: Callable[[P_co], None], /) -> SliceResult:
        """Do a unit's work, and call `emit` with its pieces."""


def plan(files: tuple[str, ...], jobs: int | None) -> tuple[list[tuple[FileSlice, int]], int]:
    """Return the units of work in files, with their sizes, and the number of processes to start.

    Args:
        files: their names; `-` is standard input.
        jobs: how many processes are wanted; None for as many as are useful.
    """
    found = list(file_slices(files, divide=jobs != 1))
    jobs = min(jobs or useful([size for _, size in found]), len(found))
    return (found if jobs != 1 else list(file_slices(files, divide=False))), jobs


def useful(sizes: Sequence[int]) -> int:
    """How many processes are worth starting for units of these sizes, at most one for each core."""
    if os.name == "nt":  # pipes are not files there
        return 1
    return max(1, min(_cores(), len(sizes), sum(sizes) // _WORTHWHILE))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    units: Sequence[FileSlice],
    new_runner: Callable[[], Runner[P]],
    jobs: int,
    emit: Callable[[P], None],
) -> Iterator[SliceResult]:
    """Do the work of units in so many processes; pieces and ends come in the order of the units.

    Args:
        units: what to read.
        new_runner: returns what does the work, in each process; may be pickled.
        jobs: the number of processes.
        emit: called with the pieces.

    Raises:
        Failure: a process died. The output is incomplete.
    """
    # A forked process has the compiled filter already. That is only safe on Linux.
    forks = sys.platform == "linux"
    new_pipe, new_process = (_large_pipe, _Fork) if forks else _spawning()
    pipes = [new_pipe() for _ in range(jobs)]
    files = [os.fdopen(os.dup(reader.fileno()), "rb", _BUFFER_SIZE) for reader, _ in pipes]
    for reader, _ in pipes:
        reader.close()  # otherwise a process would never notice that its reader is gone
    processes = [
        new_process(
            _work,
            (
                units[index::jobs],
                new_runner,
                writer,
                # Inherited ends: otherwise no process would notice that another is gone.
                [*files, *(other for _, other in pipes[index + 1 :])] if forks else [],
            ),
        )
        for index, (_, writer) in enumerate(pipes)
    ]
    try:
        for process, (_, writer) in zip(processes, pipes, strict=True):
            process.start()
            writer.close()  # so that the end of a dead process is noticed
        for index in range(len(units)):
            yield _outcome(files[index % jobs], processes[index % jobs], emit)
    finally:
        for file in files:
            file.close()
        for process in processes:
            if process.pid is not None:
                process.kill()  # it has nothing to clean up, and may not have started yet
        for process in processes:
            if process.pid is not None:
                process.join()


def _large_pipe() -> tuple[BinaryIO, BinaryIO]:
    """The end of a pipe to read from, and the one to write to."""
    import fcntl  # Windows has none

    reader, writer = os.pipe()
    with contextlib.suppress(OSError):  # there is a limit for all pipes of a user
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    return os.fdopen(reader, "rb", 0), os.fdopen(writer, "wb", 0)


class _Fork:
    """A process that begins as a copy of this one: what `multiprocessing` does as well, which takes
    7 ms to import."""

    def __init__(self, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self.pid: int | None = None
        self.exitcode: int | None = None
        self._function, self._arguments = function, arguments

    def start(self) -> None:
        """Call the function in a new process, which ends after it."""
        self.pid = os.fork()
        if self.pid:
            return
        status = 1
        try:
            self._function(*self._arguments)
            status = 0
        except KeyboardInterrupt:
            pass  # before `_work` ignores it; the parent ends
        except BaseException:  # noqa: BLE001, S110 - or it would go on with what its parent does
            pass  # the parent reports that it ended
        finally:
            os._exit(status)  # what this process has buffered, its parent writes

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self.pid is not None and self.exitcode is None:
            os.kill(self.pid, signal.SIGKILL)

    def join(self) -> None:
        """Wait until it has ended."""
        if self.pid is not None and self.exitcode is None:
            with contextlib.suppress(ChildProcessError):  # ended children are ignored
                _, status = os.waitpid(self.pid, 0)
                self.exitcode = os.waitstatus_to_exitcode(status)


def _spawning() -> tuple[Callable[[], Any], Callable[..., Any]]:
    """What makes a pipe, and a process, that begins anew."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")

    def new_process(function: Callable[..., None], arguments: tuple[Any, ...]) -> Any:
        return context.Process(target=function, args=arguments, daemon=True)

    return partial(context.Pipe, duplex=False), new_process


def _outcome(file: BinaryIO, process: Any, emit: Callable[[P], None]) -> SliceResult:
    import pickle  # mostly one process does the work

    while True:
        interrupts.check()
        try:
            message = pickle.load(file)  # noqa: S301 - from our own process
        except (EOFError, pickle.UnpicklingError):
            process.join()
            raise Failure(
                f"fp: error: a worker process {_how(process.exitcode)}: {_INCOMPLETE}"
            ) from None
        if isinstance(message, SliceResult):
            return message
        if isinstance(message, _Broken):
            raise Failure(f"fp: error: {message.words}: {_INCOMPLETE}")
        emit(message)


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _work(
    units: Sequence[FileSlice],
    new_runner: Callable[[], Runner[P]],
    writer: Any,
    others: Sequence[Any],
) -> None:
    """The work of a process. The parent handles Ctrl-C and ends the others."""
    import pickle

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:
        other.close()
    # multiprocessing's own connections copy large messages three times.
    file = os.fdopen(os.dup(writer.fileno()), "wb", _BUFFER_SIZE)

    def send(message: P | SliceResult | _Broken) -> None:
        pickle.dump(message, file, protocol=5)
        file.flush()

    with contextlib.suppress(BrokenPipeError), file:
        try:
            runner = new_runner()
            for unit in units:
                held: _Held[P] = _Held(send)
                end = runner.run(unit, send if unit.end is None else held.take)
                held.flush()
                send(end)
        except BrokenPipeError:
            raise
        except MemoryError:
            send(_Broken("out of memory in a worker process"))
        except Exception as error:  # noqa: BLE001 - the parent reports it
            send(_Broken(unexpected(error).partition("\n")[0]))


class _Broken(NamedTuple):
    """A process gives up: why."""

    words: str


class _Held(Generic[P]):
    """Keeps pieces until their unit's turn has come, unless there are too many."""

    def __init__(self, send: Callable[[P], None]) -> None:
        self._send = send
        self._pieces: list[P] = []
        self._size = 0

    def take(self, piece: P) -> None:
        self._pieces.append(piece)
        self._size += piece.size
        if self._size > _MOST_HELD:
            self.flush()

    def flush(self) -> None:
        for piece in self._pieces:
            self._send(piece)
        self._pieces.clear()
        self._size = 0
