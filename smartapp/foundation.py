"""What everything else of the app stands on: settings made into a database, keys, an audit trail, a launch; reading.

Nothing here is specific to the web, and nothing writes to patients.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from launch.build import Launch, Ports, build_launch
from launch.fetch import Fetcher
from launch.launcher import LaunchSettings
from launch.ports import Clock, Entropy, Monotonic, Sleep
from launch.sessions import Lifetimes
from launch.transport import new_session
from smartapp.audit.trail import AuditTrail
from smartapp.config import Settings
from smartapp.criteria.valuesets import ValueSets
from smartapp.groups.catalogue import GROUPS
from smartapp.measures.choices import Choices
from smartapp.measures.model import Measure
from smartapp.messages.channels.build import set_up
from smartapp.messages.contact import Meanings, read_meanings
from smartapp.persistence.charts import ChartStore
from smartapp.persistence.practice import GapRemarks, PracticeSettings
from smartapp.persistence.registrations import Secrets, SqlEhrRegistry, SqlKeyStore
from smartapp.persistence.sessions import SqlSessionStore
from smartapp.persistence.vault import DatabaseVault
from smartapp.reading.panel import PanelReader
from smartapp.reading.reader import AccessToken, Reader, codes_from
from smartapp.reading.results import Limits
from smartapp.services.backend import Backend
from smartapp.services.chart import ChartService
from smartapp.services.enabled import Enabled, chosen
from smartapp.services.lanes import Lanes
from smartapp.services.panel_engine import ChartPanelEngine, EngineBySize
from smartapp.services.panel_sql import SqlPanelEngine
from smartapp.services.population import PopulationService
from smartapp.services.practice_choices import PracticeChoices

_CHARTS_AT_ONCE = 8
_LISTS_AT_ONCE = 4


def utc_now() -> datetime:
    """The time of the machine, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outside:
    """What comes from outside the app: time, chance, waiting, the environment."""

    clock: Clock = utc_now
    entropy: Entropy = os.urandom
    monotonic: Monotonic = time.monotonic
    sleep: Sleep = time.sleep


def enabled_by(settings: Settings, known: Mapping[str, Measure], value_sets: ValueSets) -> Enabled:
    """What the settings enable of the measures as the practice has chosen them.

    Raises :class:`ConfigurationError` for a name that is none.
    """
    measures = chosen(_all_or(settings.measures), known, "measure")
    groups = chosen(_all_or(settings.groups), GROUPS, "group")
    return Enabled(
        [known[one] for one in measures], [GROUPS[one] for one in groups], value_sets, outside=set_up(settings)
    )


