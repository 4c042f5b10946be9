"""The parts of the sandbox, made once and handed to every page and endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from .client_auth import ClientAuthentication, FetchJwks
from .clients import Clients
from .database import Database
from .grants import Grants
from .keys import SigningKey
from .settings import Clock, Entropy, SandboxSettings
from .store import Store
from .tickets import Tickets


@dataclass(frozen=True)
class Ehr:
    """Everything that a request may need."""

    settings: SandboxSettings
    clock: Clock
    entropy: Entropy
    database: Database
    store: Store
    tickets: Tickets
    grants: Grants
    clients: Clients
    authentication: ClientAuthentication
    key: SigningKey


def assemble(settings: SandboxSettings, clock: Clock, entropy: Entropy, fetch: FetchJwks) -> Ehr:
    """The parts over one database in ``settings.data``."""
    database = Database(settings.data / "sandbox.db")
    clients = Clients(database)
    return Ehr(
        settings=settings,
        clock=clock,
        entropy=entropy,
        database=database,
        store=Store(database, clock, entropy),
        tickets=Tickets(database, clock, entropy),
        grants=Grants(database, clock, entropy),
        clients=clients,
        authentication=ClientAuthentication(clients, database, clock, settings.token_url, fetch),
        key=SigningKey(database),
    )
