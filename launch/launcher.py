"""The first half of a launch: from the request that opens the app to the EHR's sign-in.

SMART App Launch 2.2.0: EHR launch, standalone launch, and either for a population. Nothing is
sent to an EHR that is not registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from launch.authorization import AuthorizationRequest, Secrets, authorization_request, digest
from launch.context import LaunchContext, blank_context
from launch.cookies import sign_in_cookie
from launch.discovery import Discovery, Metadata
from launch.errors import LaunchError
from launch.fhirids import is_fhir_id
from launch.identity import ROLE_SCOPE, User
from launch.issuers import RegisteredEhr, canonical_iss, match_iss, unknown_issuer
from launch.ports import Clock, DerivedScopes, EhrRegistry, Entropy, SessionStore, Vault, View
from launch.records import Pending
from launch.scopes import Scope, write
from launch.sessions import Sessions
from launch.trail import Trail
from launch.urls import checked_origin


@dataclass(frozen=True, slots=True)
class LaunchSettings:
    """What the deployment decides. ``public_url`` is the app's one address, an origin;
    redirect URIs come from it and never from a request. ``allow_open_servers`` lets a server
    without authorization be used that is not on this machine; ``local_operator`` is who works
    there, for the audit.
    """

    public_url: str
    allow_open_servers: bool = False
    local_operator: str = "local-operator"
    sign_in_life: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        object.__setattr__(self, "public_url", checked_origin(self.public_url, "The public URL"))

    def redirect_uri(self, ehr: RegisteredEhr) -> str:
        """Where an EHR sends the browser back to; exactly as it must be registered there."""
        return f"{self.public_url}/callback" + (f"/{ehr.name}" if ehr.own_callback else "")


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where to send the browser, and the cookie it must bring back."""

    ehr: RegisteredEhr
    request: AuthorizationRequest
    cookie_name: str
    cookie_value: str
    cookie_life: timedelta


class Launcher:
    """Begins launches; made by ``launch.build.build_launch``."""

    def __init__(
        self,
        *,
        settings: LaunchSettings,
        registry: EhrRegistry,
        discovery: Discovery,
        sessions: Sessions,
        store: SessionStore,
        vault: Vault,
        trail: Trail,
        clock: Clock,
        entropy: Entropy,
        derived_scopes: DerivedScopes,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._discovery = discovery
        self._sessions = sessions
        self._store = store
        self._vault = vault
        self._trail = trail
        self._clock = clock
        self._entropy = entropy
        self._derived_scopes = derived_scopes

    def begin_from_ehr(self, iss: str, launch: str, view: View = "chart") -> Begun:
        """An EHR opened us with its address and a launch token.

        Raises LaunchError ``launch.unknown-issuer`` before anything is sent anywhere, and the
        errors of ``Discovery.metadata``.
        """
        found = self._registry.by_fhir_base(canonical_iss(iss))
        with self._trail.attempt("launch.begin", found):
            return self._begin(match_iss(iss, found), view, launch)

    def begin_standalone(self, name: str, view: View) -> Begun:
        """The user chose an EHR by its registered name; errors as in ``begin_from_ehr``."""
        ehr = self._registry.by_name(name)
        with self._trail.attempt("launch.begin", ehr):
            if ehr is None:
                raise unknown_issuer()
            return self._begin(ehr, view, None)

    def is_open(self, name: str) -> bool:
        """Whether an EHR is registered as a server without authorization."""
        ehr = self._registry.by_name(name)
        return ehr is not None and ehr.open

    def open_server(self, name: str, view: View, patient: str | None) -> tuple[LaunchContext, str]:
        """Work on a server without authorization, as the named local operator.

        ``patient`` is the chart's patient. Returns the context and the secret for its cookie.
        Raises LaunchError ``launch.not-open`` unless the EHR is registered as open and on this
        machine, or the deployment allows others.
        """
        ehr = self._registry.by_name(name)
        with self._trail.attempt("launch.begin", ehr):
            if ehr is None:
                raise unknown_issuer()
            if not ehr.open or not (ehr.on_loopback or self._settings.allow_open_servers):
                raise LaunchError("launch.not-open", "This server may not be used without signing in.", status=403)
            if (patient is None) == (view == "chart") or not is_fhir_id(patient or "none"):
                raise LaunchError("launch.no-patient", "A chart needs one patient, a population none.")
            scopes = self._derived_scopes(view)
            user = User(self._settings.local_operator, "clinician", "Local operator")
            context = blank_context(ehr, "open", user, patient, scopes)
            return self._sessions.create(context, None)

    def _begin(self, ehr: RegisteredEhr, view: View, launch: str | None) -> Begun:
        if ehr.open:
            raise LaunchError("launch.is-open", "This server has no sign-in.", status=403)
        metadata = self._discovery.metadata(ehr)
        secrets = Secrets.new(self._entropy)
        asked = self._derived_scopes(view)
        request = authorization_request(
            ehr,
            metadata,
            secrets,
            redirect_uri=self._settings.redirect_uri(ehr),
            scope=" ".join(_words(ehr, metadata, asked, view, launched=launch is not None)),
            launch=launch,
        )
        key = digest(secrets.state)
        pending = Pending(
            ehr=ehr.name,
            view=view,
            launched=launch is not None,
            nonce=secrets.nonce,
            verifier=secrets.verifier,
            cookie=digest(secrets.cookie),
            asked=tuple(str(scope) for scope in asked),
            token_url=metadata.token or "",
            jwks_url=metadata.jwks,
            revocation_url=metadata.revocation,
            iss_expected=metadata.iss_in_response,
            expires_at=self._clock() + self._settings.sign_in_life,
        )
        self._trail.record("launch.begin", ehr, {"view": view})
        self._store.add_pending(key, pending.seal(self._vault, key), pending.expires_at)
        return Begun(ehr, request, sign_in_cookie(key), secrets.cookie, self._settings.sign_in_life)


def _words(
    ehr: RegisteredEhr, metadata: Metadata, asked: tuple[Scope, ...], view: View, *, launched: bool
) -> list[str]:
    """All scopes of a request: who signs in, which context, and what the views read."""
    words = ["openid", "fhirUser"]
    if launched:
        words.append("launch")
    elif view == "chart":
        words.append("launch/patient")
    # Only while the user is there: a token that outlives the session is never asked for.
    if "permission-online" in metadata.capabilities or not metadata.capabilities:
        words.append("online_access")
    return words + list(write((*asked, ROLE_SCOPE), metadata.syntax(ehr)))