@dataclass(frozen=True)
class Foundation:
    """The app's parts up to reading charts and lists of patients."""

    settings: Settings
    outside: Outside
    environ: Mapping[str, str]
    engine: Engine
    vault: DatabaseVault
    audit: AuditTrail

    @cached_property
    def registry(self) -> SqlEhrRegistry:
        return SqlEhrRegistry(self.engine, self.vault, self.audit, self.outside.clock)

    @cached_property
    def secrets(self) -> Secrets:
        return Secrets(self.engine, self.vault, self.outside.clock, self.environ)

    @property
    def value_set_folder(self) -> Path:
        """Where official value sets are kept: the practice's own folder, else one in the data folder."""
        return self.settings.value_sets or self.settings.data_dir / "value-sets"

    @cached_property
    def value_sets(self) -> ValueSets:
        """The shipped value sets, replaced by official ones where the practice has loaded them."""
        return ValueSets.load(*([self.value_set_folder] if self.value_set_folder.is_dir() else []))

    @cached_property
    def practice_choices(self) -> PracticeChoices:
        return PracticeChoices(PracticeSettings(self.engine, self.audit, self.outside.clock))

    @cached_property
    def choices(self) -> Choices:
        """The schedule and the cadences that the practice had chosen when the app was started."""
        return self.practice_choices.read()

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """Every measure, for the immunization schedule and the cadences that the practice has chosen."""
        return self.choices.measures

    @cached_property
    def enabled(self) -> Enabled:
        return enabled_by(self.settings, self.measures, self.value_sets)

    @cached_property
    def meanings(self) -> Meanings:
        """What the EHR's consent codes mean: the built-in meanings and the practice's own."""
        return read_meanings(self.settings.consent_codes)

    @cached_property
    def fetcher(self) -> Fetcher:
        return Fetcher(new_session(), self.outside.monotonic)

    @cached_property
    def launch(self) -> Launch:
        """SMART App Launch, with scopes derived from what is enabled."""
        settings, outside = self.settings, self.outside
        return build_launch(
            LaunchSettings(public_url=settings.public_url, allow_open_servers=settings.allow_open_servers),
            Ports(
                clock=outside.clock,
                store=self.sessions_store,
                vault=self.vault,
                audit=self.audit,
                registry=self.registry,
                secrets=self.secrets,
                key_store=SqlKeyStore(self.engine),
                derived_scopes=self.enabled.scopes,
                entropy=outside.entropy,
                monotonic=outside.monotonic,
                sleep=outside.sleep,
            ),
            self.fetcher,
            lifetimes=Lifetimes(
                idle=timedelta(seconds=settings.idle_timeout), absolute=timedelta(seconds=settings.absolute_timeout)
            ),
        )

    @cached_property
    def sessions_store(self) -> SqlSessionStore:
        return SqlSessionStore(self.engine)

    @cached_property
    def charts(self) -> ChartStore:
        return ChartStore(self.engine, self.vault, self.outside.clock)

    @cached_property
    def remarks(self) -> GapRemarks:
        return GapRemarks(self.engine, self.vault, self.audit, self.outside.clock, self.outside.entropy)

    @property
    def limits(self) -> Limits:
        """How much one read may take, as the settings have it."""
        settings = self.settings
        return Limits(
            seconds_a_call=float(settings.fetch_deadline),
            page_bytes=settings.fetch_max_bytes,
            resources=settings.chart_max_resources,
        )

    def reader(self, access_token: AccessToken) -> Reader:
        """Reads charts with the tokens of ``access_token``."""
        outside = self.outside
        return Reader(
            self.fetcher,
            access_token,
            self.audit,
            clock=outside.clock,
            monotonic=outside.monotonic,
            sleep=outside.sleep,
            codes_of=codes_from(self.value_sets),
            limits=self.limits,
        )

    def chart_with(self, access_token: AccessToken) -> ChartService:
        """The chart service over a source of tokens: a user's launches, or the worker's own."""
        outside = self.outside
        return ChartService(
            enabled=self.enabled,
            reader=self.reader(access_token),
            store=self.charts,
            lanes=Lanes(_CHARTS_AT_ONCE),
            clock=outside.clock,
            monotonic=outside.monotonic,
            sleep=outside.sleep,
            zone=self.settings.time_zone,
            meanings=self.meanings,
        )

    @cached_property
    def chart(self) -> ChartService:
        """The charts of users' launches."""
        return self.chart_with(self.launch.sessions.access_token)

    @cached_property
    def population(self) -> PopulationService:
        """The lists of patients of users' launches."""
        outside, chart = self.outside, self.chart
        engine = ChartPanelEngine(chart.evaluate)
        sql = SqlPanelEngine(self.enabled.measures, self.value_sets, chart=engine, today=chart.today)
        return PopulationService(
            groups=PanelReader(
                self.fetcher,
                self.launch.sessions.access_token,
                self.audit,
                clock=outside.clock,
                monotonic=outside.monotonic,
                sleep=outside.sleep,
                limits=self.limits,
            ),
            read_chart=chart.read_now,
            engine=EngineBySize(engine, sql),
            store=self.charts,
            remarks=self.remarks,
            audit=self.audit,
            lanes=Lanes(_LISTS_AT_ONCE),
            clock=outside.clock,
            entropy=outside.entropy,
            monotonic=outside.monotonic,
            sleep=outside.sleep,
            today=chart.today,
        )

    @cached_property
    def backend(self) -> Backend:
        """The app's own access to EHRs, which only the worker uses."""
        scopes = self.enabled.scopes("chart")
        return Backend(self.launch.backend, self.registry, self.fetcher, self.outside.clock, scopes)


def _all_or(names: tuple[str, ...]) -> tuple[str, ...] | None:
    return None if names == ("*",) else names
