"""Where in a pattern the cursor is, also in half of one."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterpatterns.integrations.lsp.places import Cursor, cursor_at, word_at, words


def cursor(text: str) -> Cursor | None:
    offset = text.index("|")
    return cursor_at(text.replace("|", "", 1), offset)


@pytest.mark.parametrize(
    ("text", "kind", "path", "operator", "expects_name"),
    [
        ("{|", "fields", (), "", True),
        ('{"bo|', "fields", (), "", True),
        ('{"body": {|}}', "fields", ("body",), "", True),
        ('{"body": |}', "fields", ("body",), "", False),
        ('{"body": {"a": [|', "rules", ("body", "a"), "", False),
        ('{"body": {"a": ["x", |]}}', "rules", ("body", "a"), "", False),
        ('{"body": {"a": [{"|', "rule", ("body", "a"), "", True),
        ('{"a": [{"numeric": [|', "operand", ("a",), "numeric", False),
        ('{"a": [{"exists": |', "rule", ("a",), "exists", False),
        ('{"a": [{"anything-but": {"|', "operand", ("a",), "anything-but", True),
        ('{"$or": [|', "alternatives", (), "", False),
        ('{"a": {"$or": [{"|"}]}}', "fields", ("a",), "", True),
        ('{"a": [1], |}', "fields", (), "", True),
        ('{"a": ["half\n|', "rules", ("a",), "", None),
    ],
)
def test_the_expected_kind_at_the_cursor(
    text: str, kind: str, path: tuple[str, ...], operator: str, expects_name: bool | None
) -> None:
    found = cursor(text)
    if expects_name is None:  # after a value that is not closed nothing is due
        assert found is None
        return
    assert found is not None
    assert (found.kind, found.path, found.operator) == (kind, path, operator)
    assert found.expects_name == expects_name


@pytest.mark.parametrize("text", ["|", '{"a" |', '{"a": [1] |', "{} |", '{"a": [1]|', "x|y"])
def test_places_where_nothing_is_allowed(text: str) -> None:
    assert cursor(text) is None


@pytest.mark.parametrize("content", ["a" * 100_000, "\\n" * 50_000, '\\"' * 50_000])
@pytest.mark.parametrize("end", ['"]}', ""])
def test_a_long_string_takes_little_memory(content: str, end: str) -> None:
    """`re` would keep 130 bytes for each of its characters."""
    text = f'{{"a": ["{content}{end}'
    tracemalloc.start()
    try:
        *_, word = words(text)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(text)
    finally:
        tracemalloc.stop()
    assert (word.start, word.end) == (7, 8 + len(content) + bool(end))


def test_a_word_that_has_been_begun_is_replaced() -> None:
    found = cursor('{"bo|dy": [1]}')
    assert found is not None
    assert (found.start, found.end, found.typed) == (1, 7, '"bo')


def test_words_and_their_roles() -> None:
    text = '{"a": {"b\\u0063": [{"prefix": "x"}, 5]}, "$or": [{"d": [true]}]}'
    found = [(one.text, one.role, one.path, one.operator) for one in words(text)]
    assert found == [
        ("a", "field", ("a",), ""),
        ("bc", "field", ("a", "bc"), ""),
        ("prefix", "operator", ("a", "bc"), ""),
        ("x", "value", ("a", "bc"), "prefix"),
        ("5", "value", ("a", "bc"), ""),
        ("$or", "or", (), ""),
        ("d", "field", ("d",), ""),
        ("true", "value", ("d",), ""),
    ]
    word = word_at(text, text.index("prefix"))
    assert word is not None
    assert word.text == "prefix"
    assert word_at(text, 0) is None


@given(text=st.text(st.sampled_from('{}[]:,"\\ a$or\n1'), max_size=30), data=st.data())
def test_any_text_can_be_scanned(text: str, data: st.DataObject) -> None:
    cursor_at(text, data.draw(st.integers(0, len(text))))
    list(words(text))


@pytest.mark.parametrize("text", ['{"a":' * 100_000, "[" * 500_000, '"' * 500_001, "\\" * 500_000])
def test_deep_and_long_texts_are_not_scanned(text: str) -> None:
    assert cursor_at(text, len(text)) is None
    assert len(list(words(text))) <= 250_001
