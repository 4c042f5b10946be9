"""A population launch against the sandbox EHR over HTTP: the coordinator's list says what each chart says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select
from support.ehr import TestEntropy
from support.launch_fakes import FrozenClock
from support.running_app import RunningApp, longer_and_longer, running_app

from launch.issuers import RegisteredEhr
from launch.sandbox import clients
from launch.sandbox.server import create_sandbox, running
from launch.sandbox.settings import SandboxSettings
from smartapp.demo.pages import Element
from smartapp.demo.story import Browser, StoryError
from smartapp.persistence.tables import chart_snapshot

COORDINATOR, CLINICIAN, ADMINISTRATOR = "sam.rivers", "amara.cole", "alex.moreau"
PRACTICE, OWN = "panel", "panel-sam-rivers"
PATIENTS = 12
READ_WITHIN_S = 120.0
OPEN = ("overdue", "due", "due-soon", "cannot-tell")


@dataclass
class World:
    """A running EHR and a running app that know each other."""

    ehr: str
    app: RunningApp

    def sign_in(self, user: str) -> Browser:
        browser = Browser()
        browser.submit(form(browser.get(self.ehr), "/login"), user=user)
        return browser

    def chart(self, browser: Browser, patient: str) -> Element:
        """The app's chart page, launched from the EHR's chart."""
        return waited(browser, browser.get(f"{self.ehr}/patients/{patient}/launch"))


@dataclass
class Worklist:
    """A launch of the population: its address, and its pages as the user sees them."""

    browser: Browser
    base: str
    first: Element = field(repr=False)

    @classmethod
    def launched(cls, world: World, user: str = COORDINATOR) -> Worklist:
        browser = world.sign_in(user)
        page = browser.get(f"{world.ehr}/worklist/launch")
        return cls(browser, browser.url.partition("/population")[0], waited(browser, page))

    @classmethod
    def opened(cls, world: World, user: str = COORDINATOR, group: str = PRACTICE) -> Worklist:
        opened = cls.launched(world, user)
        choice = opened.first.first("li", data_group=group)
        assert choice is not None
        opened.first = waited(opened.browser, opened.browser.submit(form(choice, "/population/open")))
        return opened

    def page(self, **query: str) -> Element:
        return self.browser.get(f"{self.base}/population?{urlencode(query)}")

    def patient(self, patient_id: str) -> Element:
        return self.browser.get(f"{self.base}/patients/{patient_id}")

    def patients(self, **query: str) -> list[str]:
        """The patients that a filter shows, all pages of it."""
        found: list[str] = []
        page = self.page(**query)
        while True:
            found += [row.attributes["data-patient"] for row in page.find("tr", data_patient="*")]
            after = [a for a in page.find("a", rel="next") if "/population" in a.attributes["href"]]
            if not after:
                return found
            page = self.browser.get(after[0].attributes["href"])

    @property
    def handle(self) -> str:
        return urlsplit(self.base).path.split("/")[2]

    def refused(self, path: str) -> str:
        """The error of an address within this launch."""
        with pytest.raises(StoryError) as caught:
            self.browser.get(f"{self.base}{path}")
        return caught.value.message


def waited(browser: Browser, page: Element) -> Element:
    end, pauses = time.monotonic() + READ_WITHIN_S, longer_and_longer()
    while page.first("section", data_progress="*") is not None:
        assert time.monotonic() < end, "it was not read in time"
        time.sleep(next(pauses))
        page = browser.get(browser.url)
    return page


def form(page: Element, ending: str) -> Element:
    return next(f for f in page.find("form") if f.attributes.get("action", "").endswith(ending))


def gaps_of(chart: Element) -> dict[str, tuple[str, str]]:
    """Status and due date of every measure of a chart page."""
    found = {}
    for card in chart.find("article", data_measure="*"):
        due = card.first("p", class_="gap-due")
        found[card.attributes["data-measure"]] = (card.attributes["data-status"], due.text if due else "")
    return found


def patient_of(row: Element) -> str:
    return row.attributes["data-patient"]


def row_gaps(row: Element) -> dict[str, tuple[str, str]]:
    """Status and text of every gap that a row shows."""
    return {
        gap.attributes["data-measure"]: (gap.attributes["data-status"], gap.text)
        for gap in row.find("li", data_measure="*")
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("population")
    with running_app(folder / "app", fetch_deadline=30) as app:
        settings = SandboxSettings(
            "http://127.0.0.1", folder / "ehr", count=PATIENTS, reference_date=app.clock().date().isoformat()
        )

        def make(bound: SandboxSettings):
            ours = [clients.app("smartapp", app.url)]
            return create_sandbox(bound, FrozenClock(app.clock()), TestEntropy(), clients=ours)

        with running(settings, make) as (base, _):
            app.core.registry.save(
                RegisteredEhr(
                    "sandbox",
                    f"{base}/fhir",
                    client_id="smartapp",
                    issuer=f"{base}/auth",
                    frame_ancestors=(base,),
                )
            )
            yield World(base, app)


@pytest.fixture(scope="module")
def worklist(world: World) -> Worklist:
    return Worklist.opened(world)


@pytest.fixture(scope="module")
def everybody(worklist: Worklist) -> list[str]:
    return worklist.patients(status="all")


def test_the_list_is_the_group_of_the_ehr(everybody: list[str]) -> None:
    assert len(everybody) == len(set(everybody)) == PATIENTS


def test_the_list_and_its_patients_pages_say_the_same_as_each_chart(
    world: World, worklist: Worklist, everybody: list[str]
) -> None:
    clinician = world.sign_in(CLINICIAN)
    charts = {patient: gaps_of(world.chart(clinician, patient)) for patient in everybody}
    measures = [one.id for one in world.app.core.enabled.measures if "population" in one.views]
    assert {patient: set(chart) for patient, chart in charts.items()} == {one: set(measures) for one in everybody}
    for patient, chart in charts.items():
        assert gaps_of(worklist.patient(patient)) == chart
    seen = set()
    for measure in measures:
        page = worklist.page(measure=measure, status="all")
        listed = {patient: row_gaps(row) for row in page.find("tr", data_patient="*") for patient in [patient_of(row)]}
        for patient, chart in charts.items():
            status, due = chart[measure]
            expected = {measure: (status, due)} if status in OPEN else {}
            assert {one: (s, due if due in text else text) for one, (s, text) in listed[patient].items()} == expected
            seen.add(status)
    assert set(OPEN) - {"due-soon"} <= seen and seen - set(OPEN)
    page = worklist.page()
    for tally in page.find("li", data_overdue="*"):
        counted = [chart[tally.attributes["data-measure"]][0] for chart in charts.values()]
        assert [int(tally.attributes[f"data-{status}"]) for status in ("overdue", "due", "cannot-tell")] == [
            counted.count(status) for status in ("overdue", "due", "cannot-tell")
        ]


def test_most_overdue_stand_first(worklist: Worklist, everybody: list[str]) -> None:
    overdue = [
        [status for status, _ in gaps_of(worklist.patient(patient)).values()].count("overdue")
        for patient in worklist.patients()
    ]
    assert overdue == sorted(overdue, reverse=True)
    assert overdue[0] > overdue[-1]


def test_a_patients_page_shows_the_evidence_and_decides_nothing(worklist: Worklist) -> None:
    page = worklist.patient("pt-1001")
    banner = page.first("section", class_="banner")
    assert banner is not None and banner.attributes["data-patient"] == "pt-1001"
    steps = [step for card in page.find("article", data_measure="CMS125") for step in card.find("li", class_="step")]
    assert any("LOINC 24606-6" in step.text for step in steps)
    assert [f.attributes["action"] for f in page.find("form")] == ["/logout"]
    assert page.first("li", data_scope="user/Group.rs") is not None
    back = page.first("a", href=f"{urlsplit(worklist.base).path}/population")
    assert back is not None


def test_reading_asked_for_user_scopes_and_each_patient_is_in_the_audit(world: World, worklist: Worklist) -> None:
    entries = [one for one in world.app.audited() if one.launch == worklist.handle]
    reads = [one for one in entries if one.action == "chart.read"]
    assert len(reads) == len({one.patient for one in reads}) == PATIENTS
    assert {one.actor for one in entries} == {"Practitioner/prac-sam-rivers"}
    assert {"population.groups", "population.members", "population.view"} <= {one.action for one in entries}
    assert world.app.core.audit.verify().intact
    scopes = world.app.core.enabled.scopes("population")
    assert {scope.level for scope in scopes} == {"user"}
    assert "user/Group.rs" in map(str, scopes)


def test_a_coordinator_is_offered_the_lists_of_the_ehr_and_no_other(world: World) -> None:
    launched = Worklist.launched(world)
    assert {one.attributes["data-group"] for one in launched.first.find("li", data_group="*")} == {PRACTICE, OWN}
    choice = form(launched.first, "/population/open")
    before = len([one for one in world.app.audited() if one.action == "population.members"])
    for other in ("panel-amara-cole", "panel-jonas-weber", "../Patient/pt-1001", "panel' OR ''='"):
        with pytest.raises(StoryError, match=r"404 \(population\.no-group\)"):
            launched.browser.submit(choice, group=other)
    assert len([one for one in world.app.audited() if one.action == "population.members"]) == before
    assert launched.refused("/patients/pt-1001") == "A page answered 404 (population.not-on-list)."


def test_a_clinicians_one_list_opens_at_once_and_nobody_elses_patient_does(world: World, everybody: list[str]) -> None:
    own = Worklist.launched(world, CLINICIAN)
    mine = own.patients(status="all")
    assert 0 < len(mine) < PATIENTS
    for patient in sorted(set(everybody) - set(mine)):
        before = len([one for one in world.app.audited() if one.patient == f"Patient/{patient}"])
        assert own.refused(f"/patients/{patient}") == "A page answered 404 (population.not-on-list)."
        after = [one for one in world.app.audited() if one.patient == f"Patient/{patient}"]
        assert [(one.action, one.outcome) for one in after[before:]] == [("population.patient", "refused")]
    assert own.patient(mine[0]).first("section", data_patient=mine[0]) is not None


def test_a_launch_shows_its_own_kind_of_page_only(world: World, worklist: Worklist) -> None:
    assert worklist.refused("/chart") == "A page answered 404 (chart.no-patient)."
    browser = world.sign_in(CLINICIAN)
    world.chart(browser, "pt-1001")
    chart = browser.url.rpartition("/")[0]
    for path in ("/population", "/population/lists", "/patients/pt-1002"):
        with pytest.raises(StoryError, match=r"404 \(population\.one-patient\)"):
            browser.get(f"{chart}{path}")


def test_without_the_launchs_cookie_there_is_nothing(worklist: Worklist) -> None:
    stranger = Browser()
    for path in ("/population", "/population/progress", "/population/lists", "/patients/pt-1001"):
        with pytest.raises(StoryError, match=r"401 \(launch\.no-session\)"):
            stranger.get(f"{worklist.base}{path}")


@pytest.mark.parametrize(
    "query",
    [
        "measure=CMS999",
        "measure=CMS125%27%20OR%201%3D1",
        "status=%7B%7B7*7%7D%7D",
        "sort=name;DROP%20TABLE%20launch",
        "page=0",
        "page=-1",
        "page=99999999999999999999",
        "status=due&status=overdue",
        "patient=pt-1002",
    ],
)
def test_what_the_page_does_not_offer_is_refused(worklist: Worklist, query: str) -> None:
    for path in ("/population", "/patients/pt-1001"):
        assert worklist.refused(f"{path}?{query}").startswith("A page answered 400 (form.")


def test_a_name_is_found_and_stands_in_no_address(worklist: Worklist) -> None:
    page = worklist.page(status="all")
    row = page.find("tr", data_patient="*")[0]
    name = row.find(class_="work-name")[0].text
    found = worklist.browser.submit(form(page, "/population/find"), name=name.upper(), status="all")
    assert [one.attributes["data-patient"] for one in found.find("tr", data_patient="*")] == [
        row.attributes["data-patient"]
    ]
    assert name.split()[0].lower() not in worklist.browser.url.lower()
    assert not any(name.split()[0] in a.attributes["href"] for a in found.find("a", href="*"))
    nobody = worklist.browser.submit(form(page, "/population/find"), name="<script>alert(1)</script>", status="all")
    assert "Nobody on this list fits" in nobody.text
    assert "<script>alert(1)</script>" in nobody.text  # as text
    assert not [one for one in nobody.find("script") if "alert" in one.text]
    assert len(worklist.patients(status="all")) == PATIENTS  # another page is not filtered by it


def test_what_a_clinician_set_aside_is_not_on_the_list(world: World, worklist: Worklist) -> None:
    browser = world.sign_in(CLINICIAN)
    chart = world.chart(browser, "pt-1001")
    card = chart.first("article", data_measure="CMS125")
    assert card is not None and card.attributes["data-status"] == "overdue"
    assert "pt-1001" in worklist.patients(measure="CMS125", status="overdue")
    aside = browser.submit(form(card, "/dismiss"), remark="patient-refused", until="2026-09-01")
    assert "pt-1001" not in worklist.patients(measure="CMS125", status="overdue")
    again = aside.first("article", data_measure="CMS125")
    assert again is not None
    browser.submit(form(again, "/restore"))
    assert "pt-1001" in worklist.patients(measure="CMS125", status="overdue")


def test_reading_again_shows_the_old_list_until_the_new_one_is_there(world: World) -> None:
    opened = Worklist.opened(world, group=OWN)
    before = documents(world, opened.handle)
    end = time.monotonic() + READ_WITHIN_S
    again = opened.first
    while not [f for f in again.find("form") if f.attributes.get("action", "").endswith("/population/open")]:
        assert time.monotonic() < end, "the list was not there in time"
        again = opened.page()
    page = opened.browser.submit(form(again, "/population/open"))
    while "are being read again" in page.text:
        assert time.monotonic() < end, "it was not read in time"
        assert page.find("tr", data_patient="*")
        time.sleep(0.2)
        page = opened.page()
    assert page.find("tr", data_patient="*")
    runs = [one for one in world.app.audited() if (one.launch, one.action) == (opened.handle, "population.members")]
    assert [one.detail["group"] for one in runs] == [OWN, OWN]
    after = documents(world, opened.handle)
    assert len(after) == len(before) == PATIENTS + 3  # and the lists, the list, the progress
    assert set(after) & set(before) == {"panel:groups", "panel:list", "panel:progress"}


def test_signing_out_forgets_the_list_and_every_chart(world: World) -> None:
    opened = Worklist.opened(world)
    assert len(documents(world, opened.handle)) > PATIENTS
    opened.browser.submit(form(opened.first, "/logout"))
    assert documents(world, opened.handle) == []
    assert opened.refused("/population").endswith("(launch.no-session).")


def test_a_form_of_another_site_opens_nothing(worklist: Worklist) -> None:
    sent = form(worklist.page(), "/population/find")
    with pytest.raises(StoryError, match=r"403 \(web\.form-token\)"):
        worklist.browser.submit(sent, form_token="0" * 64)


def documents(world: World, handle: str) -> list[str]:
    """The names of all that is kept of a launch."""
    with world.app.core.engine.connect() as connection:
        return sorted(
            connection.execute(select(chart_snapshot.c.name).where(chart_snapshot.c.handle == handle)).scalars()
        )


def test_an_administrator_sees_the_practices_list(world: World) -> None:
    assert len(Worklist.launched(world, ADMINISTRATOR).patients(status="all")) == PATIENTS
