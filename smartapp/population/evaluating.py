"""What ``smartapp evaluate`` does: asks for the right things, runs an engine, writes the lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import msgspec

from smartapp.criteria.constants import Period
from smartapp.criteria.evaluate import compile_rules
from smartapp.criteria.sql.compiler import Times
from smartapp.criteria.valuesets import ValueSets
from smartapp.errors import CriteriaError, InputError
from smartapp.facts.events import Facts
from smartapp.facts.instants import Instant, day_of, end_of_day, start_of_day
from smartapp.measures.answers import questions
from smartapp.measures.catalogue import MEASURES
from smartapp.measures.deqm import care_gaps_bundle
from smartapp.measures.model import Measure
from smartapp.measures.results import MeasureResult, evaluate_measure, lines
from smartapp.population.charts import Reading, read_charts
from smartapp.population.evidence import evidence_of
from smartapp.population.files import Found, find_files

Say = Callable[[str], None]
_ENCODER = msgspec.json.Encoder()


def when(period: tuple[str, str], as_of: str | None) -> Times:
    """Days as given on the command line; :class:`InputError` names the one that is wrong."""
    first, last = (_day(text, "--period") for text in period)
    if last < first:
        raise InputError("evaluate.period", f"--period ends on {last} before it starts on {first}.")
    end = end_of_day(last)
    return Times(Period(start_of_day(first), end), end if as_of is None else end_of_day(_day(as_of, "--as-of")))


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("evaluate.day", f"{option}: {text} is not a day such as 2026-12-31.") from None


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, checked; ``complaints`` name what of it cannot be done."""

    found: Found
    measures: tuple[Measure, ...]
    value_sets: ValueSets
    times: Times
    engine: str
    evidence: bool
    complaints: tuple[str, ...]
    deqm: bool = False

    @classmethod
    def of(
        cls,
        *,
        patients: Sequence[str],
        value_sets: Path | None,
        measures: Sequence[str],
        times: Times,
        engine: str,
        evidence: bool,
        deqm: bool,
        known: Mapping[str, Measure] = MEASURES,
    ) -> Request:
        """Check a command line. Raises :class:`InputError` where nothing could be done.

        ``known`` are the measures by id, for the immunization schedule and cadences that are asked for.
        """
        if deqm:
            _check_deqm(engine, evidence=evidence)
        if evidence and engine != "chart":
            raise InputError("evaluate.evidence", "--evidence is given by the chart engine only.")
        wanted, paths = _names(measures, patients, known)
        sets = ValueSets.load(*([value_sets] if value_sets else []))
        chosen, complaints = _usable(wanted, sets, known)
        if not chosen:
            raise InputError("evaluate.no-measure", " ".join(complaints))
        found = find_files([Path(path) for path in paths])
        if not found.files:
            names = ", ".join(paths)
            raise InputError("evaluate.no-patients", f"There are no JSON or NDJSON files: {names}.")
        return cls(found, chosen, sets, times, engine, evidence, tuple(complaints), deqm)


def _check_deqm(engine: str, *, evidence: bool) -> None:
    if engine != "chart":
        raise InputError("evaluate.deqm", "--format deqm is written by the chart engine only.")
    if evidence:
        raise InputError("evaluate.deqm", "--format deqm has no place for --evidence.")


def _names(
    measures: Sequence[str], patients: Sequence[str], known: Mapping[str, Measure]
) -> tuple[list[str], list[str]]:
    """The measures and the paths: measures may be joined by commas, or follow each other after one ``--measure``."""
    wanted = [name for given in measures for name in given.split(",") if name]
    more = [name for name in patients if wanted and name in known and not Path(name).exists()]
    return wanted + more or list(known), [name for name in patients if name not in more]


def _usable(
    wanted: Iterable[str], value_sets: ValueSets, known: Mapping[str, Measure]
) -> tuple[tuple[Measure, ...], list[str]]:
    chosen: list[Measure] = []
    complaints: list[str] = []
    for name in dict.fromkeys(wanted):
        measure = known.get(name)
        if measure is None:
            complaints.append(f"There is no measure {name}; there are {', '.join(known)}.")
            continue
        try:
            compile_rules(questions(measure), value_sets)
        except CriteriaError as error:
            complaints.append(f"{name} cannot be evaluated: {error.message}")
        else:
            chosen.append(measure)
    return tuple(chosen), complaints


def evaluate(request: Request, output: Path | None, say: Say) -> int:
    """Write the lines. The exit code: 0 all done, 1 some input was skipped; :class:`InputError` for nothing done."""
    reading = Reading()
    for complaint in request.complaints:
        say(complaint)
    if request.engine == "chart":
        made = chart_lines(request, reading)
    else:
        from smartapp.population.memory import population_lines  # noqa: PLC0415  # DuckDB only where needed

        made = population_lines(request, reading)
    count = 0
    with writer(output) as write:
        for line in made:
            write(line)
            count += 1
    for note in reading.notes:
        say(note)
    for problem in reading.problems:
        say(str(problem))
    if not count:
        raise InputError("evaluate.nothing", "Nothing was evaluated: the files have no patient that can be read.")
    return 1 if reading.problems or request.complaints else 0


@contextmanager
def writer(output: Path | None) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Something that writes lines as JSON to a file, or to standard output."""
    if output is None:
        yield lambda line: _write(sys.stdout, line)
        sys.stdout.flush()
        return
    try:
        with output.open("w", encoding="utf-8") as stream:
            yield lambda line: _write(stream, line)
    except OSError as error:
        raise InputError("evaluate.output", f"--output {output} cannot be written: {error.strerror}.") from None


def _write(stream: TextIO, line: Mapping[str, Any]) -> None:
    stream.write(_ENCODER.encode(line).decode() + "\n")


def chart_lines(request: Request, reading: Reading) -> Iterator[Mapping[str, Any]]:
    """The chart engine: one patient after the other."""
    program = compile_rules([node for one in request.measures for node in questions(one)], request.value_sets)
    period, as_of = request.times.period, request.times.as_of
    for facts in read_charts(request.found, reading):
        strict, kleene = program.run_both(facts, period, as_of)
        dead = is_dead(facts, as_of)
        results = [
            (measure, evaluate_measure(measure, strict, kleene, period_end=period.end, as_of=as_of, deceased=dead))
            for measure in request.measures
        ]
        if request.deqm:
            yield _document(facts, results, request.times)
            continue
        for measure, result in results:
            yield from _lines(facts, measure, result, evidence_of(measure, kleene) if request.evidence else None)


def _document(facts: Facts, results: Sequence[tuple[Measure, MeasureResult]], times: Times) -> Mapping[str, Any]:
    """The ``$care-gaps`` Bundle of one patient, validated against FHIR R4's own model."""
    from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415  # slow to load, and only this format needs it

    made = care_gaps_bundle(
        facts.patient_id,
        results,
        period=(day_of(times.period.start), day_of(times.period.end)),
        as_of=day_of(times.as_of),
        reporter="The practice",
    )
    Bundle.model_validate(made)
    return made


def _lines(
    facts: Facts, measure: Measure, result: MeasureResult, evidence: Mapping[str, Any] | None
) -> Iterator[Mapping[str, Any]]:
    for line in lines(facts.patient_id, result):
        yield line if evidence is None else {**line, "evidence": evidence[str(line["group_id"])]}


def is_dead(facts: Facts, as_of: Instant) -> bool:
    """Whether the patient had died by the day of evaluation."""
    return facts.deceased is not None and facts.deceased <= as_of
