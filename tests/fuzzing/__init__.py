"""Fuzzing: hostile patterns, records, templates and files of records.

A target (`targets.py`) is a function of bytes. It converts them to an input (`draw.py` reads
choices, from which `patterns.py`, `events.py` and `records.py` generate values; or the bytes are
the input themselves), passes it to the package, and raises if a promise is broken (`agreement.py`,
`peers.py`):

* `compile` raises only PatternError, `check` nothing, everything else only RecordError;
* every path to a verdict, including rule sets and the lines of `fp filter`, agrees with the
  evaluator, and the evaluator with the slow definition in `oracle.py`;
* diagnostics can be printed, and their positions are in the text;
* no record is lost between the lines of a file;
* no call of a target takes more than twenty seconds of CPU time.

    python -m tests.fuzzing agreement --seconds 60          the plain driver: fast, seeded
    python -m tests.fuzzing all --seconds 3600 --log counts.jsonl
    python -m tests.fuzzing agreement finding-3f2a          one input again, with its traceback
    python -m tests.fuzzing agreement --atheris -max_total_time=600
                                                      guided by coverage (pip install atheris)

`test_fuzzing.py` runs every target briefly. Findings are in `tests/cases/fuzz_findings.jsonl`, and
every test run tries them again.
"""

NAMES = ("pattern-text", "record-bytes", "agreement", "template-text", "event-lines")
"""The targets, for those who must not import the package yet."""
