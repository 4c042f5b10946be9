"""What is known of a population's data: looked at once, then of the patients that changed alone."""

from __future__ import annotations

from datetime import date

from support.spec_tables import SET_A, VALUE_SETS

from smartapp.criteria.compiling import Mode
from smartapp.criteria.sql import Known, Question, compile_population
from smartapp.criteria.words import observations, start
from smartapp.facts.codes import SlotCode
from smartapp.facts.events import Event, Facts
from smartapp.facts.instants import start_of_day
from smartapp.population.ingest import load_charts
from smartapp.population.layout import arrange, clean
from smartapp.population.store import Store

DAY = start_of_day(date(2026, 2, 3))
RULE = observations(SET_A, found_in=("laboratory",)).where(start.is_known).exist()
QUESTIONS = compile_population([Question(RULE, Mode.STRICT)]).code_questions


def _event(id_: str, when: int | None) -> Event:
    codes = (SlotCode("code", *next(iter(VALUE_SETS.codes(SET_A).codes))),)
    return Event(id_, "Observation", codes=codes, start=when, at=DAY)


def _arranged(store: Store) -> Known:
    known = arrange(store, QUESTIONS, VALUE_SETS)
    clean(store)
    return known


def test_a_column_that_becomes_empty_later_is_known_to_be() -> None:
    with Store.in_memory() as store:
        load_charts(store, [Facts("p1", events=(_event("a", DAY),)), Facts("p2")])
        (before,) = _arranged(store).nulls.values()
        assert "started" not in before
        assert "ended" in before
        load_charts(store, [Facts("p3", birth_low=DAY, birth_high=DAY, events=(_event("b", None),))])
        store.connection.execute("INSERT INTO dirty SELECT DISTINCT bundle, patient FROM resource WHERE patient = 'p3'")
        known = _arranged(store)
        (after,) = known.nulls.values()
        assert after == before | {"started"}
        assert known.present == frozenset(known.nulls)
        assert "birth" in known.person_nulls  # of the two that did not change


def test_nothing_is_looked_at_where_nothing_changed() -> None:
    with Store.in_memory() as store:
        load_charts(store, [Facts("p1", events=(_event("a", DAY),))])
        known = _arranged(store)
        store.connection.execute("UPDATE work SET started = NULL")
        assert _arranged(store) == known
