"""The command line: what each command does, and that bad input is one line on stderr and exit code 2."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import responses

from smartapp import cli
from smartapp.commands import context
from smartapp.commands.context import read_the_lexicon_soon as soon
from smartapp.commands.serve import Server, binds_for
from smartapp.groups.catalogue import GROUPS

BASE = "https://ehr.invalid/fhir"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with a database of its own: exit code, standard output, standard error."""
    monkeypatch.setenv("SMARTAPP_PUBLIC_URL", "http://localhost:8000")
    monkeypatch.setenv("SMARTAPP_SECRET_KEY", "3f9c1b7e5d2a8406c4e0b6f19d7a5238e1c4f70b9a6d3e52")
    monkeypatch.setenv("SMARTAPP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SMARTAPP_MEASURES", "CMS125,CMS122")
    monkeypatch.setenv("SMARTAPP_LOG_LEVEL", "error")

    def call(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    return call


def _bad(result: tuple[int, str, str], *words: str) -> None:
    code, out, err = result
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert all(word in err for word in words), err


def add(run: Run, *more: str) -> tuple[int, str, str]:
    return run("ehr", "add", "main", "--fhir-base", BASE, "--client-id", "us", *more)


def test_help_lists_every_command(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(name in out for name in cli.COMMANDS)


def test_a_command_that_does_not_exist_is_one_line(run: Run) -> None:
    _bad(run("nonsense"), "nonsense")


def test_missing_settings_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMARTAPP_SECRET_KEY")
    _bad(run("ehr", "list"), "SMARTAPP_SECRET_KEY")


def test_scopes_can_be_seen_before_anything_is_set_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _, before, _ = run("scopes")
    monkeypatch.delenv("SMARTAPP_PUBLIC_URL")
    monkeypatch.delenv("SMARTAPP_SECRET_KEY")
    code, out, err = run("scopes")
    assert (code, out) == (0, before)
    assert "SMARTAPP_PUBLIC_URL is not set" in err


def test_a_measure_that_does_not_exist_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTAPP_MEASURES", "CMS999")
    _bad(run("scopes"), "CMS999")


def test_scopes_follow_from_the_enabled_measures(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTAPP_GROUPS", next(iter(GROUPS)))
    code, out, _ = run("scopes", "--json")
    scopes = {line["scope"]: line["needed_by"] for line in map(json.loads, out.splitlines())}
    assert code == 0
    assert "patient/Patient.r" in scopes
    assert any("Observation" in scope and "imaging" in scope and "CMS125" in names for scope, names in scopes.items())
    assert not any("Immunization" in scope for scope in scopes)
    _, v1, _ = run("scopes", "--syntax", "v1", "--view", "population")
    assert "user/Observation.read" in v1
    assert "user/Group.read" in v1


def test_registering_an_ehr_prints_the_sheet_for_its_administrator(run: Run) -> None:
    code, out, _ = add(
        run, "--frame-ancestor", "https://ehr.invalid", "--role-code", "https://x.invalid/c|1=coordinator"
    )
    assert code == 0
    assert "http://localhost:8000/launch" in out
    assert "CMS125" in out
    assert "Scopes for the population view:" in out and "user/Group.rs" in out
    assert "backend" not in out and "http://localhost:8000/callback\n" in out
    _, out, _ = add(run, "--replace", "--backend-client-id", "worker", "--own-callback", "--scope-syntax", "v1")
    assert "Scopes for the backend service:" in out and "system/Communication.*" in out
    assert "http://localhost:8000/callback/main\n" in out
    code, out, _ = run("ehr", "list")
    assert BASE in out
    code, out, _ = run("ehr", "remove", "main")
    assert code == 0
    assert run("ehr", "list")[1] == ""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--auth", "secret"), ("secret",)),
        (("--frame-ancestor", "https://ehr.invalid/path"), ("frame ancestor",)),
        (("--endpoint", "token"), ("--endpoint", "NAME=VALUE")),
        (("--role-code", "nothing"), ("--role-code", "NAME=VALUE")),
        (("--preset", "nowhere"), ("nowhere",)),
    ],
)
def test_a_registration_that_cannot_be_right_is_refused(
    run: Run, more: tuple[str, ...], words: tuple[str, ...]
) -> None:
    _bad(add(run, *more), *words)


def test_an_ehr_needs_a_base_and_a_name_that_is_known(run: Run) -> None:
    _bad(run("ehr", "add", "main"), "--fhir-base")
    _bad(run("ehr", "remove", "main"), "main")
    _bad(run("ehr", "check", "main"), "ehr add")


def test_a_secret_that_is_not_there_yet_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ("--auth", "secret", "--secret-env", "EHR_SECRET")
    code, _, err = add(run, *secret)
    assert code == 0 and "EHR_SECRET" in err
    monkeypatch.setenv("EHR_SECRET", "there")
    assert add(run, *secret, "--replace")[2] == ""


def test_a_preset_says_that_nobody_tried_it(run: Run) -> None:
    code, out, _ = run("ehr", "add", "shi", "--preset", "smart-health-it", "--client-id", "us")
    assert code == 0
    assert "Not tried" in out


def metadata(*types: str) -> dict:
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"resource": [{"type": one, "interaction": [{"code": "create"}]} for one in types]}],
    }


