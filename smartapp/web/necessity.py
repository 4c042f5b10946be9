"""The "minimum necessary" panel: asked, granted and used, and which enabled rules need it (45 CFR 164.502(b))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from launch.context import LaunchContext
from launch.scopes import Scope, permits
from smartapp.services.enabled import ScopeReason
from smartapp.services.snapshot import Snapshot
from smartapp.web.labels import CATEGORIES, KINDS


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """One scope: what it opens in words, whether it was granted, what was read with it, who needs it."""

    scope: str
    what: str
    granted: bool
    used: str
    why: str


@dataclass(frozen=True, slots=True)
class Necessity:
    summary: str
    lines: Sequence[ScopeLine]
    extra: Sequence[str]
    reads: Sequence[object]
    skipped: Sequence[str]


def necessity(
    launch: LaunchContext, snapshot: Snapshot, reasons: Sequence[ScopeReason], titles: Mapping[str, str]
) -> Necessity:
    """The panel of one launch. ``titles`` are the page's words for the rules that need a scope."""
    used: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
    for read in snapshot.reads:
        if read.requests:
            used[_place(Scope.parse(read.scope))] = used.get(_place(Scope.parse(read.scope)), 0) + read.resources
    lines = [
        ScopeLine(
            scope=str(reason.scope),
            what=scope_text(reason.scope),
            granted=permits(launch.granted, reason.scope),
            used=_used(used.get(_place(reason.scope))),
            why=_why(reason, titles),
        )
        for reason in reasons
    ]
    granted = sum(line.granted for line in lines)
    return Necessity(
        summary=f"{len(lines)} kinds of access asked for, {granted} granted; "
        f"{sum(r.requests for r in snapshot.reads)} requests to the EHR.",
        lines=lines,
        extra=[scope_text(scope) for scope in launch.scopes.extra],
        reads=snapshot.reads,
        skipped=snapshot.skipped[:20],
    )


def scope_text(scope: Scope) -> str:
    """A scope in words: "Observations (laboratory)"."""
    codes = [value.rpartition("|")[2] for _, value in scope.params]
    categories = [CATEGORIES.get(code, code) for code in codes]
    return KINDS.get(scope.resource, scope.resource) + (f" ({', '.join(categories)})" if categories else "")


def _place(scope: Scope) -> tuple[str, tuple[tuple[str, str], ...]]:
    return scope.resource, scope.params


def _used(count: int | None) -> str:
    if count is None:
        return "not used"
    return "1 resource" if count == 1 else f"{count} resources"


def _why(reason: ScopeReason, titles: Mapping[str, str]) -> str:
    names = [titles.get(name, name) for name in reason.needed_by]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown}{'' if reason.essential else ' (refines the answer)'}"
