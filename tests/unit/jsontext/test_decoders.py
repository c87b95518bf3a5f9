from __future__ import annotations

import subprocess
import sys

_RACE = """
import sys, threading, msgspec
from filterpatterns.jsontext.decoders import make_decoder

sys.setswitchinterval(1e-6)
for _ in range(300):
    kind = msgspec.defstruct("Inner", [("f0", int)])
    for number in range(5):
        kind = msgspec.defstruct("Outer", [("f0", kind), ("f1", kind)])
    text, found, start = b'{"f0": {"f0": {}}}', [], threading.Barrier(3)

    def decode():
        start.wait()
        try:
            make_decoder(kind).decode(text)
        except msgspec.ValidationError:
            found.append(True)

    threads = [threading.Thread(target=decode) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
"""


def test_threads_can_create_decoders_for_the_same_types() -> None:
    """With msgspec alone the process crashes."""
    done = subprocess.run(
        [sys.executable, "-c", _RACE], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
