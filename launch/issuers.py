"""The EHRs we may be launched by: what an administrator registered, checked when it is made.

Nothing an EHR or a browser says later can widen a registration: which addresses get a secret,
which algorithms sign, who may frame the app and who may do what are all stated here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from launch.errors import LaunchError
from launch.scopes import Syntax
from launch.urls import checked_base, checked_origin, checked_url, host_of, is_loopback, origin

Auth = Literal["public", "client_secret_basic", "private_key_jwt"]
Role = Literal["clinician", "coordinator", "administrator"]

AUTHS: tuple[Auth, ...] = ("public", "client_secret_basic", "private_key_jwt")
ROLES: tuple[Role, ...] = ("clinician", "coordinator", "administrator")
SIGNING = ("RS384", "ES384")
"""The two algorithms an asymmetric client shall support (SMART 2.2.0, client authentication)."""
ID_TOKEN_ALGORITHMS = ("RS256", "RS384", "ES256", "ES384")
ENDPOINTS = ("authorization", "token", "jwks", "revocation", "introspection")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_TEXT = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class RegisteredEhr:
    """One EHR and how it knows this app. ValueError when made from what cannot be right.

    ``fhir_base`` is the FHIR server (SMART's ``iss`` and ``aud``), ``issuer`` the OpenID issuer,
    which may differ; both without a slash at the end for the base, exactly as written for the
    issuer. ``secret`` and keys are never held here: ``secret`` is a reference for SecretSource.
    ``endpoints`` replaces what discovery says, by name (see ENDPOINTS), and is the only way to
    let an endpoint live on another host. ``users`` gives roles by FHIR reference
    (``Practitioner/12``) or by the subject of the ID token; ``role_codes`` by
    PractitionerRole code (``system|code``). ``own_callback`` gives the EHR a redirect address of its
    own: what tells two EHRs apart where one does not name itself in its answers (RFC 9700, 4.4.2.2).
    ``open`` marks a server without authorization.
    ``untested_since`` is the date of the facts behind a preset that nobody has tried.
    """

    name: str
    fhir_base: str
    client_id: str = ""
    auth: Auth = "public"
    issuer: str = ""
    tenant: str = "default"
    secret: str | None = None
    signing: str = "ES384"
    backend_client_id: str | None = None
    scope_syntax: Syntax | Literal["auto"] = "auto"
    endpoints: Mapping[str, str] = field(default_factory=dict)
    id_token_algorithms: tuple[str, ...] = ID_TOKEN_ALGORITHMS
    frame_ancestors: tuple[str, ...] = ()
    users: Mapping[str, Role] = field(default_factory=dict)
    role_codes: Mapping[str, Role] = field(default_factory=dict)
    own_callback: bool = False
    open: bool = False
    untested_since: str | None = None

    def __post_init__(self) -> None:
        base = checked_base(self.fhir_base, "The FHIR base")
        object.__setattr__(self, "fhir_base", base)
        object.__setattr__(self, "issuer", self.issuer or base)
        checked_url(self.issuer, "The issuer")
        for name, value in (("name", self.name), ("tenant", self.tenant)):
            _require(bool(_NAME.fullmatch(value)), f"The {name} must be letters, digits, dots and dashes")
        self._check_client()
        self._check_overrides()
        for name in ("id_token_algorithms", "frame_ancestors"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("endpoints", "users", "role_codes"):
            object.__setattr__(self, name, dict(getattr(self, name)))

    def _check_client(self) -> None:
        for flag, what in (
            (self.open, "a server is open"),
            (self.own_callback, "it has a redirect address of its own"),
        ):
            _require(isinstance(flag, bool), f"Whether {what} must be true or false")
        _require(self.auth in AUTHS, f"The client authentication must be one of {', '.join(AUTHS)}")
        _require(self.signing in SIGNING, f"The signing algorithm must be one of {', '.join(SIGNING)}")
        _require(
            self.open or bool(_TEXT.fullmatch(self.client_id)),
            "The client id must be printable text without spaces",
        )
        if self.backend_client_id is not None:
            _require(
                bool(_TEXT.fullmatch(self.backend_client_id)),
                "The backend client id must be printable text without spaces",
            )
        needs_secret = self.auth == "client_secret_basic"
        _require(needs_secret == bool(self.secret), "A client secret goes with client_secret_basic only")
        # RFC 6749, 2.3.1: the colon separates the two in HTTP Basic.
        _require(not (needs_secret and ":" in self.client_id), "The client id must not hold a colon")

    def _check_overrides(self) -> None:
        syntaxes = ("auto", "v1", "v2", "v2-plain")
        _require(self.scope_syntax in syntaxes, f"The scope syntax must be one of {', '.join(syntaxes)}")
        for name, url in self.endpoints.items():
            _require(name in ENDPOINTS, f"An endpoint must be one of {', '.join(ENDPOINTS)}")
            checked_url(url, f"The {name} endpoint")
        _require(bool(self.id_token_algorithms), "At least one algorithm must be allowed for ID tokens")
        for algorithm in self.id_token_algorithms:
            _require(
                algorithm in ID_TOKEN_ALGORITHMS,
                f"ID tokens may be signed with {', '.join(ID_TOKEN_ALGORITHMS)}",
            )
        for ancestor in self.frame_ancestors:
            checked_origin(ancestor, "A frame ancestor")
        for role in (*self.users.values(), *self.role_codes.values()):
            _require(role in ROLES, f"A role must be one of {', '.join(ROLES)}")

    @property
    def on_loopback(self) -> bool:
        """Whether the FHIR server is on this machine."""
        return is_loopback(host_of(self.fhir_base))

    @property
    def origins(self) -> frozenset[str]:
        """Where endpoints may live without being registered one by one."""
        return frozenset({origin(self.fhir_base), origin(self.issuer)})

    def permits_endpoint(self, name: str, url: str) -> bool:
        """Whether a secret may be sent to this address as this EHR's endpoint of that name."""
        return self.endpoints[name] == url if name in self.endpoints else origin(url) in self.origins

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for storage; ``from_dict`` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RegisteredEhr:
        """Check and make a registration from plain values. ValueError names what is wrong."""
        unknown = set(values) - {one.name for one in fields(cls)}
        _require(not unknown, f"Unknown: {', '.join(sorted(unknown))}")
        lists: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        try:
            return cls(**lists)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"The registration is incomplete or of the wrong types: {error}") from error


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


