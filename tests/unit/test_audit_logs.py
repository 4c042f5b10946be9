"""Logs: one line a record, and nothing in it that came from a patient, a token or a request."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from smartapp.audit.logs import Safe, configure_logging
from smartapp.errors import InputError

TOKEN = "eyJhbGciOiJSUzM4NCJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJlMTIz"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("debug", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_arguments_are_hidden_unless_they_are_known_to_be_safe(stream: io.StringIO) -> None:
    logger = logging.getLogger("smartapp.reading")
    logger.info("read %d resources of %s in %.1f s (%s)", 12, "Ada Lovelace", 0.25, Safe("reading.cut"))
    logger.info("%(who)s 100%% %(n)d", {"who": "Ada", "n": 3})
    assert [line["event"] for line in lines(stream)] == ["read 12 resources of … in 0.25 s (reading.cut)", "… 100% 3"]


def test_a_line_break_in_a_name_is_not_a_line_break_in_the_log(stream: io.StringIO) -> None:
    logging.getLogger("smartapp.web").info("hello Ada\r\nInjected: yes")
    logging.getLogger("smartapp.web").info("hello %s", "Ada\r\nInjected: yes")
    assert len(stream.getvalue().splitlines()) == 2
    assert "Injected" not in lines(stream)[1]["event"]  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TOKEN}",
        "GET /callback?code=Zx81pQ0vWq3TnL6yRb2K&state=0123456789abcdef0123456789abcdef",
        "reading Patient/ada-1815",
        f"cookie __Host-launch={TOKEN}",
    ],
)
def test_what_looks_like_a_token_or_a_patient_is_struck_out(stream: io.StringIO, text: str) -> None:
    logging.getLogger("launch.tokens").warning(text)
    event = str(lines(stream)[0]["event"])
    for secret in (TOKEN, "Zx81pQ0vWq3TnL6yRb2K", "0123456789abcdef", "ada-1815"):
        assert secret not in event


def test_a_library_says_nothing_of_its_own_making(stream: io.StringIO) -> None:
    logging.getLogger("some.library").error(f"failed for {TOKEN} of Ada")
    logging.getLogger("urllib3.connectionpool").warning("Retrying %r", "http://ehr.invalid/Patient?name=Ada")
    logging.getLogger("authlib.oauth2").debug("code_verifier %s", "secret")
    shown = stream.getvalue()
    assert "Ada" not in shown
    assert len(lines(stream)) == 2
    assert str(lines(stream)[0]["event"]).startswith("… (test_audit_logs.py:")


def test_of_an_error_the_kind_and_the_place_are_shown_but_not_its_text(stream: io.StringIO) -> None:
    try:
        try:
            raise ValueError("Ada Lovelace has E11.9")
        except ValueError as cause:
            raise InputError("input.bad", "the name Ada is wrong") from cause
    except InputError:
        logging.getLogger("smartapp.web").exception("request failed")
    assert "Ada" not in stream.getvalue()
    error = lines(stream)[0]["error"]
    assert isinstance(error, dict)
    assert error["type"] == "InputError"
    assert error["code"] == "input.bad"
    assert error["cause"]["type"] == "ValueError"
    assert "test_audit_logs.py" in error["where"][0]
