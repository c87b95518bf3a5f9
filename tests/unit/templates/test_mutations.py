"""Damaged templates: `fp check` ends and reports them.

`python tests/test_template_mutations.py 3000` tries that many, and prints the seeds of those that
fail; a seed makes its template again.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import traceback
from pathlib import Path

from click.testing import CliRunner, Result

from filterpatterns.cli.program import main
from tests.support.seeds import each_seed

TEMPLATES = Path(__file__).parent
SUFFIXES = (".yaml", ".yml", ".json", ".tf", ".template")
SOURCES = sorted(
    path
    for path in TEMPLATES.rglob("*")
    if path.suffix in SUFFIXES and not path.name.endswith("expected.json")
)
TOKENS = (
    *("{", "}", "[", "]", '"', "'", ":", ",", "\\", "\n", "\n  ", "\t", "\0", "\r\n", "#", "- "),
    *(
        "${",
        "${!",
        "$${",
        "%{",
        "${x}",
        "${self:custom.a}",
        "${file(x.yml)}",
        "${a${b}}",
        "<<EOT\n",
    ),
    *(
        "!Sub ",
        "!Ref ",
        "!If ",
        "!Join ",
        "!GetAtt ",
        "&a ",
        "*a",
        "<<: ",
        "| ",
        ">-",
        "? ",
        "--- ",
    ),
    *("null", "true", "1e999", "-0", "0x1F", "1:30", ".inf", "é", "\U0001f600", "\ufeff"),
    *('{"Fn::Sub": "${A}"}', '{"Ref": "AWS::NoValue"}', '{"Fn::If": ["C", 1, 2]}', "jsonencode("),
    *("merge(", "concat(", "var.x", "local.a", 'file("x")', "for_each = ", 'dynamic "filter" {'),
    *(
        '{"Fn::FindInMap": [1]}',
        '{"Fn::Select": [9, []]}',
        '{"Fn::Split": ["", ""]}',
        "fn::toJSON: ",
    ),
)


WORDS = (
    *("Fn::If", "Fn::Sub", "Fn::Join", "Fn::GetAtt", "Ref", "Fn::FindInMap", "Fn::ToJsonString"),
    *(
        "Filters",
        "Pattern",
        "FilterCriteria",
        "EventPattern",
        "body",
        "data",
        "dynamodb",
        "numeric",
    ),
    *("filter_criteria", "filter", "pattern", "event_pattern", "filter_patterns", "jsonencode"),
    *(
        "merge",
        "local",
        "var",
        "each",
        "value",
        "content",
        "for_each",
        "Default",
        "Type",
        "5",
        "-1e999",
    ),
    *(
        "null",
        "true",
        "properties",
        "functions",
        "events",
        "sqs",
        "resources",
        "AWS::NoValue",
        "$or",
    ),
)


def mutated(seed: int) -> tuple[str, str]:
    """A template's name and what became of it."""
    draw = random.Random(seed)
    source = draw.choice(SOURCES)
    text = source.read_bytes().decode()
    for _ in range(draw.randint(1, 5)):
        # Most changes leave it well-formed: what is read is to be evaluated, too.
        text = (_reworded if draw.random() < 0.85 else _damaged)(text, draw)
    suffix = source.suffix if draw.random() < 0.95 else draw.choice(SUFFIXES)
    return f"template{suffix}", text


def _reworded(text: str, draw: random.Random) -> str:
    """A text in which words, strings or lines are others, or in other places."""
    kind = draw.randrange(4)
    if kind == 3:
        lines = text.split("\n")
        first, second = draw.randrange(len(lines)), draw.randrange(len(lines))
        if draw.random() < 0.5:
            lines[first] = lines[second]
        elif draw.random() < 0.5:
            del lines[first]
        else:
            lines[first], lines[second] = lines[second], lines[first]
        return "\n".join(lines)
    expression = r"[A-Za-z][\w:-]*|[0-9]+" if kind < 2 else r'"[^"\\\n]*"|\$\{[^{}]*\}|!\w+'
    places = [match.span() for match in re.finditer(expression, text)]
    if not places:
        return text
    start, end = draw.choice(places)
    first, last = draw.choice(places)
    word = draw.choice(WORDS) if kind == 0 else text[first:last]
    return text[:start] + word + text[end:]


def _damaged(text: str, draw: random.Random) -> str:
    """A text of which some is missing, or is there several times, or is something else."""
    start = draw.randrange(len(text) + 1)
    end = min(len(text), start + draw.choice((0, 0, 1, 1, 3, 20, 200)))
    kind = draw.randrange(4)
    middle = ""
    if kind == 1:
        middle = text[start:end] * draw.choice((2, 3, 50))
    elif kind == 2:
        middle = draw.choice(TOKENS) * draw.choice((1, 1, 2, 300))
    elif kind == 3:
        other = draw.choice(SOURCES).read_bytes().decode()
        middle = other[: draw.randrange(len(other) + 1)]
    return text[:start] + middle + text[end:]


def check(seed: int, folder: Path) -> Result:
    name, text = mutated(seed)
    path = folder / name
    path.write_bytes(text.encode(errors="surrogatepass"))
    options = ("--search",) if seed % 3 == 0 else ("--set", "Tenant=x", "--set", "A=[1,{}]")
    return CliRunner().invoke(main, ["check", "--isolated", *options, str(path)])


@each_seed(60, thorough=600)
def test_no_damage_to_a_template_crashes_the_check(seed: int, tmp_path: Path) -> None:
    result = check(seed, tmp_path)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code in (0, 1, 2)
    assert "Traceback" not in result.output


def _run(count: int) -> int:
    failed = 0
    for seed in range(count):
        with tempfile.TemporaryDirectory() as folder:
            result = check(seed, Path(folder))
        crashed = result.exception is not None and not isinstance(result.exception, SystemExit)
        if crashed or result.exit_code not in (0, 1, 2) or "Traceback" in result.output:
            failed += 1
            print(f"seed {seed}: exit status {result.exit_code}")
            if result.exc_info is not None:
                traceback.print_exception(*result.exc_info)
    print(f"{count} templates, {failed} failed")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(_run(int(sys.argv[1])))
