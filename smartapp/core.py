"""The app below the web: all that its pages, its worker and its commands share.

``open_core`` is the one place where the clock, chance and the environment enter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from smartapp.audit.trail import AuditTrail
from smartapp.config import Settings, origin_of
from smartapp.foundation import Foundation, Outside
from smartapp.messages.approvals import Approvals
from smartapp.messages.calls import Calls
from smartapp.messages.channels.build import outside_the_portal, set_up
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.claims import Claims, Pace
from smartapp.messages.delivery import PortalDelivery
from smartapp.messages.ledger import Ledger
from smartapp.messages.policy.practice import PracticeWords, read_practice_words, use_practice_words
from smartapp.messages.queue import MessageQueue
from smartapp.messages.record import CHANNELS
from smartapp.messages.routing import PracticeRules, practice_rules
from smartapp.messages.sequence_runs import SequenceRuns
from smartapp.messages.sequences import built_in_sequences
from smartapp.messages.worker import Rhythm, Worker
from smartapp.persistence.engine import open_engine
from smartapp.persistence.migrate import upgrade
from smartapp.persistence.vault import DatabaseVault, master_key
from smartapp.services.enrolment import Enrolment
from smartapp.services.message_desk import MessageDesk
from smartapp.services.outreach import OutreachService
from smartapp.services.practice_settings import Section, practice_sections
from smartapp.services.read_back import ReadBack
from smartapp.services.recheck import Recheck, may_leave
from smartapp.services.reengagement import Reengagement
from smartapp.services.routed import Practice, Router
from smartapp.services.sms_replies import SmsReplies
from smartapp.services.wordings import Wordings


@dataclass(frozen=True)
class Core(Foundation):
    """Writing to patients, on what was read; made by :func:`open_core`."""

    def prepare(self) -> None:
        """Compile the rules and read the practice's own, so that a wrong file stops the start, not the first message.

        Raises what reading and compiling raise.
        """
        self.enabled.prepare()
        _ = self.rules

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
    def rules(self) -> PracticeRules:
        """The routing rules: the app's, with the practice's own laid over them."""
        return practice_rules(self.settings.routing_rules)

    @cached_property
    def opt_outs(self) -> OptOuts:
        return OptOuts(self.ledger)

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
