"""What the pages are given by ``create_app``: the use cases behind them, and nothing they could wire themselves."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from launch.ports import Clock, EhrRegistry
from launch.sessions import Sessions
from smartapp.audit.trail import AuditTrail
from smartapp.messages.approvals import Approvals
from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.persistence.practice import GapRemarks
from smartapp.services.chart import ChartService
from smartapp.services.enrolment import Enrolment
from smartapp.services.message_desk import MessageDesk
from smartapp.services.outreach import OutreachService
from smartapp.services.population import PopulationService
from smartapp.services.practice_settings import Section
from smartapp.services.sms_replies import SmsReplies


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the running app that a page may use."""

    sessions: Sessions
    registry: EhrRegistry
    audit: AuditTrail
    clock: Clock
    chart: ChartService
    remarks: GapRemarks
    outreach: OutreachService
    desk: MessageDesk
    enrolment: Enrolment
    replies: SmsReplies
    population: PopulationService
    opt_outs: OptOuts
    approvals: Approvals
    practice: tuple[Section, ...]


def parts() -> Parts:
    """The parts of the app that answers this request."""
    found: Parts = current_app.extensions["smartapp"]
    return found
