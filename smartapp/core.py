"""What the app, its worker and its commands share: settings made into a database, keys, an audit trail, a launch.

Nothing here is specific to the web. ``open_core`` is the one place where the clock, chance and the environment enter.
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
from smartapp.config import Settings, origin_of
from smartapp.criteria.valuesets import ValueSets
from smartapp.groups.catalogue import GROUPS
from smartapp.measures.choices import Choices
from smartapp.measures.model import Measure
from smartapp.messages.approvals import Approvals
from smartapp.messages.calls import Calls
from smartapp.messages.channels.build import outside_the_portal, set_up
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.claims import Claims, Pace
from smartapp.messages.contact import Meanings, read_meanings
from smartapp.messages.delivery import PortalDelivery
from smartapp.messages.ledger import Ledger
from smartapp.messages.policy.practice import PracticeWords, read_practice_words, use_practice_words
from smartapp.messages.queue import MessageQueue
from smartapp.messages.record import CHANNELS
from smartapp.messages.routing import PracticeRules, practice_rules
from smartapp.messages.sequence_runs import SequenceRuns
from smartapp.messages.sequences import built_in_sequences
from smartapp.messages.worker import Rhythm, Worker
from smartapp.persistence.charts import ChartStore
from smartapp.persistence.engine import open_engine
from smartapp.persistence.migrate import upgrade
from smartapp.persistence.practice import GapRemarks, PracticeSettings
from smartapp.persistence.registrations import Secrets, SqlEhrRegistry, SqlKeyStore
from smartapp.persistence.sessions import SqlSessionStore
from smartapp.persistence.vault import DatabaseVault, master_key
from smartapp.reading.panel import PanelReader
from smartapp.reading.reader import AccessToken, Reader, codes_from
from smartapp.reading.results import Limits
from smartapp.services.backend import Backend
from smartapp.services.chart import ChartService
from smartapp.services.enabled import Enabled, chosen
from smartapp.services.enrolment import Enrolment
from smartapp.services.lanes import Lanes
from smartapp.services.message_desk import MessageDesk
from smartapp.services.outreach import OutreachService
from smartapp.services.panel_engine import ChartPanelEngine, EngineBySize
from smartapp.services.panel_sql import SqlPanelEngine
from smartapp.services.population import PopulationService
from smartapp.services.practice_choices import PracticeChoices
from smartapp.services.practice_settings import Section, practice_sections
from smartapp.services.read_back import ReadBack
from smartapp.services.recheck import Recheck, may_leave
from smartapp.services.reengagement import Reengagement
from smartapp.services.routed import Practice, Router
from smartapp.services.sms_replies import SmsReplies
from smartapp.services.wordings import Wordings

_CHARTS_AT_ONCE = 8
_LISTS_AT_ONCE = 4


def utc_now() -> datetime:
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
class Core:
    """The app's parts below the web; made by :func:`open_core`."""

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
    def practice_sections(self) -> tuple[Section, ...]:
        """What the practice has settled about writing to patients, for staff to read."""
        own = self.settings.practice_words
        return practice_sections(
            self.settings,
            lambda name: origin_of(self.settings, name, self.environ),
            rules=self.rules,
            choices=self.choices,
            words=PracticeWords() if own is None else read_practice_words(own),
            sequences=built_in_sequences(),
        )

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
    def rules(self) -> PracticeRules:
        """The routing rules: the app's, with the practice's own laid over them."""
        return practice_rules(self.settings.routing_rules)

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
    def opt_outs(self) -> OptOuts:
        return OptOuts(self.ledger)

    @cached_property
    def charts(self) -> ChartStore:
        return ChartStore(self.engine, self.vault, self.outside.clock)

    @cached_property
    def remarks(self) -> GapRemarks:
        return GapRemarks(self.engine, self.vault, self.audit, self.outside.clock, self.outside.entropy)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.engine, self.vault, self.audit, clock=self.outside.clock, entropy=self.outside.entropy)

    @cached_property
    def queue(self) -> MessageQueue:
        return MessageQueue(self.ledger, second_person=self.settings.second_approver)

    @cached_property
    def claims(self) -> Claims:
        settings = self.settings
        pace = Pace(attempts=settings.message_attempts, per_minute=dict.fromkeys(CHANNELS, settings.message_rate))
        return Claims(self.ledger, self.outside.monotonic, lease=float(settings.worker_lease), pace=pace)

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
    def outreach(self) -> OutreachService:
        return OutreachService(
            queue=self.queue, practice=self.practice, router=self.router, wordings=self.wordings, runs=self.sequences
        )

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self.ledger)

    @cached_property
    def sequences(self) -> SequenceRuns:
        return SequenceRuns(self.ledger)

    @cached_property
    def wordings(self) -> Wordings:
        return Wordings(self.practice, self.approvals)

    @property
    def practice(self) -> Practice:
        return Practice(self.settings.practice_name, self.settings.practice_phone)

    @cached_property
    def router(self) -> Router:
        return Router(
            queue=self.queue,
            opt_outs=self.opt_outs,
            measures={measure.id: measure for measure in self.enabled.measures},
            practice=self.practice,
            clock=self.outside.clock,
            channels=("portal", *set_up(self.settings)),
            reengaged=self.sequences.care_may_follow,
            reviewed=self.approvals.is_reviewed,
            rules=self.rules.rules,
        )

    @cached_property
    def enrolment(self) -> Enrolment:
        return Enrolment(
            population=self.population,
            chart=self.chart,
            outreach=self.outreach,
            wordings=self.wordings,
            approvals=self.approvals,
            queue=self.queue,
            runs=self.sequences,
            store=self.charts,
            clock=self.outside.clock,
            entropy=self.outside.entropy,
        )

    @cached_property
    def calls(self) -> Calls:
        return Calls(self.ledger, self.queue, self.opt_outs, self.rules.rules.caps["voice"])

    @cached_property
    def desk(self) -> MessageDesk:
        return MessageDesk(self.queue, self.calls)

    @cached_property
    def replies(self) -> SmsReplies:
        return SmsReplies(
            self.settings.sms_webhook_secret,
            queue=self.queue,
            opt_outs=self.opt_outs,
            registry=self.registry,
            audit=self.audit,
            practice=self.practice,
            clock=self.outside.clock,
        )

    @cached_property
    def backend(self) -> Backend:
        """The app's own access to EHRs, which only the worker uses."""
        scopes = self.enabled.scopes("chart")
        return Backend(self.launch.backend, self.registry, self.fetcher, self.outside.clock, scopes)

    @cached_property
    def worker(self) -> Worker:
        """The queue's worker, with the app's own backend access."""
        clock, backend = self.outside.clock, self.backend

        def token(handle: str, rejected: str | None) -> str | None:
            ehr = self.registry.by_name(handle)
            return None if ehr is None else backend.access_token(ehr, rejected)

        chart = self.chart_with(token)
        reengagement = Reengagement(
            runs=self.sequences,
            queue=self.queue,
            outreach=self.outreach,
            wordings=self.wordings,
            approvals=self.approvals,
            opt_outs=self.opt_outs,
            backend=backend,
            chart=chart,
            clock=clock,
        )
        read_back = ReadBack(queue=self.queue, opt_outs=self.opt_outs, port_for=backend.port_for, clock=clock)
        recheck = Recheck(
            backend=backend,
            chart=chart,
            remarks=self.remarks,
            opt_outs=self.opt_outs,
            router=self.router,
            audit=self.audit,
            clock=clock,
        )
        system = f"{self.settings.public_url}/messages"
        return Worker(
            self.claims,
            {
                "portal": PortalDelivery(backend.port_for, clock, system),
                **outside_the_portal(
                    self.settings,
                    fetcher=self.fetcher,
                    opt_outs=self.opt_outs,
                    may_leave=may_leave,
                    task=PortalDelivery(backend.port_for, clock, system, ("Task",)),
                    clock=clock,
                ),
            },
            recheck,
            vault=self.vault,
            monotonic=self.outside.monotonic,
            rhythm=Rhythm(most=32),
            chores=[self.launch.sessions.end_overdue, self.calls.settle, reengagement.carry_on, read_back.look],
        )


def open_core(settings: Settings, environ: Mapping[str, str], outside: Outside | None = None) -> Core:
    """Open the database (bringing its tables up to date), the keys and the audit trail.

    Raises ``ConfigurationError`` for settings that cannot work, ``VaultError`` where the keys do not open the database.
    """
    outside = outside or Outside()
    engine = open_engine(settings.sqlalchemy_url)
    upgrade(engine)
    masters = [master_key(key) for key in (settings.secret_key, *settings.previous_secret_keys)]
    vault = DatabaseVault(engine, masters, entropy=outside.entropy, clock=outside.clock, monotonic=outside.monotonic)
    vault.prepare()
    audit = AuditTrail(engine, vault, outside.clock)
    audit.prepare()
    if settings.practice_words is not None:
        use_practice_words(read_practice_words(settings.practice_words))
    return Core(settings, outside, environ, engine, vault, audit)


def _all_or(names: tuple[str, ...]) -> tuple[str, ...] | None:
    return None if names == ("*",) else names
