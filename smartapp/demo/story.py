"""The whole story over HTTP, told as it happens: launched, asked, granted, read, drafted, approved, delivered.

It sees what a browser sees and nothing else; it is true only if the patient's portal inbox holds the message.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

from smartapp.demo.pages import Element, parse
from smartapp.demo.processes import Demo
from smartapp.errors import AppError

STORY_PATIENT = "pt-1001"
"""The sandbox's patient with much that is due: diabetes, high blood pressure, a mammogram that is overdue."""

_CLINICIAN = "amara.cole"
_READ_WITHIN_S = 60.0
_DELIVERED_WITHIN_S = 60.0
_MOST_PATIENTS = 40

Say = Callable[[str], None]


class StoryError(AppError):
    """The story did not come to its end."""


class Browser:
    """A browser without a screen: cookies, redirects, forms."""

    def __init__(self) -> None:
        # Browsers take Secure cookies over http on loopback; Python's jar has to be told so.
        jar = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
        self._opener = build_opener(HTTPCookieProcessor(jar))
        self.url = ""
        self.timing = ""

    def get(self, url: str) -> Element:
        return self._shown(Request(urljoin(self.url, url)))  # noqa: S310 - the demo's own addresses

    def submit(self, form: Element, **fields: str) -> Element:
        """Send a form of the page that is open."""
        action = urljoin(self.url, form.attributes.get("action", self.url))
        return self._shown(Request(action, data=urlencode(form.fields() | fields).encode()))  # noqa: S310

    def json(self, url: str) -> object:
        """An answer in JSON; None where there is none."""
        request = Request(urljoin(self.url, url), headers={"Accept": "application/json"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError:
            return None

    def _shown(self, request: Request) -> Element:
        try:
            with self._opener.open(request, timeout=60) as answer:
                self.url = answer.url
                self.timing = answer.headers.get("Server-Timing", "")
                page = parse(answer.read().decode())
        except HTTPError as error:
            said = parse(error.read().decode(errors="replace")).first(data_error="*")
            code = said.attributes["data-error"] if said else "no code"
            raise StoryError("demo.page", f"A page answered {error.code} ({code}).") from None
        except URLError as error:
            raise StoryError("demo.page", f"A page did not answer: {error.reason}.") from None
        going_on = page.first("form", data_continue="*")  # what the page's script does at once
        return page if going_on is None else self.submit(going_on)


def tell(demo: Demo, say: Say, *, patient: str | None = None) -> None:
    """Tell the story, of ``patient`` or of the first one with a gap. Raises :class:`StoryError` where it breaks off."""
    browser = Browser()
    home = browser.get(demo.ehr)
    login = _form(home, "/login")
    browser.submit(login, user=_CLINICIAN)
    for candidate in [patient] if patient else _patients(browser, demo):
        chart = _launch(browser, demo, candidate, say)
        gaps = [gap for gap in chart.find("article", class_="gap") if _draft_form(gap) is not None]
        if gaps:
            _tell_chart(chart, say)
            message_id = _approve(browser, gaps[0], say)
            _deliver(browser, demo, candidate, message_id, say)
            return
        say(f"  nothing is due for {candidate}; the next patient")
    raise StoryError("demo.no-gap", "No patient with an open gap was found.")


def _patients(browser: Browser, demo: Demo) -> list[str]:
    found: list[str] = []
    for number in range(1, 5):
        page = browser.get(f"{demo.ehr}/patients?page={number}")
        for link in page.find("a", href="*"):
            parts = link.attributes["href"].strip("/").split("/")
            if len(parts) == 2 and parts[0] == "patients" and parts[1] not in found:
                found.append(parts[1])
    return found[:_MOST_PATIENTS]


def _launch(browser: Browser, demo: Demo, patient: str, say: Say) -> Element:
    started = time.monotonic()
    page = browser.get(f"{demo.ehr}/patients/{patient}/launch")
    while page.first(data_progress="*") is not None:
        if time.monotonic() - started > _READ_WITHIN_S:
            raise StoryError("demo.slow", "The chart was not read in time.")
        time.sleep(0.1)
        page = browser.get(browser.url)
    banner = page.first("section", class_="banner")
    if banner is None or banner.attributes.get("data-patient") != patient:
        raise StoryError("demo.patient", "The page does not show the patient that was launched.")
    say(f"Launched from the chart of {banner.text} in {1000 * (time.monotonic() - started):.0f} ms ({browser.timing})")
    return page


def _tell_chart(chart: Element, say: Say) -> None:
    scopes = chart.find("li", data_scope="*")
    say(f"Asked for {len(scopes)} kinds of access:")
    for scope in scopes:
        chips = ", ".join(chip.text for chip in scope.find("span", class_="chip"))
        why = scope.first("p", class_="access-why")
        say(f"  {scope.attributes['data-scope']}  {chips}. {why.text if why else ''}")
    for table in chart.find("div", aria_label="Searches sent"):
        say("Read:")
        for row in table.find("tr")[1:]:
            say("  " + "; ".join(cell.text for cell in row.children))
    say(chart.first("h1").text if chart.first("h1") else "")  # type: ignore[union-attr]
    for gap in chart.find("article", class_="gap"):
        heading, chip = gap.first("h3"), gap.first("span", class_="chip")
        why = gap.first("p", class_="gap-why")
        due = gap.first("p", class_="gap-due")
        if heading and chip:
            say(f"  [{chip.text}] {heading.text}. {due.text + '. ' if due else ''}{why.text if why else ''}")
        for step in gap.find("li", class_="step"):
            for event in [line for part in step.find("ul") for line in part.find("li")][:2]:
                name = step.first("span", class_="step-name")
                say(f"      {name.text if name else ''}: {event.text}")
    say("Groups:")
    for group in chart.find("li", data_group="*"):
        say(f"  {group.text}")


def _approve(browser: Browser, gap: Element, say: Say) -> str:
    form = _draft_form(gap)
    assert form is not None
    heading = gap.first("h3")
    title = heading.text if heading else ""
    page = browser.submit(form)
    marked = page.first("p", data_portal_only="*")
    body = page.first("textarea", name="body")
    if body is None or not body.text:
        raise StoryError("demo.draft", "There is no text to approve.")
    say(f"Drafted: {body.text}")
    if marked is not None:
        say(f"  portal only, because of: {', '.join(m.text for m in marked.find('mark'))}")
    elif title.casefold() in body.text.casefold():
        raise StoryError("demo.policy", "The message names the care that is due and is not marked portal-only.")
    else:
        say("  neutral: a patient who has long not been seen is asked back first")
    approve = page.form_to("/approve")
    if approve is None:
        raise StoryError("demo.approve", "The message cannot be approved.")
    page = browser.submit(approve)
    state = page.first("span", data_state="*")
    say(f"Approved: {state.text if state else ''}")
    return browser.url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]


def _deliver(browser: Browser, demo: Demo, patient: str, message_id: str, say: Say) -> None:
    message_page = browser.url.split("?")[0]
    portal = Browser()
    entrance = portal.get(f"{demo.ehr}/portal?q={patient}")
    login = entrance.first("button", name="login")
    if login is None:
        raise StoryError("demo.portal", "The patient has no portal login.")
    portal.submit(_form(entrance, "/portal/login"), login=login.attributes["value"])
    end = time.monotonic() + _DELIVERED_WITHIN_S
    while time.monotonic() < end:
        inbox = portal.json(f"{demo.ehr}/portal/{patient}/inbox.json")
        messages = inbox.get("messages", []) if isinstance(inbox, dict) else []
        if any(message_id in str(message) for message in messages):
            say("Delivered: the message is in the patient's portal inbox.")
            return
        time.sleep(0.2)
    state = browser.get(message_page).first("span", data_state="*")
    raise StoryError(
        "demo.not-delivered", f"The portal inbox does not hold the message; it is {state.text if state else '?'}."
    )


def _draft_form(gap: Element) -> Element | None:
    return next((f for f in gap.find("form") if f.attributes.get("action", "").endswith("/draft")), None)


def _form(page: Element, action: str) -> Element:
    form = next((f for f in page.find("form") if f.attributes.get("action", "").endswith(action)), None)
    if form is None:
        raise StoryError("demo.form", f"The page has no form for {action}.")
    return form
