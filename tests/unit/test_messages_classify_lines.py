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
        '{"id": 1, "text": "Hi Zyxandra, see you tomorrow."}',
        '{"id": 2, "text": "Hi Zyxandra, see you tomorrow.", "names": ["Zyxandra"]}',
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
        ('{"id": 1, "text": "x", "subject": 5}', '"subject"'),
    ],
)
def test_a_bad_line_is_named_and_the_others_go_on(line: str, reason: str) -> None:
    out = answers('{"id": 1, "text": "Hello"}', "", "\ufeff", line, '{"id": 2, "text": "Hello"}')
    assert isinstance(out[1], BadLine)
    assert str(out[1]).startswith("line 4: ")
    assert reason in str(out[1])
    assert [json.loads(str(one))["id"] for one in (out[0], out[2])] == [1, 2]


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("subject", "Your diabetes visit", "subject"),
        ("push_title", "Time for your shot", "title"),
        ("sender", "Valley Oncology", "sender"),
        ("from", "Methadone Clinic", "sender"),
        ("preview", "Your A1c is 9.1", "preview"),
        ("link", "https://portal.example.org/hiv-results", "link"),
        ("url", "https://mammogram-booking.example.org/v", "link"),
        ("link_text", "Book your colonoscopy", "link_text"),
        ("file_name", "T2DM-care-plan.docx", "file_name"),
        ("attachment", "insulin_guide.pdf", "file_name"),
    ],
)
def test_what_else_a_recipient_sees_is_judged_and_named(field: str, value: str, part: str) -> None:
    (line,) = answers(json.dumps({"id": 1, "text": "See you on Monday at 9 AM.", field: value}))
    answer = json.loads(str(line))
    assert answer["channels"] == ["portal"]
    assert {piece["part"] for piece in answer["because"]} == {part}


def test_a_word_cut_between_subject_and_text_is_read() -> None:
    (line,) = answers(json.dumps({"id": 1, "text": "betes visit on Monday", "subject": "Your dia"}))
    assert "diagnosis" in json.loads(str(line))["disclosure"]


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "Appointment reminder", "link": "https://portal.example.org/appointments/8312"},
        {"subject": "Recordatorio de cita", "preview": "Recordatorio de cita"},
        {"subject": "Directions", "file_name": "directions.pdf", "link_text": "Open map", "sender": None},
        {"label": "diabetes"},  # not a field that anybody sees
    ],
)
def test_neutral_fields_leave_a_neutral_text_neutral(fields: dict[str, str | None]) -> None:
    (line,) = answers(json.dumps({"id": 1, "text": "See you on Monday at 9 AM."} | fields))
    assert json.loads(str(line))["disclosure"] == []
