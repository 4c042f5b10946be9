"""The files that patients come in: which there are, which lines they have, what is wrong with them and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from smartapp.errors import InputError
from smartapp.facts.normalise import Skipped, parse_json

SUFFIXES = frozenset({".json", ".ndjson", ".jsonl"})
_LINES = frozenset({".ndjson", ".jsonl"})
_CHUNK = 4_000_000
_PIECE = 250_000


class Problem(NamedTuple):
    """Input that could not be used. ``line`` counts from 1; 0: the file as a whole."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}" if self.line else f"{self.path}: {self.what}"


@dataclass(frozen=True, slots=True)
class Found:
    """The files to read, in order; ``named`` are those that were not just found in a folder."""

    files: tuple[Path, ...]
    named: frozenset[Path]
    problems: tuple[Problem, ...]


def find_files(paths: Iterable[Path]) -> Found:
    """Files and the JSON and NDJSON files of folders at any depth, sorted within each folder, each once."""
    files: dict[Path, None] = {}
    named: set[Path] = set()
    problems: list[Problem] = []
    for path in paths:
        if path.is_dir():
            files.update(dict.fromkeys(sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())))
        elif path.is_file():
            files[path] = None
            named.add(path)
        else:
            problems.append(Problem(str(path), 0, "there is no such file or folder"))
    return Found(tuple(files), frozenset(named), tuple(problems))


def holds_lines(path: Path) -> bool:
    """Whether a file is NDJSON: by its name; else by its first line being a resource, and the whole not JSON."""
    if path.suffix in _LINES:
        return True
    with path.open("rb") as stream:
        first = stream.readline()
        if not stream.read(1):
            return False
    return _resource_type(first) is not None


def _resource_type(line: bytes) -> object:
    try:
        parsed = parse_json(line)
    except InputError:
        return None
    return parsed.get("resourceType") if type(parsed) is dict else None


def lines_of(path: Path, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, bytes]]:
    """``(number from 0, offset, line)`` of the lines that begin in ``[start, end)``; empty lines are counted only."""
    with path.open("rb") as stream:
        offset = start
        if start:
            stream.seek(start - 1)
            offset = start - 1 + len(stream.readline())
        for number, line in enumerate(stream):
            if end is not None and offset >= end:
                return
            yield number, offset, line
            offset += len(line)


def pieces_of(path: Path, start: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
    """The lines that begin in ``[start, end)``, some hundred at once and without their line ends; the first's offset.

    A piece and what is made of it stay in the processor's cache: a tenth of the time of reading all at once.
    """
    with path.open("rb") as stream:
        offset = start
        if start:
            stream.seek(start - 1)
            offset = start - 1 + len(stream.readline())
        while offset < end and (block := stream.read(min(_PIECE, end - offset))):
            if not block.endswith(b"\n"):
                block += stream.readline()
            lines = block.split(b"\n")
            if not lines[-1]:
                lines.pop()
            yield offset, lines
            offset += len(block)


def chunks_of(path: Path) -> Iterator[tuple[int, int]]:
    """Ranges of a file's bytes, each some megabytes."""
    size = path.stat().st_size
    for start in range(0, size, _CHUNK):
        yield start, min(start + _CHUNK, size)


def is_bundle(parsed: Any) -> bool:
    return type(parsed) is dict and parsed.get("resourceType") == "Bundle"


def said(skipped: Skipped) -> bool:
    """Whether a resource that gave no fact is a fault of the input: it may have been one, or it is nobody's."""
    return skipped.lost or skipped.reason.startswith("names ")
