"""A whole SMART EHR on a free port that behaves until a test tells it otherwise, and remembers all it was asked.

It plays discovery, the authorization server and FHIR reads of two patients. Every answer can be replaced under its
name (``ehr.on("token", …)``), and whatever it hands out that must stay secret is kept in ``secrets``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from support.hostile_ehr import Reply, searchset
from support.smart_patients import PATIENTS, RESOURCES, owner_of

CLIENT = "app-client"
Key = RSAKey | ECKey


@cache
def signing_key(number: int = 0) -> RSAKey:
    """An RSA key made once for all tests."""
    return RSAKey.generate_key(2048, {"kid": f"key-{number}", "use": "sig"})


def sign(header: Mapping[str, Any], payload: bytes, key: Any) -> str:
    """A compact JWS with whatever header and payload a test wants."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = 10_000_000
    return jws.serialize_compact(dict(header), payload, key, registry=registry)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Asked:
    """One request as it came. ``kind`` is the name under which it is answered, ``headers`` have small names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    kind: str

    @property
    def params(self) -> dict[str, str]:
        """Query and form together; the last value of each name."""
        text = self.query + "&" + self.body.decode("latin-1")
        return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization")

    @property
    def whole(self) -> str:
        """Everything of it, to look for what must not be there."""
        return "\n".join([self.path, self.query, *self.headers.values(), self.body.decode("latin-1")])


Answer = Callable[[Asked], Reply]


class Recorder:
    """A server that keeps what it is asked. On its own it stands for "elsewhere": whoever asks it has been fooled."""

    def __init__(self) -> None:
        self.origin = ""
        self.asked: list[Asked] = []

    def kind_of(self, path: str) -> str:
        return path

    def answer(self, asked: Asked) -> Reply:
        return Reply({"resourceType": "Bundle", "type": "searchset"})

    def take(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.answer(asked)


class SmartEhr(Recorder):
    """An EHR whose FHIR base is ``base``. ``claims``, ``header``, ``tokens`` and ``refreshed`` bend the usual answers
    (Ellipsis takes a member out); ``roles`` are the PractitionerRoles of its one user.
    """

    def __init__(self, clock: Callable[[], datetime], name: str) -> None:
        super().__init__()
        self.name = name
        self.clock = clock
        self.key: Any = signing_key()
        self.keys: list[Any] = [self.key]
        self.header: dict[str, Any] = {"alg": "RS256", "kid": self.key.kid}
        self.claims: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.refreshed: dict[str, Any] = {}
        self.configuration: dict[str, Any] = {}
        self.roles: list[dict[str, Any]] = []
        self.patients = dict(PATIENTS)
        self.resources = list(RESOURCES)
        self.secrets: list[str] = []
        self.valid: set[str] = set()
        self.make_id_token: Callable[[str], Any] = self.id_token
        self._answers: dict[str, Answer] = {}
        self._launches: dict[str, str] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh: dict[str, dict[str, str]] = {}

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def on(self, kind: str, *replies: Reply | Answer) -> None:
        """Answer requests of a kind with these in turn; the last one again and again."""
        left, lock = list(replies), threading.Lock()

        def answer(asked: Asked) -> Reply:
            with lock:
                one = left.pop(0) if len(left) > 1 else left[0]
            return one(asked) if callable(one) else one

        self._answers[kind] = answer

    def of(self, *kinds: str) -> list[Asked]:
        return [one for one in self.asked if one.kind in kinds]

    @property
    def reads(self) -> list[Asked]:
        """The requests to the FHIR server, sign-in aside."""
        return [one for one in self.asked if one.kind[0].isupper() and not one.kind.startswith("Practitioner")]

    def launch_for(self, patient: str) -> str:
        """An opaque launch token for the chart of one patient."""
        token = self._secret("LT")
        self._launches[token] = patient
        return token

    def kind_of(self, path: str) -> str:
        if path.startswith("/fhir/"):
            first = path.removeprefix("/fhir/").split("/")[0]
            return "configuration" if first == ".well-known" and "smart" in path else first
        return path.rsplit("/", 1)[-1]

    def answer(self, asked: Asked) -> Reply:
        chosen = self._answers.get(asked.kind)
        return chosen(asked) if chosen else self.usual(asked)

    def usual(self, asked: Asked) -> Reply:
        """What a well-behaved EHR would answer."""
        own = {
            "configuration": self._configuration, "jwks": self._jwks, "authorize": self._authorize,
            "token": self._token, "revoke": lambda _: Reply({}),
        }.get(asked.kind)  # fmt: skip
        if own is not None:
            return own(asked)
        if not asked.path.startswith("/fhir/"):
            return Reply({"error": "not found"}, 404)
        if (asked.token or "").removeprefix("Bearer ") not in self.valid:
            return Reply({"resourceType": "OperationOutcome"}, 401)
        return self._fhir(asked)

    def _configuration(self, _: Asked) -> Reply:
        return Reply(
            _without_ellipsis({
                "issuer": self.base,
                "authorization_endpoint": f"{self.origin}/auth/authorize",
                "token_endpoint": f"{self.origin}/auth/token",
                "revocation_endpoint": f"{self.origin}/auth/revoke",
                "jwks_uri": f"{self.origin}/auth/jwks",
                "capabilities": ["launch-ehr", "permission-v2", "permission-online", "sso-openid-connect"],
                "code_challenge_methods_supported": ["S256"],
                "grant_types_supported": ["authorization_code"],
                **self.configuration,
            })
        )  # fmt: skip

    def _jwks(self, _: Asked) -> Reply:
        return Reply({"keys": [dict(key.as_dict(private=False)) for key in self.keys]})

    def _authorize(self, asked: Asked) -> Reply:
        params = asked.params
        code = self._secret("CODE")
        self._codes[code] = params
        back = urlencode({"code": code, "state": params["state"]})
        return Reply(b"", 302, {"Location": f"{params['redirect_uri']}?{back}"})

    def _token(self, asked: Asked) -> Reply:
        form = asked.params
        if form["grant_type"] == "client_credentials":
            return Reply({"token_type": "Bearer", "access_token": self._access(), "expires_in": 300})
        if form["grant_type"] == "refresh_token":
            granted = self._refresh.pop(form["refresh_token"], None)
            if granted is None:
                return Reply({"error": "invalid_grant"}, 400)
            return Reply(_without_ellipsis(self._issued(granted) | self.refreshed))
        self.secrets.append(form["code_verifier"])
        params = self._codes.pop(form["code"], {})
        if params.get("code_challenge") != b64(hashlib.sha256(form["code_verifier"].encode()).digest()):
            return Reply({"error": "invalid_grant"}, 400)
        made = self._issued(params) | {"id_token": self.make_id_token(params["nonce"])}
        patient = self._launches.get(params.get("launch", ""), "p1" if "launch/patient" in params["scope"] else ...)
        return Reply(_without_ellipsis({"patient": patient, "need_patient_banner": True, **made, **self.tokens}))

    def _issued(self, params: dict[str, str]) -> dict[str, Any]:
        renewal = self._secret("RT")
        self._refresh[renewal] = params
        return {
            "token_type": "Bearer",
            "expires_in": 300,
            "access_token": self._access(),
            "refresh_token": renewal,
            "scope": params["scope"],
        }

    def id_token(self, nonce: str, **claims: Any) -> str:
        now = int(self.clock().timestamp())
        stated = {
            "iss": self.base, "aud": CLIENT, "sub": "user-1", "nonce": nonce, "iat": now, "exp": now + 300,
            "fhirUser": f"{self.base}/Practitioner/doc-1", **self.claims, **claims,
        }  # fmt: skip
        made = sign(self.header, json.dumps(_without_ellipsis(stated)).encode(), self.key)
        self.secrets.append(made)
        return made

    def _fhir(self, asked: Asked) -> Reply:
        parts = asked.path.removeprefix("/fhir/").split("/")
        if parts[0] == "Patient" and len(parts) == 2:
            found = self.patients.get(parts[1])
            return Reply(found) if found else Reply({"resourceType": "OperationOutcome"}, 404)
        if parts[0] == "Practitioner":
            name = [{"given": ["Ada"], "family": "Lind"}]
            return Reply({"resourceType": "Practitioner", "id": parts[1], "name": name})
        if parts[0] == "PractitionerRole":
            return Reply(searchset(*self.roles))
        if parts[0] == "Group":
            groups = {one["id"]: one for one in self.resources if one["resourceType"] == "Group"}
            return (
                Reply(searchset(*groups.values()))
                if len(parts) == 1 or parts[1] == "_search"
                else (
                    Reply(groups[parts[1]]) if parts[1] in groups else Reply({"resourceType": "OperationOutcome"}, 404)
                )
            )
        wanted = asked.params.get("patient", asked.params.get("subject", ""))
        found = [one for one in self.resources if one["resourceType"] == parts[0] and owner_of(one) == wanted]
        return Reply(searchset(*found))

    def _access(self) -> str:
        token = self._secret("AT")
        self.valid.add(token)
        return token

    def _secret(self, kind: str) -> str:
        made = f"{kind}-{secrets.token_urlsafe(24)}"
        self.secrets.append(made)
        return made


def _without_ellipsis(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not Ellipsis}


@contextmanager
def serving(recorder: Recorder) -> Iterator[None]:
    """Let it listen on a free port of 127.0.0.1 for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with suppress(ConnectionError):  # who was tired of us has hung up
                super().handle()

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            kind = recorder.kind_of(parts.path)
            reply = recorder.take(Asked(self.command, parts.path, parts.query, headers, body, kind))
            self._reply(reply, reply.bytes())

        def _reply(self, reply: Reply, body: bytes) -> None:
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                if "Content-Length" not in reply.headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if reply.drip is not None:
                    reply.drip(self.wfile)
                else:
                    self.wfile.write(body)
            except OSError:  # the client has hung up, as it should
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    recorder.origin = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
