"""Fuzzing: hostile patterns, records, templates and files of records.

A target (`targets.py`) is a function of bytes. It makes an input of them (`draw.py` reads choices,
`patterns.py`, `events.py` and `records.py` make something of these; or the bytes are the input as
they stand), hands it to the package, and raises if something that must hold does not
(`agreement.py`, `peers.py`):

* nothing but PatternError leaves `compile`, nothing `check`, nothing but RecordError the rest;
* every path to a verdict agrees with the interpreter, rule sets and the lines of `fp filter` among
  them; and the interpreter with the slow definition in `oracle.py`;
* diagnostics can be printed, and their places are in the text;
* no record is lost between the lines of a file;
* no call of a target takes more than twenty seconds of the processor.

    python -m tests.fuzzing agreement --seconds 60          the plain driver: fast, seeded
    python -m tests.fuzzing all --seconds 3600 --log counts.jsonl
    python -m tests.fuzzing agreement finding-3f2a          one input again, with its traceback
    python -m tests.fuzzing agreement --atheris -max_total_time=600
                                                      guided by coverage (pip install atheris)

`test_fuzzing.py` runs every target for a moment. What was found stands in
`tests/cases/fuzz_findings.jsonl`, and every run of the tests tries it again.
"""

NAMES = ("pattern-text", "record-bytes", "agreement", "template-text", "event-lines")
"""The targets, for those who must not import the package yet."""
