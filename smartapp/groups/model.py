"""What a group is, and who is in it and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from smartapp.criteria.nodes import Condition
from smartapp.measures.answers import Answers, Identified


class Dimension(StrEnum):
    """The three dimensions of segmentation (R1)."""

    DEMOGRAPHIC = "demographic"
    CLINICAL = "clinical"
    ENGAGEMENT = "engagement"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of patients.

    ``rule`` decides membership. ``meaning`` is the sentence that the page shows as the reason. ``source`` is the
    requirement's number or the publication. Groups of one ``family`` exclude each other. ``sensitive`` names the class
    of ``standards.md`` that membership itself reveals.
    """

    id: str
    title: str
    dimension: Dimension
    rule: Condition
    meaning: str
    source: str
    family: str = ""
    sensitive: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a patient is in a group: true, false or unknown, with the events it rests on and what was not read."""

    group: Group
    member: bool | None
    because: str
    events: tuple[Identified, ...] = ()
    missing: tuple[str, ...] = ()


def membership(group: Group, kleene: Answers, evidence: Sequence[Identified] = ()) -> Membership:
    """The membership of one patient, from Kleene answers."""
    member = kleene.truth(group.rule)
    if member is None:
        missing = tuple(kleene.missing(group.rule))
        return Membership(group, None, f"Cannot be told: {group.meaning}", (), missing)
    return Membership(group, member, group.meaning if member else f"Not: {group.meaning}", tuple(evidence))
