"""The worklist's address is read strictly (security.md F08)."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from smartapp.errors import InputError
from smartapp.web.worklist_query import Query, read_query

MEASURES = ("CMS125", "CMS130")


def read(*pairs: tuple[str, str]) -> Query:
    return read_query(MultiDict(pairs), MEASURES)


def test_nothing_asked_is_what_is_due_now() -> None:
    assert read() == Query("", "now", "overdue", named=False, page=1)
    assert read(("measure", ""), ("status", ""), ("sort", ""), ("page", "")) == Query()


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query("CMS125", "overdue", "name", named=True, page=3),
        Query(status="unread"),
        Query(sort="longest", page=9999),
    ],
)
def test_an_address_reads_back_as_it_was_written(query: Query) -> None:
    assert read(*query.arguments(page=query.page).items()) == query


def test_another_choice_begins_at_its_first_page() -> None:
    assert Query(page=4).arguments(status="overdue") == {"status": "overdue"}
    assert Query(page=4, sort="name").arguments(measure="CMS130") == {"measure": "CMS130", "sort": "name"}


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("measure", "CMS999")], "form.choice"),
        ([("measure", "CMS125' OR 1=1 --")], "form.choice"),
        ([("measure", "{{7*7}}")], "form.choice"),
        ([("measure", "cms125")], "form.choice"),
        ([("status", "up-to-date")], "form.choice"),
        ([("status", "now\x00")], "form.characters"),
        ([("sort", "name; DROP TABLE launch")], "form.choice"),
        ([("sort", "x" * 101)], "form.too-long"),
        ([("named", "2")], "form.choice"),
        ([("page", "0")], "form.number"),
        ([("page", "-1")], "form.number"),
        ([("page", "1e3")], "form.number"),
        ([("page", "\u0661")], "form.number"),
        ([("page", "10000")], "form.too-long"),
        ([("measure", "CMS125"), ("measure", "CMS130")], "form.repeated"),
        ([("q", "Ada")], "form.unknown"),
        ([("patient", "p1")], "form.unknown"),
        ([("tenant_id", "other")], "form.unknown"),
    ],
)
def test_anything_else_is_refused_without_an_echo(pairs: list[tuple[str, str]], code: str) -> None:
    with pytest.raises(InputError) as caught:
        read(*pairs)
    assert caught.value.code == code
    for _, value in pairs:
        assert len(value) < 3 or value not in caught.value.message