@responses.activate
def test_checking_an_ehr_tells_measure_by_measure(run: Run) -> None:
    add(run)
    responses.get(f"{BASE}/metadata", json=metadata("Observation", "Condition", "Communication"))
    responses.get(f"{BASE}/.well-known/smart-configuration", json={"jwks_uri": f"{BASE}/jwks"})
    code, out, _ = run("ehr", "check", "main")
    assert code == 1
    assert "Portal delivery: Communication create" in out
    assert "CMS125: cannot be told without" in out
    assert "--own-callback" in out
    add(run, "--replace", "--own-callback")
    assert "--own-callback" not in run("ehr", "check", "main")[1]


@responses.activate
def test_checking_an_ehr_that_does_not_answer_says_so(run: Run) -> None:
    add(run)
    responses.get(f"{BASE}/metadata", status=200, body="<html>")
    responses.get(f"{BASE}/.well-known/smart-configuration", status=500)
    code, out, _ = run("ehr", "check", BASE)
    assert code == 1
    assert "CapabilityStatement:" in out


def test_the_audit_trail_verifies(run: Run) -> None:
    add(run)
    code, out, _ = run("audit", "verify")
    assert code == 0
    assert "intact" in out


def test_the_audit_trail_is_exported_and_says_so(run: Run) -> None:
    add(run)
    code, out, _ = run("audit", "export")
    assert code == 0
    events = [json.loads(line) for line in out.splitlines()]
    assert [one["subtype"][0]["code"] for one in events] == ["ehr.register", "audit.export"]
    assert {one["source"]["observer"]["display"] for one in events} == {"localhost:8000"}
    assert len(run("audit", "export", "--tenant", "nobody")[1].splitlines()) == 1
    assert run("audit", "export", "--since", "2999-01-01")[1] == ""
    _bad(run("audit", "export", "--since", "yesterday"), "--since")


