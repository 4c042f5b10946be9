"""Security cases K01, K06, L05, L06, P01, P02 and P07: the app under gunicorn, its disk, its log, many at once."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.hostile_ehr import Reply
from support.raw_http import exchange
from support.running_app import Browser, handle_of
from support.served_app import ServedApp, served_app
from support.smart_ehr import SmartEhr, serving
from support.smart_patients import PHI, condition, patient

NOTE = "prefers Thursdays, afraid of needles"
WORDS = (*PHI, NOTE, "Quixwick, faked")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with served_app(tmp_path_factory.mktemp("served"), measures="CMS122,CMS130", fetch_deadline="5") as app:
        yield app


@pytest.fixture(scope="module")
def used(served: ServedApp) -> Iterator[tuple[SmartEhr, Browser]]:
    """An EHR and a browser after a whole working day: read, decided, written, refreshed, refused and broken."""
    ehr = SmartEhr(served.clock, "clinic")
    ehr.resources = [condition()]
    ehr.tokens["expires_in"] = 65  # so that the second read renews it
    with serving(ehr):
        served.register(ehr, backend_client_id="worker")
        visitor = Browser(served.url)
        chart = visitor.open(ehr)
        assert chart.patient == "p1"
        visitor.submit(chart.form_to("CMS122/dismiss"), remark="deferred", until=_in_a_year(), note=NOTE)
        message = visitor.follow(visitor.submit(chart.form_to("CMS130/draft")))
        visitor.submit(message.form_to("/edit"), subject="Your visit", body=f"Dear Zebulon, {NOTE}")
        message = visitor.get(message.response.url)
        visitor.submit(message.form_to("/approve"))
        _deliver(served, ehr)
        time.sleep(6)  # the token's last minute begins
        visitor.read(visitor.submit(chart.form_to("/read")))
        _break(ehr, visitor)
        yield ehr, visitor
        visitor.close()


def _in_a_year() -> str:
    return f"{time.gmtime().tm_year + 1}-01-15"


def _deliver(served: ServedApp, ehr: SmartEhr) -> None:
    """The worker, a process of its own, sends what was approved; what it says goes into the log."""
    creates = {"type": "Communication", "interaction": [{"code": "create"}]}
    ehr.on("metadata", Reply({"resourceType": "CapabilityStatement", "rest": [{"resource": [creates]}]}))
    ehr.on("Communication", Reply({"resourceType": "Communication", "id": "m1"}, 201))
    done = served.command("worker", "--once")
    with (served.folder / "log").open("a") as log:
        log.write(done.stderr)
    assert done.returncode == 0 and done.stdout == "1 messages handled\n", done.stderr
    assert any(one.method == "POST" and b"Zebulon" in one.body for one in ehr.of("Communication"))


def _break(ehr: SmartEhr, visitor: Browser) -> None:
    """Everything that may end up in a log: failing servers that repeat what they know, bad requests, odd names."""
    usual = ehr.patients["p1"]
    ehr.patients["p1"] = patient("p1", "Zebulon", 'Quixwick, faked"\r\n{"at": "x", "level": "error"}')
    visitor.open(ehr)
    for reply in (Reply(b"Zebulon Quixwick " + ehr.secrets[-1].encode(), 500), Reply(b'{"a": Zebulon'), Reply([])):
        ehr.on("Patient", reply)
        visitor.open(ehr)
        ehr.on("token", reply)
        visitor.sign_in(ehr)
        ehr.on("token", ehr.usual)
        ehr.on("Patient", ehr.usual)
    params = visitor.authorize(ehr, visitor.begin(ehr))
    ehr.patients["p1"] = usual
    for path in (f"/callback?code={params['code']}&state=x", "/l/Zebulon-Quixwick/chart", "/Zebulon?patient=Quixwick"):
        visitor.get(path, **{"User-Agent": "Zebulon Quixwick", "Referer": "https://ehr.invalid/Patient/Quixwick"})
    visitor.get("/callback?error=Zebulon%0d%0aQuixwick&state=" + params["state"])


def hidden_forms(text: str) -> list[bytes]:
    """Raw, as base64 in each of its three alignments, as hex, as UTF-16."""
    raw = text.encode()
    found = [raw, raw.hex().encode(), raw.hex().upper().encode(), text.encode("utf-16-le")]
    for shift in range(3):
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            coded = alphabet(b"\x00" * shift + raw)
            whole = len(coded) // 4 * 4
            found.append(coded[(0, 2, 3)[shift] : whole].rstrip(b"=")[:-1])
    return found


def test_k01_nothing_is_left_on_the_disk_in_clear(served: ServedApp, used: tuple[SmartEhr, Browser]) -> None:
    ehr, _ = used
    files = [path for path in served.folder.rglob("*") if path.is_file() and path.name != "log"]
    assert any(path.name.endswith("-wal") and path.stat().st_size > 0 for path in files)
    content = {path: path.read_bytes() for path in files}
    assert sum(map(len, content.values())) > 100_000
    secrets = [secret for secret in ehr.secrets if not secret.startswith("LT-")]
    assert len(secrets) > 6
    for text in (*secrets, *(word for word in WORDS if len(word) > 6), "Type 2 diabetes", "Dear Zebulon"):
        for form in hidden_forms(text):
            assert not [path.name for path, found in content.items() if form in found], text


def test_k01_the_search_would_find_what_is_there(tmp_path: Path) -> None:
    for number in range(7):
        blob = base64.b64encode(b"x" * number + b"Zebulon Quixwick" + b"y" * number)
        assert any(form in blob for form in hidden_forms("Zebulon Quixwick"))


def test_k01_files_are_for_their_owner_alone(served: ServedApp, used: tuple[SmartEhr, Browser]) -> None:
    for path in served.folder.glob("*.db*"):
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_k06_the_published_keys_are_public(served: ServedApp) -> None:
    visitor = Browser(served.url)
    keys = visitor.get("/.well-known/jwks.json").response.json()["keys"]
    assert {key["alg"] for key in keys} == {"RS384", "ES384"} and all(key["use"] == "sig" for key in keys)
    assert len({key["kid"] for key in keys}) == len(keys) and all(len(key["kid"]) >= 16 for key in keys)
    for key in keys:
        assert set(key) <= {"kty", "kid", "use", "alg", "n", "e", "crv", "x", "y", "key_ops"}
        assert key["kty"] != "RSA" or len(key["n"]) >= 342
    visitor.close()


def test_l05_the_log_and_the_pages_tell_nothing(served: ServedApp, used: tuple[SmartEhr, Browser]) -> None:
    ehr, visitor = used
    log = served.log
    assert len(log.splitlines()) > 5
    codes = [secret for secret in ehr.secrets if not secret.startswith("LT-")]
    handles = {match for page in visitor.seen for match in re.findall(r"/l/([A-Za-z0-9_-]{22})/", page.response.url)}
    for text in (*WORDS, *ehr.secrets, *handles, *visitor.cookies.values(), "Patient/p1"):
        assert text not in log, text
    for page in visitor.seen:
        if page.error:
            assert not [text for text in (*WORDS, *codes) if text in page.text], page.response.url


def test_l06_a_line_break_in_a_name_makes_no_second_line(served: ServedApp, used: tuple[SmartEhr, Browser]) -> None:
    for line in served.log.splitlines():
        said = json.loads(line)
        assert set(said) <= {"at", "level", "logger", "event", "error"} and "\n" not in said["event"]
        assert said["at"] != "x"
    for entry in served.core.audit.entries():
        assert all("\n" not in text and "\r" not in text for text in (entry.actor, *entry.detail.values()))


def test_p01_many_launches_at_once_are_each_their_own(served: ServedApp) -> None:
    ehrs = [SmartEhr(served.clock, f"tenant-{number}") for number in range(2)]
    for ehr in ehrs:
        names = {f"p{number}": f"Family{ehr.name[-1]}{number}" for number in (1, 2, 3)}
        ehr.patients = {id_: patient(id_, "Given", name) for id_, name in names.items()}
    with serving(ehrs[0]), serving(ehrs[1]):
        for ehr in ehrs:
            served.register(ehr)
        wanted = [(ehrs[number % 2], f"p{number % 3 + 1}") for number in range(24)]

        def launch(one: tuple[SmartEhr, str]) -> tuple[str, str]:
            visitor = Browser(served.url)
            chart = visitor.open(*one)
            visitor.close()
            banner = chart.tree.first("section", data_patient="*")
            assert banner is not None, (chart.status, chart.error)
            name = banner.first("span", class_="banner-name")
            return banner.attributes["data-patient"], name.text if name else ""

        with ThreadPoolExecutor(24) as pool:
            shown = list(pool.map(launch, wanted))
    assert shown == [(id_, f"Given Family{ehr.name[-1]}{id_[1]}") for ehr, id_ in wanted]


def test_p02_memory_stays_flat(served: ServedApp) -> None:
    ehr = SmartEhr(served.clock, "crowd")
    with serving(ehr):
        served.register(ehr)

        def launches(number: int) -> None:
            def one(_: int) -> None:
                visitor = Browser(served.url)
                assert visitor.sign_in(ehr).status == 303
                visitor.close()

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(one, range(number)))

        launches(40)
        before = served.memory()
        launches(100)
        assert served.memory() - before < 25_000_000


def test_p07_a_huge_form_is_refused_cheaply(served: ServedApp, used: tuple[SmartEhr, Browser]) -> None:
    ehr, _ = used
    visitor = Browser(served.url)
    handle = handle_of(visitor.sign_in(ehr))
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    many = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % number for number in range(20_000)
    )
    bodies = {
        "12 MB": ("application/x-www-form-urlencoded", b"form_token=" + b"a" * 12_000_000),
        "12 MB in parts": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
                           + b"a" * 12_000_000 + b"\r\n--b--\r\n"),
        "20,000 parts": ("multipart/form-data; boundary=b", many + b"--b--\r\n"),
        "20,000 fields": ("application/x-www-form-urlencoded", b"&".join(b"f%d=x" % n for n in range(20_000))),
        "no end": ("multipart/form-data; boundary=b", b"--b\r\n" + b"\r" * 900_000),
    }  # fmt: skip
    before = served.memory()
    for address in (f"/l/{handle}/read", "/logout", f"/l/{handle}/gaps/CMS130/dismiss"):
        for name, (kind, body) in bodies.items():
            head = (
                f"POST {address} HTTP/1.1\r\nHost: localhost\r\nOrigin: {served.url}\r\nCookie: {cookie}\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            started = time.monotonic()
            raw = exchange(served.url, head.encode() + body)
            assert re.match(rb"HTTP/1\.\d 4\d\d", raw), (name, address, raw[:60])
            assert time.monotonic() - started < 5, name
    assert served.memory() - before < 60_000_000
    assert visitor.get(f"/l/{handle}/").status == 303
    visitor.close()


def test_p07_a_long_request_is_refused_by_the_server_too(served: ServedApp) -> None:
    for request in (
        f"GET /launch?iss=x&launch={'a' * 60_000} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nCookie: a={'a' * 60_000}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n" + "X-A: b\r\n" * 2000 + "\r\n",
        "TRACE / HTTP/1.1\r\nHost: x\r\nX-Mark: echo-me\r\nConnection: close\r\n\r\n",
        "GET /static/../../smartapp.db HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ):
        raw = exchange(served.url, request.encode())
        assert re.match(rb"HTTP/1\.\d 4\d\d", raw) and b"echo-me" not in raw, raw[:80]
