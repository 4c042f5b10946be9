"""The app's settings: read once at the edge, checked, frozen.

Every setting is one field of :class:`Settings`, with its description beside it. Parsing, the error
messages and the table in the documentation (:func:`describe`) all come from these fields.

Sources, strongest first: the environment (``SMARTAPP_PUBLIC_URL``), a file named by the environment
for a secret (``SMARTAPP_SECRET_KEY_FILE``), the TOML file named by ``SMARTAPP_CONFIG``.
"""

# ruff: noqa: RUF009  (_setting returns a dataclass field)
from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from smartapp import setting_values as values
from smartapp.errors import ConfigurationError
from smartapp.setting_values import PREFIX

ENVIRONMENTS = ("production", "development", "demo")


def _setting(parse: Callable[[str, str], Any], about: str, default: Any = MISSING, *, secret: bool = False) -> Any:
    metadata = {"parse": parse, "about": about, "secret": secret}
    if default is MISSING:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one running app. Durations are seconds, sizes bytes, rates per minute."""

    public_url: str = _setting(
        values.public_url,
        "The one address of the app, from which redirect URIs and cookies are made. http only on loopback.",
    )
    secret_key: str = _setting(
        values.check_secret,
        "At least 32 random characters. Signs cookies and wraps the keys that encrypt the database. "
        "Keep it out of the database and its backups.",
        secret=True,
    )
    previous_secret_keys: tuple[str, ...] = _setting(
        values.secrets,
        "Earlier secret keys, separated by commas: what they wrapped stays readable until `smartapp keys rotate`.",
        (),
        secret=True,
    )
    environment: str = _setting(values.one_of(*ENVIRONMENTS), "production, development or demo.", "production")
    data_dir: Path = _setting(values.folder, "Folder for the default database and other files of the app.", Path("var"))
    database_url: str = _setting(
        values.text,
        "SQLAlchemy address of the database: sqlite:///… or postgresql+psycopg://…; "
        "empty: smartapp.db in the data folder.",
        "",
        secret=True,
    )
    measures: tuple[str, ...] = _setting(
        values.words, "Enabled measures, separated by commas; * is all. Scopes follow from them.", ("*",)
    )
    groups: tuple[str, ...] = _setting(
        values.words, "Enabled patient groups, separated by commas; * is all. Scopes follow from them.", ("*",)
    )
    value_sets: Path | None = _setting(
        values.folder, "Folder of official value sets (FHIR JSON with expansions) that replace the shipped ones.", None
    )
    practice_name: str = _setting(
        values.text, "The practice as patients know it; a name that reveals no specialty.", "Your care team"
    )
    practice_phone: str = _setting(values.text, "The number that messages ask patients to call.", "")
    time_zone: ZoneInfo = _setting(
        values.zone, "The practice's time zone: what “today” is on a chart.", ZoneInfo("UTC")
    )
    allow_open_servers: bool = _setting(
        values.flag,
        "Allow EHRs without authorization beyond loopback. Never in production.",
        False,
    )
    idle_timeout: int = _setting(values.whole(60, 86_400), "Seconds without a request after which a launch ends.", 900)
    absolute_timeout: int = _setting(values.whole(300, 86_400), "Seconds after which every launch ends.", 28_800)
    fetch_deadline: int = _setting(values.whole(1, 300), "Seconds that one request to an EHR may take in all.", 15)
    fetch_max_bytes: int = _setting(values.whole(10_000, 10**9), "Most bytes of one answer of an EHR.", 20_000_000)
    chart_max_resources: int = _setting(
        values.whole(100, 10**7), "Most resources of one search for a chart; more is said to be cut.", 20_000
    )
    form_max_bytes: int = _setting(values.whole(10_000, 10**8), "Most bytes of one request to the app.", 1_000_000)
    second_approver: bool = _setting(
        values.flag, "Whether a message must be approved by somebody other than its author.", False
    )
    message_attempts: int = _setting(
        values.whole(1, 50), "Attempts to deliver a message before it is set aside as a dead letter.", 8
    )
    message_rate: int = _setting(
        values.whole(0, 10**6), "Most messages per minute and channel, over all workers; 0 is no limit.", 0
    )
    worker_lease: int = _setting(
        values.whole(5, 1800), "Seconds without a sign of life after which a worker's message is taken over.", 120
    )
    smtp_host: str = _setting(values.text, "Mail server for neutral e-mail; empty: no e-mail is sent.", "")
    smtp_port: int = _setting(values.whole(1, 65_535), "Port of the mail server.", 587)
    smtp_user: str = _setting(values.text, "User name at the mail server, where it wants one.", "")
    smtp_password: str = _setting(values.text, "Password at the mail server.", "", secret=True)
    smtp_sender: str = _setting(values.text, "Address that e-mail comes from; a name that reveals no specialty.", "")
    sms_url: str = _setting(
        values.address_if_any, "Address of the SMS provider's HTTP interface; empty: no SMS is sent.", ""
    )
    sms_token: str = _setting(values.text, "Bearer token of the SMS provider.", "", secret=True)
    sms_sender: str = _setting(values.text, "Number that SMS come from, in E.164 form.", "")
    staff_channels: tuple[str, ...] = _setting(
        values.words_of("voice", "letter"),
        "Channels that staff use by hand, from a list: voice (calls), letter; separated by commas.",
        (),
    )
    consent_codes: Path | None = _setting(
        values.file, "TOML file that says what the EHR's consent codes mean, added to the built-in meanings.", None
    )
    routing_rules: Path | None = _setting(
        values.file,
        "TOML file of the practice's own routing rules, with the keys that it changes: see `smartapp settings rules`.",
        None,
    )
    practice_words: Path | None = _setting(
        values.file,
        "TOML file of the practice's own words for the content policy: names, neutral, and a table [revealing].",
        None,
    )
    sms_webhook_secret: str = _setting(
        values.secret_if_any,
        "Key by which the SMS provider signs replies that it posts to /hooks/sms; empty: no replies are taken.",
        "",
        secret=True,
    )
    log_level: str = _setting(values.one_of("debug", "info", "warning", "error"), "Least level that is logged.", "info")

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'smartapp.db'}"

    @property
    def is_https(self) -> bool:
        """Whether the app is reached by https (then HSTS is sent)."""
        return self.public_url.startswith("https://")

    def __post_init__(self) -> None:
        if self.allow_open_servers and self.environment == "production":
            raise values.refuse("allow_open_servers", "is never allowed in production")
        if self.idle_timeout > self.absolute_timeout:
            raise values.refuse("idle_timeout", "must not be longer than the absolute timeout")


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of the documentation's table of settings."""

    variable: str
    type: str
    default: str
    description: str


