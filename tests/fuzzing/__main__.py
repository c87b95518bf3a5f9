"""python -m tests.fuzzing, from the repository's root."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.fuzzing import NAMES, driver


def main() -> int:
    """Runs the targets selected on the command line; exits with 1 if something was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzzing", description="Fuzzes the package."
    )
    parser.add_argument("target", choices=[*NAMES, "all"])
    parser.add_argument("files", nargs="*", type=Path, help="inputs to run again")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--slice", type=float, default=30.0, help="seconds a target's turn takes")
    parser.add_argument("--seed", type=int, default=None, help="where random numbers start")
    parser.add_argument("--log", type=Path, help="a line of JSON for each turn is added here")
    parser.add_argument("--findings", type=Path, default=Path("findings"), help="where they go")
    parser.add_argument("--atheris", action="store_true", help="guided by coverage; its options")
    arguments, more = parser.parse_known_args()
    if arguments.atheris:
        return _guided(arguments.target, more)
    if more:
        parser.error(f"unknown: {' '.join(more)}")
    from tests.fuzzing.targets import TARGETS

    if arguments.files:
        for path in arguments.files:
            TARGETS[arguments.target](path.read_bytes())
        return 0
    return _plain(arguments)


def _plain(arguments: argparse.Namespace) -> int:
    from tests.fuzzing.targets import TARGETS, corpus

    names = list(TARGETS) if arguments.target == "all" else [arguments.target]
    first = arguments.seed if arguments.seed is not None else time.time_ns() % 2**32
    end = time.monotonic() + arguments.seconds
    found = False
    for turn, name in enumerate(itertools.cycle(names)):
        left = end - time.monotonic()
        if left <= 0:
            return int(found)
        length = min(left, arguments.slice)
        tally = driver.run(TARGETS[name], corpus(name), seed=first + turn, seconds=length)
        line = json.dumps({"target": name, "seed": first + turn, **asdict(tally)})
        print(line, flush=True)
        if arguments.log is not None:
            with arguments.log.open("a", encoding="utf-8") as log:
                log.write(line + "\n")
        if tally.findings:
            found = True
            driver.write_findings(tally, arguments.findings, name)
    return int(found)


def _guided(name: str, options: list[str]) -> int:
    import atheris

    with atheris.instrument_imports(include=["filterpatterns"]):  # before anything imports them
        from tests.fuzzing.targets import TARGETS, corpus

    target = TARGETS[name]

    def once(data: bytes) -> None:
        target(data)

    folder = Path("corpus") / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(corpus(name)):
        (folder / f"start-{number}").write_bytes(data)
    atheris.Setup([sys.argv[0], str(folder), "-timeout=20", *options], once)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
