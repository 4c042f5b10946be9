"""Settings: what starts, what is refused, and that documentation comes from the same fields."""

from __future__ import annotations

import secrets
from dataclasses import fields
from pathlib import Path

import pytest

from launch.launcher import LaunchSettings
from smartapp.config import Settings, describe, load
from smartapp.errors import ConfigurationError
from smartapp.setting_values import check_secret

GOOD = "3f9c1e7ab2d84f60915c7de2b8a4f1036d5e9b27c0f8a1d4e6b39275c8d0fa14"
LEAST = {"SMARTAPP_PUBLIC_URL": "https://app.example.org", "SMARTAPP_SECRET_KEY": GOOD}


def test_the_least_settings_start_with_safe_defaults() -> None:
    settings = load(LEAST)
    assert settings.public_url == "https://app.example.org"
    assert settings.environment == "production"
    assert settings.is_https
    assert settings.allow_open_servers is False
    assert settings.sqlalchemy_url == "sqlite:///var/smartapp.db"


@pytest.mark.parametrize("name", ["SMARTAPP_PUBLIC_URL", "SMARTAPP_SECRET_KEY"])
@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_missing_required_setting_is_named(name: str, value: str | None) -> None:
    environ = {k: v for k, v in LEAST.items() if k != name}
    if value is not None:
        environ[name] = value
    with pytest.raises(ConfigurationError, match=f"{name} is not set"):
        load(environ)


@pytest.mark.parametrize(
    "key",
    [
        "dev",
        "secret",
        "changeme",
        "change-me-change-me-change-me-change-me-1A",
        "django-insecure-4x8zq9#v1m2n3b4v5c6x7z8l9k0j1h2g3f4",
        "super-Secret-key-of-the-app-0123456789",
        "a" * 64,
        "0" * 64,
        "0123456789abcdef" * 4,
        "deadbeef" * 8,
        "this-is-a-key-that-nobody-will-ever-guess-here",
        GOOD[:31],
        "192b9bdd22ab9ed4d12e236c78afcb9a"[:30],
    ],
)
def test_weak_and_common_keys_do_not_start(key: str) -> None:
    with pytest.raises(ConfigurationError, match="SMARTAPP_SECRET_KEY") as caught:
        load({**LEAST, "SMARTAPP_SECRET_KEY": key})
    assert key not in str(caught.value) or len(key) < 8


def test_random_keys_of_the_usual_tools_are_taken() -> None:
    for _ in range(50):
        check_secret("secret_key", secrets.token_hex(32))
        check_secret("secret_key", secrets.token_urlsafe(48))


@pytest.mark.parametrize(
    ("url", "starts"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000/", True),
        ("http://[::1]:8000", True),
        ("http://app.localhost", False),  # browsers know it, Python does not
        ("https://app.example.org", True),
        ("http://app.example.org", False),
        ("http://localhost.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("ftp://localhost", False),
        ("https://", False),
        ("app.example.org", False),
        ("https://user@app.example.org", False),
        ("https://app.example.org/under/here", False),
        ("https://app.example.org?x=1", False),
        ("https://app.example.org#x", False),
        ("https://app.example.org:port", False),
        ("https://app.example.org:0", False),
        ("https://app.ex\u00e4mple.org", False),
        ("https://app.example.org\\evil", False),
        ("https://-app.example.org", False),
    ],
)
def test_http_only_on_loopback(url: str, starts: bool) -> None:
    environ = {**LEAST, "SMARTAPP_PUBLIC_URL": url}
    if starts:
        assert load(environ).public_url == url.rstrip("/")
    else:
        with pytest.raises(ConfigurationError, match="SMARTAPP_PUBLIC_URL"):
            load(environ)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://App.Example.org", "https://app.example.org"),
        ("HTTPS://app.example.org:443/", "https://app.example.org"),
        ("http://localhost:80", "http://localhost"),
        ("https://app.example.org:8443", "https://app.example.org:8443"),
    ],
)
def test_the_public_url_is_kept_as_browsers_write_it(url: str, read: str) -> None:
    settings = load({**LEAST, "SMARTAPP_PUBLIC_URL": url})
    assert settings.public_url == read == LaunchSettings(settings.public_url).public_url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_URL", "http://sms.example.org/send"),
        ("SMS_URL", "sms.example.org"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("IDLE_TIMEOUT", "soon"),
        ("IDLE_TIMEOUT", "1"),
        ("IDLE_TIMEOUT", "86400"),
        ("ENVIRONMENT", "prod"),
        ("SECOND_APPROVER", "maybe"),
        ("ALLOW_OPEN_SERVERS", "true"),
        ("PREVIOUS_SECRET_KEYS", GOOD + ",dev"),
    ],
)
def test_a_wrong_value_names_its_setting(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"SMARTAPP_{name}:"):
        load({**LEAST, f"SMARTAPP_{name}": value})


def test_open_servers_may_be_allowed_outside_production() -> None:
    assert load({**LEAST, "SMARTAPP_ENVIRONMENT": "demo", "SMARTAPP_ALLOW_OPEN_SERVERS": "true"}).allow_open_servers


def test_the_file_is_read_and_the_environment_is_stronger(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(GOOD + "\n")
    file = tmp_path / "app.toml"
    file.write_text(
        'public_url = "https://file.example.org"\nmeasures = ["CMS122", "CMS125"]\nidle_timeout = 600\n'
        'second_approver = true\ntime_zone = "America/Chicago"\n'
    )
    settings = load(
        {
            "SMARTAPP_CONFIG": str(file),
            "SMARTAPP_SECRET_KEY_FILE": str(key),
            "SMARTAPP_IDLE_TIMEOUT": "300",
        }
    )
    assert settings.public_url == "https://file.example.org"
    assert settings.measures == ("CMS122", "CMS125")
    assert settings.idle_timeout == 300
    assert settings.second_approver is True
    assert settings.time_zone.key == "America/Chicago"


@pytest.mark.parametrize(
    ("text", "says"),
    [("pubic_url = 'x'", "unknown setting: pubic_url"), ("a = [", "not TOML"), ("measures = {a = 1}", "MEASURES")],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "app.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        load({**LEAST, "SMARTAPP_CONFIG": str(file)})


def test_secrets_are_not_printed() -> None:
    assert GOOD not in repr(load(LEAST))


def test_every_setting_is_described() -> None:
    rows = describe()
    assert [row.variable for row in rows] == ["SMARTAPP_" + item.name.upper() for item in fields(Settings)]
    assert all(row.description.endswith(".") and row.type for row in rows)