def describe() -> tuple[SettingRow, ...]:
    """Every setting as the documentation lists it, in the order of :class:`Settings`."""
    return tuple(
        SettingRow(
            PREFIX + item.name.upper(),
            _type_name(item),
            "required" if item.default is MISSING else _default_text(item.default),
            item.metadata["about"],
        )
        for item in fields(Settings)
    )


def _type_name(item: Field[Any]) -> str:
    if item.metadata["parse"] is values.file:
        return "file"
    names = {"str": "text", "int": "whole number", "bool": "true or false", "ZoneInfo": "time zone", "Path": "folder"}
    return names.get(str(item.type), "folder" if "Path" in str(item.type) else "list")


def _default_text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def load(environ: Mapping[str, str]) -> Settings:
    """Read, check and freeze the settings.

    Raises :class:`ConfigurationError` whose message names the setting that is missing or wrong;
    a value is never repeated in it.
    """
    from_file = _read_toml(environ.get(PREFIX + "CONFIG", ""))
    read: dict[str, Any] = {}
    for item in fields(Settings):
        raw = _raw(item, environ, from_file)
        if raw is not None:
            read[item.name] = item.metadata["parse"](item.name, raw)
        elif item.default is MISSING:
            raise ConfigurationError(
                "config.missing", f"{PREFIX}{item.name.upper()} is not set: {item.metadata['about']}"
            )
    return Settings(**read)


def setting_of(name: str, environ: Mapping[str, str]) -> Any:
    """One setting, or its default, also where others that are required are not set yet. Raises as :func:`load`."""
    item = next(one for one in fields(Settings) if one.name == name)
    raw = _raw(item, environ, _read_toml(environ.get(PREFIX + "CONFIG", "")))
    return item.default if raw is None else item.metadata["parse"](name, raw)


def origin_of(settings: Settings, name: str, environ: Mapping[str, str]) -> str:
    """Where a setting is set: the environment, the file by its name, the start of the app; empty for the default."""
    item = next(one for one in fields(Settings) if one.name == name)
    if _raw(item, environ, {}) is not None:
        return "the environment"
    path = environ.get(PREFIX + "CONFIG", "")
    if name in _read_toml(path):
        return f"the file {Path(path).name}"
    return "" if getattr(settings, name) == item.default else "given at the start"


def _raw(item: Field[Any], environ: Mapping[str, str], from_file: Mapping[str, str]) -> str | None:
    variable = PREFIX + item.name.upper()
    # An empty variable is how container set-ups say "not set".
    if environ.get(variable, "").strip():
        return environ[variable].strip()
    if item.metadata["secret"] and environ.get(variable + "_FILE"):
        try:
            return Path(environ[variable + "_FILE"]).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise values.refuse(item.name + "_file", "cannot be read") from None
    return from_file.get(item.name)


def _read_toml(path: str) -> dict[str, str]:
    if not path:
        return {}
    try:
        document = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise values.refuse("config", f"the file {path} cannot be read") from None
    except tomllib.TOMLDecodeError as error:
        raise values.refuse("config", f"the file {path} is not TOML: {error}") from None
    known = {item.name for item in fields(Settings)}
    for name in document:
        if name not in known:
            raise values.refuse("config", f"the file {path} names an unknown setting: {name}")
    return {name: _toml_text(name, value) for name, value in document.items()}


def _toml_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    if isinstance(value, str | int):
        return str(value)
    raise values.refuse(name, "must be text, a number, true or false, or a list of texts")
