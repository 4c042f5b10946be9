"""Documentation that lists settings, commands, measures or scopes is generated from the code.

``python tests/unit/test_docs.py --update`` writes the lists again.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from smartapp.cli import COMMANDS, smartapp
from smartapp.config import describe
from smartapp.measures.catalogue import MEASURES

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPERATIONS = DOCS / "operations.md"


def settings_table() -> str:
    rows = [f"| `{r.variable}` | {r.type} | {_cell(r.default)} | {_cell(r.description)} |" for r in describe()]
    return "\n".join(["| variable | type | default | what it does |", "|---|---|---|---|", *rows])


def commands_table() -> str:
    rows = []
    context = click.Context(smartapp)
    for name in sorted(COMMANDS):
        command = smartapp.get_command(context, name)
        assert command is not None
        rows += [f"| `smartapp {path}` | {help_} |" for path, help_ in _commands(name, command)]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def _commands(path: str, command: click.Command) -> list[tuple[str, str]]:
    if isinstance(command, click.Group):
        return [
            line for name in sorted(command.commands) for line in _commands(f"{path} {name}", command.commands[name])
        ]
    return [(path, _cell(command.get_short_help_str(160)))]


def measures_table() -> str:
    rows = [
        f"| {m.id} | {_cell(m.clinical.plain_title or m.title)} | {_cell(m.source.title)}, {_cell(m.source.edition)} | "
        f"{_cell(m.clinical.source.title)}, {_cell(m.clinical.source.edition)} |"
        for m in MEASURES.values()
    ]
    return "\n".join(["| id | care | report after | chart after |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


LISTS = {"settings": settings_table, "commands": commands_table, "measures": measures_table}


def _block(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name}: [^>]*-->\n).*?(<!-- end {name} -->)", re.DOTALL)


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_in_the_documentation_are_those_of_the_code(name: str) -> None:
    found = _block(name).search(OPERATIONS.read_text())
    assert found is not None
    written = found.group(0).split("-->\n", 1)[1].rsplit("<!--", 1)[0].strip()
    assert written == LISTS[name]().strip(), "run: python tests/unit/test_docs.py --update"


def test_every_link_within_the_documentation_leads_somewhere() -> None:
    root = DOCS.parent
    for page in [root / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(root)}: {target}"


def test_the_readme_names_only_commands_that_exist() -> None:
    for name in re.findall(r"smartapp ([a-z]+)", (DOCS.parent / "README.md").read_text()):
        assert name in COMMANDS, name


def test_every_make_target_of_the_documentation_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (DOCS.parent / "Makefile").read_text(), re.MULTILINE))
    for name in re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", (DOCS.parent / "README.md").read_text(), re.MULTILINE):
        assert (name[0] or name[1]) in targets


def test_make_test_runs_every_folder_of_tests() -> None:
    named = re.findall(r"^[A-Z]+_TESTS := (.*)$", (DOCS.parent / "Makefile").read_text(), re.MULTILINE)
    there = {path.parent.relative_to(DOCS.parent).as_posix() for path in (DOCS.parent / "tests").glob("*/test_*.py")}
    assert {folder for line in named for folder in line.split()} == there


def test_make_test_runs_every_file_once_traced_or_not() -> None:
    shown = subprocess.run(["make", "-n", "tests"], cwd=DOCS.parent, capture_output=True, text=True, check=True).stdout
    traced, untraced = ([*line.split()] for line in shown.splitlines() if " -m pytest " in line)
    for one, other in ((traced, untraced), (untraced, traced)):
        left_out = [word.removeprefix("--ignore=") for word in one if word.startswith("--ignore=")]
        assert left_out and set(left_out) == {word for word in other if word.endswith(".py") and word[0] != "-"}
        assert all((DOCS.parent / name).is_file() for name in left_out)


if __name__ == "__main__" and "--update" in sys.argv:
    text = OPERATIONS.read_text()
    for name, make in LISTS.items():
        table = make().replace("\\", r"\\")
        text = _block(name).sub(rf"\g<1>{table}\n\g<2>", text)
    OPERATIONS.write_text(text)
