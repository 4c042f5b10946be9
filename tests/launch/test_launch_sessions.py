"""Live launches: refresh, end, cookies, two charts; D02, D11 to D13 and section E."""

from __future__ import annotations

import base64
import threading
import time
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidTag
from support.fake_ehr import CLIENT, FakeEhr, form_of
from support.launch_world import APP, World, failed, handle_of

from launch.context import LaunchContext
from launch.cookies import launch_cookie, superfluous
from launch.errors import AppError, LaunchError
from launch.issuers import RegisteredEhr
from launch.scopes import Scope


def refused(call: Any, *args: Any, **kwargs: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        call(*args, **kwargs)
    return caught.value


def refreshes(world: World) -> list[dict[str, str]]:
    return [form for form in world.ehr.token_requests() if form["grant_type"] == "refresh_token"]


class TestRefresh:
    def test_a_token_is_renewed_a_minute_before_it_expires(self, world: World) -> None:
        handle = world.context().handle
        token = world.launch.sessions.access_token
        world.clock.forward(seconds=239)
        assert token(handle) == "at-code-1"
        world.clock.forward(seconds=1)
        assert token(handle) == token(handle) == "at-2"
        world.clock.forward(seconds=240)
        assert token(handle) == "at-3"
        assert [form["refresh_token"] for form in refreshes(world)] == ["rt-code-1", "rt-2"]
        assert all(form.keys() == {"grant_type", "refresh_token", "client_id"} for form in refreshes(world))

    def test_h15_a_rejected_token_is_renewed_at_once_and_once(self, world: World) -> None:
        handle = world.context().handle
        token = world.launch.sessions.access_token
        assert token(handle, rejected="at-code-1") == token(handle, rejected="at-code-1") == "at-2"
        assert len(refreshes(world)) == 1

    def test_without_a_new_refresh_token_the_old_one_stays(self, world: World) -> None:
        world.ehr.refresh_answer["refresh_token"] = None
        handle = world.context().handle
        for _ in range(2):
            world.clock.forward(seconds=300)
            world.launch.sessions.access_token(handle)
        assert [form["refresh_token"] for form in refreshes(world)] == ["rt-code-1"] * 2

    def test_without_any_refresh_token_the_launch_must_be_made_again(self, world: World) -> None:
        world.ehr.answer["refresh_token"] = None
        handle = world.context().handle
        world.clock.forward(seconds=299)
        assert world.launch.sessions.access_token(handle) == "at-code-1"
        world.clock.forward(seconds=1)
        error = refused(world.launch.sessions.access_token, handle)
        assert (error.code, error.status) == ("launch.token-expired", 401)

    def test_d02_another_patient_ends_the_session(self, world: World) -> None:
        world.ehr.refresh_answer["patient"] = "pat-2"
        response = world.signed_in()
        world.clock.forward(seconds=300)
        assert refused(world.launch.sessions.access_token, handle_of(response)).code == "launch.ended"
        assert refused(world.open, response).code == "launch.no-session"
        revoked = {form_of(one)["token"] for one in world.ehr.requests("/auth/revoke")}
        assert revoked == {"at-2", "rt-2"}
        assert world.audit.entries[-1].detail == {"reason": "patient-changed", "revoked": "yes"}

    def test_the_same_patient_goes_on(self, world: World) -> None:
        world.ehr.refresh_answer["patient"] = "pat-1"
        handle = world.context().handle
        world.clock.forward(seconds=300)
        assert world.launch.sessions.access_token(handle) == "at-2"

    def test_a_population_goes_on_while_the_ehr_names_the_chart_that_was_open(self, world: World) -> None:
        world.ehr.refresh_answer["patient"] = "pat-1"  # as with the first token
        response = world.callback(**world.back(begun=world.begin(view="population")))
        world.clock.forward(seconds=300)
        assert world.launch.sessions.access_token(handle_of(response)) == "at-2"
        assert world.open(response).patient is None

    @pytest.mark.parametrize("first", [None, "pat-2"])
    def test_d02_another_patient_ends_a_population_too(self, world: World, first: str | None) -> None:
        world.ehr.answer["patient"] = first
        world.ehr.refresh_answer["patient"] = "pat-1"
        response = world.callback(**world.back(begun=world.begin(view="population")))
        world.clock.forward(seconds=300)
        assert refused(world.launch.sessions.access_token, handle_of(response)).code == "launch.ended"

    def test_a_refresh_narrows_and_never_widens(self, world: World) -> None:
        world.ehr.answer["scope"] = "patient/Condition.rs patient/Patient.r"
        response = world.signed_in()
        for scope in ("patient/Condition.r", "patient/*.rs"):
            world.ehr.refresh_answer["scope"] = scope
            world.clock.forward(seconds=250)
            world.launch.sessions.access_token(handle_of(response))
            assert world.open(response).granted == (Scope("patient", "Condition", "r"),)

    def test_d12_invalid_grant_ends_the_session_without_a_loop(self, world: World) -> None:
        response = world.signed_in()
        world.ehr.on("POST", f"{world.ehr.origin}/auth/token", lambda _: (400, {}, '{"error":"invalid_grant"}'))
        world.clock.forward(seconds=300)
        assert refused(world.launch.sessions.access_token, handle_of(response)).status == 401
        assert refused(world.launch.sessions.access_token, handle_of(response)).code == "launch.no-session"
        assert len(refreshes(world)) == 1
        assert world.audit.entries[-1].detail["reason"] == "refresh-refused"

    def test_a_fault_of_the_ehr_does_not_end_the_session(self, world: World) -> None:
        response = world.signed_in()

        def hang(_: Any) -> Any:
            raise requests.ReadTimeout

        world.ehr.on("POST", f"{world.ehr.origin}/auth/token", hang)
        world.clock.forward(seconds=300)
        assert refused(world.launch.sessions.access_token, handle_of(response)).code == "fetch.timeout"
        world.ehr.on("POST", f"{world.ehr.origin}/auth/token", world.ehr._token)
        assert world.launch.sessions.access_token(handle_of(response)) == "at-2"

    @pytest.mark.parametrize("changed", [None, {"tenant": "other"}])
    def test_an_ehr_that_was_removed_gets_no_refresh_token(self, world: World, changed: Any) -> None:
        handle = world.context().handle
        world.clock.forward(seconds=300)
        world.register(*([world.registered(**changed)] if changed else []))
        assert refused(world.launch.sessions.access_token, handle).code == "launch.ended"
        assert refreshes(world) == []

    def test_d11_ten_requests_at_once_refresh_once(self, world: World) -> None:
        handle = world.context().handle
        world.clock.forward(seconds=300)
        arrived = threading.Barrier(10)
        gate = threading.Event()
        slow = world.ehr._token

        def answer(request: Any) -> Any:
            gate.wait(5)
            return slow(request)

        world.ehr.on("POST", f"{world.ehr.origin}/auth/token", answer)

        def wait() -> None:
            gate.set()  # the first to wait lets the refresh go on
            time.sleep(0.02)  # or nine who wait move the time past the deadline of the one who refreshes

        world.ticks.on_sleep = wait
        tokens: list[str | None] = []

        def ask() -> None:
            arrived.wait(5)
            tokens.append(world.launch.sessions.access_token(handle))

        threads = [threading.Thread(target=ask) for _ in range(10)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(10)
        assert tokens == ["at-2"] * 10
        assert len(refreshes(world)) == 1

    def test_waiting_for_another_process_has_an_end(self, world: World) -> None:
        handle = world.context().handle
        world.clock.forward(seconds=300)
        now = world.clock()
        assert world.store.claim_refresh(handle, "another", now, now.replace(year=2027))
        error = refused(world.launch.sessions.access_token, handle)
        assert (error.code, error.status) == ("launch.busy", 503)
        assert 20 <= world.ticks.now < 21
        assert refreshes(world) == []

    def test_a_process_that_died_holds_no_lease_for_long(self, world: World) -> None:
        handle = world.context().handle
        world.clock.forward(seconds=300)
        world.store.claim_refresh(handle, "dead", world.clock(), world.clock())
        assert world.launch.sessions.access_token(handle) == "at-2"
        assert world.store.leases == {}

    def test_a_session_that_ends_during_the_refresh_stays_ended(self, world: World) -> None:
        handle = world.context().handle
        world.clock.forward(seconds=300)
        slow = world.ehr._token

        def answer(request: Any) -> Any:
            world.launch.sessions.end(handle, "logout")
            return slow(request)

        world.ehr.on("POST", f"{world.ehr.origin}/auth/token", answer)
        assert refused(world.launch.sessions.access_token, handle).code == "launch.ended"
        revoked = [form_of(one)["token"] for one in world.ehr.requests("/auth/revoke")]
        assert revoked == ["rt-code-1", "at-code-1", "rt-2", "at-2"]


class TestLogout:
    def post(self, world: World, handle: str, **headers: str) -> Any:
        return world.client.post("/logout", data={"handle": handle}, base_url=APP, headers=headers)

    def test_d13_e06_the_tokens_are_revoked_and_the_cookie_opens_nothing(self, world: World) -> None:
        signed_in = world.signed_in()
        handle = handle_of(signed_in)
        cookie = world.client.get_cookie(launch_cookie(handle), domain="app.invalid")
        response = self.post(world, handle, Origin=APP, **{"Sec-Fetch-Site": "same-origin"})
        assert (response.status_code, response.location) == (303, "/")
        (forgotten,) = response.headers.getlist("Set-Cookie")
        assert forgotten.startswith(f"{launch_cookie(handle)}=;")
        assert {"Max-Age=0", "Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= set(
            forgotten.split("; ")
        )
        revoked = {form_of(one)["token"]: form_of(one) for one in world.ehr.requests("/auth/revoke")}
        assert revoked.keys() == {"at-code-1", "rt-code-1"}
        assert revoked["rt-code-1"]["token_type_hint"] == "refresh_token"
        assert revoked["rt-code-1"]["client_id"] == CLIENT
        assert cookie is not None
        assert refused(world.launch.sessions.load, handle, cookie.value).code == "launch.no-session"
        assert world.audit.entries[-1].detail == {"reason": "logout", "revoked": "yes"}

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.invalid"},
            {"Origin": "null"},
            {"Origin": APP + ".evil.invalid"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": APP, "Sec-Fetch-Site": "same-site"},
        ],
    )
    def test_f01_another_site_logs_nobody_out(self, world: World, headers: dict[str, str]) -> None:
        signed_in = world.signed_in()
        failed(self.post(world, handle_of(signed_in), **headers), "launch.cross-site", 403)
        assert world.open(signed_in).patient == "pat-1"

    def test_only_the_browser_of_the_launch_ends_it(self, world: World) -> None:
        signed_in = world.signed_in()
        other = world.browser().post("/logout", data={"handle": handle_of(signed_in)}, base_url=APP)
        failed(other, "launch.no-session", 401)
        failed(self.post(world, ""), "launch.no-session", 401)
        assert world.open(signed_in).patient == "pat-1"

    @pytest.mark.parametrize(
        ("answer", "told"), [((503, {}, ""), "failed"), (requests.ConnectionError(), "failed"), (None, "not-offered")]
    )
    def test_it_works_whatever_the_ehr_does(self, world: World, answer: Any, told: str) -> None:
        def respond(_: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        if answer is None:
            del world.ehr.metadata["revocation_endpoint"]
        world.ehr.on("POST", f"{world.ehr.origin}/auth/revoke", respond)
        signed_in = world.signed_in()
        assert self.post(world, handle_of(signed_in)).status_code == 303
        assert world.store.launches == {}
        assert world.audit.entries[-1].detail["revoked"] == told

    def test_tokens_without_a_revocation_endpoint_are_just_forgotten(self, world: World) -> None:
        del world.ehr.metadata["revocation_endpoint"]
        world.ehr.answer["patient"] = None
        failed(world.signed_in(), "launch.no-patient", 502)

    def test_an_access_token_alone_is_revoked_too(self, world: World) -> None:
        world.ehr.answer |= {"patient": None, "refresh_token": None}
        failed(world.signed_in(), "launch.no-patient", 502)
        (form,) = (form_of(one) for one in world.ehr.requests("/auth/revoke"))
        assert (form["token"], form["token_type_hint"]) == ("at-code-1", "access_token")

    @pytest.mark.parametrize("changed", [None, {"tenant": "other"}, {"fhir_base": "https://new.invalid/fhir"}])
    def test_launches_end_when_their_ehr_is_removed_or_moved(self, world: World, changed: Any) -> None:
        context, cookie = world.context(), None
        cookie = world.client.get_cookie(launch_cookie(context.handle), domain="app.invalid")
        assert cookie is not None
        world.register(*([world.registered(**changed)] if changed else []))
        assert refused(world.launch.sessions.load, context.handle, cookie.value).code == "launch.ended"
        assert world.store.launches == {}
        assert world.audit.entries[-1].detail == {"reason": "not-registered", "revoked": "not-registered"}

    def test_a_missing_secret_of_ours_keeps_nobody_signed_in(self, world: World) -> None:
        secret = {"auth": "client_secret_basic", "secret": "shared"}
        world.register(world.registered(**secret))
        handle = world.context().handle
        world.register(world.registered(**{**secret, "secret": "lost"}))
        assert world.launch.sessions.end(handle, "logout")
        assert world.audit.entries[-1].detail == {"reason": "logout", "revoked": "failed"}

    def test_an_ehr_that_was_removed_is_told_nothing(self, world: World) -> None:
        handle = world.context().handle
        world.register()
        assert world.launch.sessions.end(handle, "logout")
        assert not world.launch.sessions.end(handle, "logout")
        assert world.ehr.requests("/auth/revoke") == []

    def test_of_two_that_end_a_session_one_does(self, world: World) -> None:
        handle = world.context().handle
        ends, store = world.store.end_launch, world.store
        store.end_launch = lambda one: ends(one) and False  # type: ignore[method-assign]
        assert not world.launch.sessions.end(handle, "logout")
        assert world.ehr.requests("/auth/revoke") == []


class TestCookies:
    def test_e01_e08_the_launchs_cookie(self, world: World) -> None:
        response = world.signed_in()
        cookie = next(one for one in response.headers.getlist("Set-Cookie") if "launch-" in one)
        name, _, rest = cookie.partition("=")
        value, *attributes = rest.split("; ")
        assert name == f"__Host-launch-{handle_of(response)}"
        assert set(attributes) == {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"}
        assert 60 <= len(name) + len(value) <= 100
        decoded = base64.urlsafe_b64decode(value + "=")
        assert len(decoded) == 32
        assert b"pat" not in decoded

    def test_e02_no_earlier_identifier_opens_a_launch(self, world: World) -> None:
        begun = world.begin()
        before = {cookie.value for cookie in world.client._cookies.values()}  # type: ignore[attr-defined]
        response = world.callback(**world.ehr.authorize(begun.location))
        after = {cookie.value for cookie in world.client._cookies.values()}  # type: ignore[attr-defined]
        assert before & after == set()
        for value in before:
            code = refused(world.launch.sessions.load, handle_of(response), value).code
            assert code == "launch.no-session"

    def test_e03_two_charts_in_two_tabs(self, world: World) -> None:
        first = world.signed_in()
        world.ehr.answer["patient"] = "pat-2"
        second = world.signed_in()
        assert (world.open(first).patient, world.open(second).patient) == ("pat-1", "pat-2")
        mine, other = (
            world.client.get_cookie(launch_cookie(handle_of(one)), domain="app.invalid") for one in (first, second)
        )
        assert mine is not None
        assert other is not None
        load = world.launch.sessions.load
        assert refused(load, handle_of(first), other.value).code == "launch.no-session"
        assert refused(load, handle_of(second), mine.value).code == "launch.no-session"

    def test_e04_one_patient_id_in_two_tenants(self, world: World) -> None:
        other = FakeEhr(world.mock, world.clock, "other")
        second = RegisteredEhr(name="other", fhir_base=other.base, client_id=CLIENT, tenant="elsewhere")
        world.register(world.registered(), second)
        here = world.context()
        begun = world.begin(iss=other.base)
        there = world.open(world.callback(**other.authorize(begun.location)))
        assert here.patient == there.patient == "pat-1"
        assert (here.tenant, there.tenant) == ("clinic", "elsewhere")
        assert (here.fhir_base, there.fhir_base) == (world.ehr.base, other.base)
        assert len(world.ehr.token_requests()) == len(other.token_requests()) == 1

    @pytest.mark.parametrize("cookie", [None, "", "A", "A" * 43, "A" * 100_000, "\u00e9", "\x00"])
    def test_e07_an_altered_cookie_opens_nothing(self, world: World, cookie: str | None) -> None:
        handle = world.context().handle
        error = refused(world.launch.sessions.load, handle, cookie)
        assert (error.code, error.status) == ("launch.no-session", 401)

    @pytest.mark.parametrize("handle", ["", "x", "A" * 22, "A" * 5000, "../../etc", "\x00", "é" * 22])
    def test_e07_an_unknown_handle_opens_nothing(self, world: World, handle: str) -> None:
        world.context()
        assert refused(world.launch.sessions.load, handle, "A" * 43).code == "launch.no-session"
        assert refused(world.launch.sessions.access_token, handle).code == "launch.no-session"

    def test_k04_a_record_moved_to_another_handle_cannot_be_read(self, world: World) -> None:
        from dataclasses import replace

        first, second = world.context().handle, world.context().handle
        world.store.launches[first] = replace(world.store.launches[second], handle=first)
        with pytest.raises(InvalidTag):
            world.launch.sessions.access_token(first)


class TestLife:
    def test_e05_a_launch_that_is_not_used_ends(self, world: World) -> None:
        response = world.signed_in()
        for _ in range(5):
            world.clock.forward(minutes=29, seconds=59)
            assert world.open(response).patient == "pat-1"
        world.clock.forward(minutes=30)
        error = refused(world.open, response)
        assert (error.code, error.status) == ("launch.ended", 401)
        assert refused(world.open, response).code == "launch.no-session"
        assert len(world.ehr.requests("/auth/revoke")) == 2
        assert world.audit.entries[-1].detail["reason"] == "timeout"

    def test_e05_a_launch_ends_after_eight_hours(self, world: World) -> None:
        response = world.signed_in()
        started = world.open(response)
        assert (started.expires_at - started.started_at).total_seconds() == 8 * 3600
        for _ in range(23):
            world.clock.forward(minutes=20)
            world.open(response)
        world.clock.forward(minutes=20)
        assert refused(world.open, response).code == "launch.ended"

    def test_its_last_use_is_written_twice_a_minute_at_most(self, world: World) -> None:
        response = world.signed_in()
        (start,) = (row.seen_at for row in world.store.launches.values())
        for seconds, moved in ((29, False), (1, True)):
            world.clock.forward(seconds=seconds)
            world.open(response)
            (row,) = world.store.launches.values()
            assert (row.seen_at > start) == moved
            assert row.version == 1

    def test_a_refresh_does_not_count_as_use(self, world: World) -> None:
        response = world.signed_in()
        for _ in range(5):
            world.clock.forward(minutes=5)
            world.launch.sessions.access_token(handle_of(response))
        world.clock.forward(minutes=5)
        assert refused(world.open, response).code == "launch.ended"

    def test_what_is_read_in_the_background_ends_with_its_launch(self, world: World) -> None:
        handle = world.context().handle
        world.clock.forward(minutes=30)
        assert refused(world.launch.sessions.access_token, handle).code == "launch.ended"
        assert refreshes(world) == []
        assert world.audit.entries[-1].detail["reason"] == "timeout"

    def test_e05_a_launch_that_nobody_comes_back_to_is_ended_as_well(self, world: World) -> None:
        idle = world.context().handle
        world.clock.forward(minutes=20)
        used = world.context().handle
        world.clock.forward(minutes=11)
        assert world.launch.sessions.end_overdue() == 1
        assert list(world.store.launches) == [used]
        assert {form_of(one)["token"] for one in world.ehr.requests("/auth/revoke")} == {"at-code-1", "rt-code-1"}
        last = world.audit.entries[-1]
        assert (last.action, last.launch, last.detail) == ("launch.end", idle, {"reason": "timeout", "revoked": "yes"})

    def test_launches_that_are_over_do_not_hold_up_the_worker(self, world: World) -> None:
        handles = [world.context().handle for _ in range(3)]
        world.clock.forward(minutes=31)

        def slow(_: Any) -> Any:
            world.ticks.now += 3
            return (503, {}, "")

        world.ehr.on("POST", f"{world.ehr.origin}/auth/revoke", slow)
        assert world.launch.sessions.end_overdue(seconds=5) == 1
        assert world.launch.sessions.end_overdue(seconds=5) == 1
        assert list(world.store.launches) == handles[2:]

    def test_a_launch_that_cannot_be_ended_is_removed_an_hour_later(self, world: World) -> None:
        broken, whole = world.context().handle, world.context().handle
        ends = world.launch.sessions.end

        def end(handle: str, reason: str) -> bool:
            if handle == broken:
                raise AppError("vault.unreadable", "It does not open.", status=500)
            return ends(handle, reason)

        world.launch.sessions.end = end  # type: ignore[method-assign]
        world.begin()
        world.clock.forward(minutes=31)
        assert world.launch.sessions.end_overdue() == 1
        assert list(world.store.launches) == [broken] and whole not in world.store.launches
        world.clock.forward(hours=1)
        assert world.launch.sessions.end_overdue() == 0
        assert world.store.launches == {} and world.store.pending == {}


def test_p02_cookies_stay_few() -> None:
    sign_ins = [f"__Host-signin-{n}" for n in range(30)]
    launches = [f"__Host-launch-{n}" for n in range(30)]
    mixed = ["other", *launches, *sign_ins, "session"]
    assert superfluous(mixed) == sign_ins[:21]
    assert superfluous(launches) == []
    assert superfluous(launches * 2) == launches[:21]


def test_a_context_survives_its_record(world: World) -> None:
    context = world.context()
    assert LaunchContext.from_dict(context.to_dict()) == context


def test_errors_keep_their_code() -> None:
    assert issubclass(LaunchError, AppError)
