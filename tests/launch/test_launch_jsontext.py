"""Reading JSON that a stranger wrote."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launch import jsontext
from launch.jsontext import MAX_DEPTH, JsonError, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON, st.booleans())
def test_it_reads_what_the_standard_library_writes(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    try:
        encoded = text.encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8
        return
    assert parse_json(encoded) == value


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (rb'{"a\udc00": ["x\ud800y"]}', {"a\ufffd": ["x\ufffdy"]}),
        (rb'["\ud83d\ude00", 1, null]', ["\U0001f600", 1, None]),
        (rb'["\\ud800"]', ["\\ud800"]),
    ],
)
def test_half_of_a_surrogate_pair_is_replaced(text: bytes, read: Any) -> None:
    assert parse_json(text) == read


def test_keys_that_become_one_are_refused() -> None:
    with pytest.raises(JsonError, match="repeated"):
        parse_json(rb'{"\ud800": 1, "\ud801": 2}')


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\u0 ntf1eE+-.', max_size=60).map(str.encode))
def test_it_reads_or_refuses_whatever_comes(text: bytes) -> None:
    try:
        parse_json(text)
    except JsonError as error:
        assert str(error)


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"{", b"]", b"[1,]", b"{'a':1}", b"[1] x", b"nul", b"\xff", b'"\xc3"'),
        *('{"a":1}'.encode("utf-16"), b'{"a":"\n"}', b'"', b'"\\', b'["\\"]'),
        *(b"NaN", b"[Infinity]", b"[-Infinity]", b'{"a":1,"a":1}', b'[{"b":{"a":1,"\\u0061":2}}]'),
        b"1" * 5000,
    ],
)
def test_it_refuses(text: bytes) -> None:
    with pytest.raises(JsonError):
        parse_json(text)


PIECES = st.sampled_from(
    [
        '{"a":',
        '{"a" :',
        '"a":1',
        ',"a":',
        ',"b":',
        '"\\":"',
        '"a\\":1"',
        "[",
        "]",
        "}",
        ",",
        "1",
        " ",
        '"',
        '" :"',
        "1e400",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.just('{"a" :1,"a":"\\":"}') | st.just('{"a"\n:1,"b":1,"b":2}'))
def test_the_quick_way_says_what_the_slow_way_says(text: str) -> None:
    def read() -> Any:
        try:
            return repr(parse_json(text.encode()))
        except JsonError:
            return JsonError

    quick = read()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(jsontext, "_plain", lambda _: None)
        assert read() == quick


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('{"a": 1, "b": [{"a": 2}]}', True),
        ("[]", True),
        ("1", True),
        ('{"a":1,"a":1}', False),
        ('{"a" :1,"b":1}', False),  # it is, but that is not proved
        ('{"a":"\\":"}', False),
        ("[1e400]", False),
        ("NaN", False),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, True),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), False),
        ("[" * 100_000, False),
    ],
)
def test_what_is_plain_is_proved(text: str, plain: bool) -> None:
    assert (jsontext._plain(text.encode()) is not None) is plain


def test_a_byte_order_mark_is_allowed() -> None:
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]


def test_numbers_no_double_holds_come_as_text() -> None:
    assert parse_json(b"[1e400, -1e400, 1e-400, 1.5]") == ["1e400", "-1e400", 0.0, 1.5]
    assert parse_json(b"[" + b"9" * 401 + b"]") == [int("9" * 401)]


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_h11_nesting_has_an_end(opening: bytes, closing: bytes) -> None:
    levels = MAX_DEPTH // (opening.count(b"[") + opening.count(b"{"))
    fits = opening * levels + b"1" + closing * levels
    parse_json(fits)
    for deeper in (opening * (levels + 1) + b"1" + closing * (levels + 1), opening * 100_000, fits * 1000):
        with pytest.raises(JsonError):
            parse_json(deeper)


def test_brackets_in_strings_do_not_nest() -> None:
    text = json.dumps(["[{" * 1000 + '\\"' + "[" * 500])
    assert parse_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize("text", [b'"' + b'\\"' * 300_000, b"[" * 600_000, b'"\\' * 300_000])
def test_hostile_text_takes_no_longer_than_it_is_long(text: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(JsonError):
        parse_json(text)
    assert time.monotonic() - began < 5
