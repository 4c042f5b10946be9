"""The arrows between the parts, held by reading every import: web → services → rules → criteria → facts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HEAVY = ("flask", "werkzeug", "sqlalchemy", "alembic", "requests", "authlib", "fhirclient", "fhir", "duckdb", "pyspark")

PURE = {
    "smartapp/facts": ("smartapp.facts", "smartapp.errors"),
    "smartapp/criteria": ("smartapp.criteria", "smartapp.facts", "smartapp.errors", "smartapp.measures.model"),
    "smartapp/measures": ("smartapp.measures", "smartapp.criteria", "smartapp.facts", "smartapp.errors"),
    "smartapp/groups": (
        "smartapp.groups",
        "smartapp.measures",
        "smartapp.criteria",
        "smartapp.facts",
        "smartapp.errors",
    ),
    "smartapp/messages/policy": ("smartapp.messages", "smartapp.errors"),
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            yield ".".join((*here, *((node.module,) if node.module else ())))


def sources(folder: str, *, without: str | None = None) -> list[Path]:
    return [
        path for path in (ROOT / folder).rglob("*.py") if without is None or not path.is_relative_to(ROOT / without)
    ]


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("folder", PURE)
def test_pure_packages_import_only_what_lies_inside_them(folder: str) -> None:
    found = sources(folder)
    assert found, f"{folder} has moved: this test must follow it"
    for path in found:
        for name in imports_of(path):
            assert not within(name, HEAVY), f"{path} imports {name}"
            if within(name, ("smartapp", "launch")):
                assert within(name, PURE[folder]), f"{path} imports {name}"


def test_launch_knows_nothing_of_the_clinical_app() -> None:
    for path in sources("launch"):
        assert not any(within(name, ("smartapp",)) for name in imports_of(path)), path


def test_the_sandbox_and_the_launch_are_strangers() -> None:
    for path in sources("launch/sandbox"):
        foreign = [n for n in imports_of(path) if within(n, ("launch",)) and not within(n, ("launch.sandbox",))]
        assert not foreign, f"{path} imports {foreign}"
    for path in sources("launch", without="launch/sandbox"):
        assert not any(within(n, ("launch.sandbox",)) for n in imports_of(path)), path


def test_services_do_not_know_the_web_and_only_the_app_knows_all() -> None:
    for path in sources("smartapp"):
        place = path.relative_to(ROOT / "smartapp").parts[0]
        if place in ("web", "app.py", "cli.py", "__main__.py", "commands"):
            continue
        for name in imports_of(path):
            assert not within(name, ("smartapp.web", "smartapp.app", "smartapp.cli")), f"{path} imports {name}"
            assert not within(name, ("flask",)), f"{path} imports {name}"