class StaticRegistry:
    """An EhrRegistry over registrations that are all known at the start."""

    def __init__(self, ehrs: Iterable[RegisteredEhr]) -> None:
        self._ehrs = tuple(sorted(ehrs, key=lambda ehr: ehr.name))
        for what in ("name", "fhir_base"):
            values = [getattr(ehr, what) for ehr in self._ehrs]
            _require(len(set(values)) == len(values), f"Two EHRs are registered with one {what}")

    def by_fhir_base(self, fhir_base: str) -> RegisteredEhr | None:
        """See launch.ports.EhrRegistry."""
        return next((ehr for ehr in self._ehrs if ehr.fhir_base == fhir_base), None)

    def by_name(self, name: str) -> RegisteredEhr | None:
        """See launch.ports.EhrRegistry."""
        return next((ehr for ehr in self._ehrs if ehr.name == name), None)

    def all(self) -> Sequence[RegisteredEhr]:
        """See launch.ports.EhrRegistry."""
        return self._ehrs


def unknown_issuer() -> LaunchError:
    """The refusal of an EHR nobody registered. It does not repeat what was asked for."""
    return LaunchError(
        "launch.unknown-issuer",
        "This EHR is not registered with the app. An administrator can add it.",
        status=403,
    )


def match_iss(iss: str, ehr: RegisteredEhr | None) -> RegisteredEhr:
    """The EHR looked up for an ``iss``, if it is exactly that; LaunchError ``launch.unknown-issuer``.

    The registry is asked with ``canonical_iss``; comparing again here keeps a store that folds
    case or trims blanks from accepting more than was registered.
    """
    if ehr is None or canonical_iss(iss) != ehr.fhir_base:
        raise unknown_issuer()
    return ehr


def canonical_iss(iss: str) -> str:
    """``iss`` without one slash at its end: the only variation that is accepted."""
    return iss.removesuffix("/")
