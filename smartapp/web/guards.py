"""Every route declares who may use it; a route that does not cannot be served.

``@public`` is for the few addresses outside a launch. ``@within_launch(*roles)`` loads the launch named in the
path, checks its cookie and the user's role, and leaves the context in ``g.launch``. The role comes from the
EHR or the practice's own list of users, never from the request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from launch.cookies import launch_cookie
from smartapp.errors import ConfigurationError, NotAllowedError

View = TypeVar("View", bound=Callable[..., Any])

CLINICIAN, COORDINATOR, ADMINISTRATOR = "clinician", "coordinator", "administrator"
EVERY_ROLE = (CLINICIAN, COORDINATOR, ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may use a route: anybody, or the given roles within a launch."""

    roles: tuple[str, ...] | None

    @property
    def is_public(self) -> bool:
        return self.roles is None


_ATTRIBUTE = "__guard__"
_OTHER_ROLE = "Your role in this practice does not include this action."
_UNREAD_ROLE = (
    "The EHR could not say what your role is, so this action stays closed. Nothing was done; "
    "open the app from the EHR again to have your role read anew."
)


def public(view: View) -> View:
    """Anybody may use this route; it shows and does nothing of a patient's."""
    setattr(view, _ATTRIBUTE, Guard(None))
    return view


def within_launch(*roles: str) -> Callable[[View], View]:
    """Only within a live launch, by a user who has one of ``roles`` (default: all)."""

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, Guard(roles or EVERY_ROLE))
        return view

    return mark


def guard_of(app: Flask, endpoint: str) -> Guard | None:
    """The guard that a route declares, or None."""
    return getattr(app.view_functions[endpoint], _ATTRIBUTE, None)


def declare_public(app: Flask, *endpoints: str) -> None:
    """Declare routes public whose functions are not ours to mark (the framework's, the launch's)."""
    for endpoint in endpoints:
        public(app.view_functions[endpoint])


def install(app: Flask) -> None:
    """Refuse to start with an unguarded route, and enforce the guards on every request."""
    bare = sorted(name for name in app.view_functions if guard_of(app, name) is None)
    if bare:
        raise ConfigurationError(
            "config.unguarded-route", f"These routes declare no guard: {', '.join(bare)}.", status=500
        )
    app.before_request(_enforce)


def _enforce() -> None:
    if request.endpoint is None:
        return  # no such address: the error handler answers 404
    guard = guard_of(current_app, request.endpoint)
    assert guard is not None
    if guard.is_public:
        return
    parts = current_app.extensions["smartapp"]
    handle = (request.view_args or {})["handle"]
    launch = parts.sessions.load(handle, request.cookies.get(launch_cookie(handle)))
    g.launch = launch
    if launch.user.role not in (guard.roles or ()):
        parts.audit.record(
            "web.role-refused",
            "refused",
            actor=launch.user.reference,
            tenant=launch.tenant,
            launch=handle,
            patient=f"Patient/{launch.patient}" if launch.patient else None,
            detail={"endpoint": request.endpoint},
        )
        raise NotAllowedError("web.role", _OTHER_ROLE if launch.user.role_read else _UNREAD_ROLE)
