"""What commands share: the settings of the environment, opened once."""

from __future__ import annotations

import logging
import os

from smartapp.audit.logs import configure_logging
from smartapp.config import load
from smartapp.core import Core, open_core


def core_from_environment() -> Core:
    """The app's parts, as the environment says; raises ``ConfigurationError`` naming what is wrong."""
    settings = load(os.environ)
    configure_logging(settings.log_level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return open_core(settings, os.environ)
