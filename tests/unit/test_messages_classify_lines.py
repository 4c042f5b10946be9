"""The NDJSON interface of the policy: one answer a line, and each bad line named."""

from __future__ import annotations

import json

import pytest

from smartapp.messages.classify_lines import BadLine, classify_lines


def answers(*lines: str) -> list[str | BadLine]:
    return list(classify_lines(lines))


def test_one_line_in_one_line_out() -> None:
    (line,) = answers('{"id": "a", "text": "Your labs are normal, zzz."}\n')
    assert isinstance(line, str)
    answer = json.loads(line)
    assert list(answer) == ["id", "disclosure", "channels", "because"]
    assert answer["id"] == "a"
    assert answer["disclosure"] == ["result"]
    assert answer["channels"] == ["portal"]
    assert answer["because"][0] == {
        "start": 5, "end": 9, "text": "labs", "disclosure": "result", "concept": "laboratory test",
    }  # fmt: skip


def test_language_and_names_are_heard() -> None:
    lines = answers(
        '{"id": 1, "text": "Hi Xiomara, see you tomorrow."}',
        '{"id": 2, "text": "Hi Xiomara, see you tomorrow.", "names": ["Xiomara"]}',
        '{"id": 3, "text": "See you tomorrow.", "language": "fr"}',
        '{"id": 4, "text": "See you tomorrow.", "language": null, "names": null}',
    )
    channels = [json.loads(str(line))["channels"] for line in lines]
    everything = ["portal", "sms", "email", "voice", "letter"]
    assert channels == [["portal"], everything, ["portal"], everything]
    assert "concept" not in json.loads(str(lines[0]))["because"][0]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ('{"text": "x"}', '"id" is missing'),
        ('{"id": true, "text": "x"}', '"id" is missing'),
        ('{"id": 1}', '"text" is missing'),
        ('{"id": 1, "text": 5}', '"text" is missing'),
        ('{"id": 1, "text": "x", "language": 5}', '"language"'),
        ('{"id": 1, "text": "x", "names": "Ana"}', '"names"'),
        ('{"id": 1, "text": "x", "names": [5]}', '"names"'),
    ],
)
def test_a_bad_line_is_named_and_the_others_go_on(line: str, reason: str) -> None:
    out = answers('{"id": 1, "text": "Hello"}', "", "\ufeff", line, '{"id": 2, "text": "Hello"}')
    assert isinstance(out[1], BadLine)
    assert str(out[1]).startswith("line 4: ")
    assert reason in str(out[1])
    assert [json.loads(str(one))["id"] for one in (out[0], out[2])] == [1, 2]