def test_a_changed_audit_entry_is_found(run: Run, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    add(run)
    with closing(sqlite3.connect(tmp_path / "data" / "smartapp.db")) as database:
        database.execute("UPDATE audit_entry SET outcome = 'refused' WHERE seq = 1")
        database.commit()
    code, _, err = run("audit", "verify")
    assert code == 1
    assert "entry 1" in err


def test_keys_rotate_and_everything_stays_readable(run: Run) -> None:
    add(run)
    code, out, _ = run("keys", "rotate")
    assert code == 0
    assert "generation 2" in out
    assert BASE in run("ehr", "list")[1]
    assert "published now" in run("keys", "rotate", "--signing")[1]


@pytest.mark.parametrize("more", [("--port", "70000"), ("--workers", "0"), ("--threads", "0")])
def test_serving_with_numbers_that_cannot_be_is_refused(run: Run, more: tuple[str, str]) -> None:
    _bad(run("serve", *more), more[0])


@pytest.mark.parametrize(
    ("host", "bind"), [("::1", "[::1]:8000"), ("[::]", "[::]:8000"), ("10.0.0.7", "10.0.0.7:8000")]
)
def test_an_address_to_listen_on_may_be_of_either_kind(host: str, bind: str) -> None:
    assert binds_for("http://localhost", host, None) == [bind]


def test_a_population_of_nobody_is_counted(run: Run) -> None:
    code, out, _ = run("population", "compute")
    assert code == 0
    assert "0 of 0 patients" in out and "members 0, cannot-tell 0" in out


def test_the_first_message_does_not_wait_for_the_lexicon(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr("smartapp.messages.policy.lexicon.lexicon", lambda: read.append("lexicon"))
    begun: list[threading.Timer] = []
    monkeypatch.setattr(context, "read_the_lexicon_soon", lambda: begun.append(soon(0)))
    monkeypatch.setattr("smartapp.messages.worker.run_until_signalled", lambda _: begun[0].join())
    monkeypatch.setattr("smartapp.commands.serve._spare_the_collector", lambda: None)  # of the tests' own process
    assert run("worker")[0] == 0
    assert read == ["lexicon"]
    assert Server([], 1, 1).load()
    begun[1].join()
    assert read == ["lexicon", "lexicon"]
    assert run("worker", "--once")[0] == 0
    assert len(begun) == 2


def test_refreshing_from_what_cannot_be_read_leaves_everybody_in(run: Run, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_text("{")
    _bad(run("population", "refresh", str(tmp_path / "no-such")), "no-such")
    code, out, err = run("population", "refresh", str(bad))
    assert (code, out) == (2, "")
    assert "bad.json" in err and "[population.nothing]" in err
    good.write_text(json.dumps({"resourceType": "Patient", "id": "p", "birthDate": "1960-01-01", "gender": "female"}))
    assert run("population", "refresh", str(good), str(bad))[0] == 0  # what is wrong with the other was said before
    _bad(run("population", "refresh", str(tmp_path / "no-such")), "no-such")
    assert "1 of 1 patients" in run("population", "compute")[1]


def test_the_database_is_brought_up_to_date(run: Run) -> None:
    code, out, _ = run("db", "upgrade")
    assert code == 0
    assert "revision" in out


def test_settings_are_listed(run: Run) -> None:
    assert "SMARTAPP_PUBLIC_URL" in run("settings")[1]
    assert run("settings")[1].startswith(run("settings", "list")[1])
    assert run("settings")[1].endswith(run("settings", "rules")[1])


def test_the_practice_chooses_its_immunization_schedule(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTAPP_MEASURES", "FLU-CHILD")  # there is one only by the CDC's schedule of 2026
    _bad(run("scopes"), "FLU-CHILD")
    assert "* cdc-2025" in run("settings", "schedule")[1]
    _bad(run("settings", "schedule", "cdc-1999"), "cdc-1999", "cdc-2026")
    code, out, _ = run("settings", "schedule", "cdc-2026")
    assert code == 0
    assert "chosen: cdc-2026" in out
    assert "* cdc-2026" in run("settings", "schedule")[1]
    code, out, _ = run("scopes")
    assert code == 0
    assert "FLU-CHILD" in out


def test_the_practice_chooses_its_cadences(run: Run) -> None:
    assert "visit: every 3 months (as the app comes)" in run("settings", "cadence")[1]
    _bad(run("settings", "cadence", "HF"), "2 months")
    _bad(run("settings", "cadence", "HF", "visit", "often"), "often")
    _bad(run("settings", "cadence", "GOUT", "visit", "2 months"), "GOUT")
    assert run("settings", "cadence", "HF", "visit", "2 months")[0] == 0
    assert "visit: every 2 months (the practice's)" in run("settings", "cadence")[1]
    assert run("settings", "cadence", "HF", "visit", "default")[0] == 0
    assert "the practice's" not in run("settings", "cadence")[1]


def test_texts_are_classified_line_by_line(run: Run) -> None:
    lines = '{"id":"a","text":"Your diabetes visit is due."}\nnot json\n{"id":"b","text":"Please call us."}\n'
    code, out, err = run("messages", "classify", stdin=lines)
    first, second = map(json.loads, out.splitlines())
    assert code == 1
    assert (first["disclosure"], first["channels"]) == (["diagnosis"], ["portal"])
    assert "sms" in second["channels"]
    assert "line 2" in err
    assert run("messages", "classify", stdin="not json\n")[0] == 2


def value_set(url: str, *codes: str) -> str:
    contains = [{"system": "http://snomed.info/sct", "code": code} for code in codes]
    return json.dumps({"resourceType": "ValueSet", "url": url, "name": "One", "expansion": {"contains": contains}})


def test_official_value_sets_replace_the_shipped_ones(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "official"
    folder.mkdir()
    url = "http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113883.3.464.1003.108.12.1018"  # Mammography
    (folder / "one.json").write_text(value_set(url, "71651007"))
    code, out, _ = run("valuesets", "import", str(folder), "--dry-run")
    assert code == 0
    assert not (tmp_path / "data" / "value-sets").exists()
    code, out, _ = run("valuesets", "import", str(folder))
    assert code == 0
    assert "CMS125" in out
    assert len(list((tmp_path / "data" / "value-sets").glob("*.json"))) == 1
    assert "no enabled measure" in run("valuesets", "import", str(folder))[1]


def test_a_folder_without_value_sets_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    code, _, err = run("valuesets", "import", str(tmp_path))
    assert code == 2
    assert "x.json" in err
    _bad(run("valuesets", "import", str(tmp_path / "nowhere")), "nowhere")


def test_serving_refuses_a_port_that_is_taken(run: Run) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        _bad(run("serve", "--port", str(taken.getsockname()[1])), "listens on")


def test_a_worker_with_nothing_to_do_stops(run: Run) -> None:
    code, out, _ = run("worker", "--once")
    assert (code, out) == (0, "0 messages handled\n")
