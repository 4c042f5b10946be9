"""Value sets from files: official, shipped, and the shipped ones made from official ones."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from smartapp.criteria import words as w
from smartapp.criteria.make_valuesets import OPEN_SYSTEMS, closed_system, main, make
from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.official import HL7_SYSTEMS
from smartapp.criteria.valuesets import SHIPPED, Expansion, ValueSets, import_folder, value_sets_in
from smartapp.errors import CriteriaError, InputError
from smartapp.facts.codes import ACT_CODE, CDT, CPT, HCPCS, LOINC, SNOMED_CT, Code

URL = "http://cts.nlm.nih.gov/fhir/ValueSet/1.2.3"
A, B = Code(LOINC, "a"), Code(SNOMED_CT, "b")
RULES = {"one": (w.observations(ValueSet(URL, "One"), found_in=()).exist(),), "other": [w.encounters().exist()]}


def official(*codes: Code, url: str = URL, **more: Any) -> dict[str, Any]:
    contains = [{"system": code.system, "code": code.code, "display": "…"} for code in codes]
    return {
        "resourceType": "ValueSet",
        "url": url,
        "title": "One",
        "version": "20260101",
        "publisher": "A steward",
        "expansion": {"timestamp": "2025-08-28T10:00:00Z", "contains": contains, **more},
    }


def write(folder: Path, name: str, content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_an_official_set_is_read_with_its_edition(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "er", "one.json", official(A, B))
    found = ValueSets.load(tmp_path).codes(ValueSet(URL, "One"))
    assert found == Expansion(frozenset({A, B}), frozenset(), "1.2.3, A steward", "20260101", "2025-08-28")


def test_an_official_set_replaces_the_one_before(tmp_path: Path) -> None:
    write(tmp_path / "a", "one.json", official(A))
    write(tmp_path / "b", "one.json", official(B, url=f"{URL}|20260101"))
    assert ValueSets.load(tmp_path / "a", tmp_path / "b").codes(ValueSet(URL, "One")).codes == {B}


def test_nested_entries_count_and_headings_do_not(tmp_path: Path) -> None:
    content = official(A)
    content["expansion"]["contains"].append(
        {"system": LOINC, "code": "heading", "abstract": True, "contains": [{"system": SNOMED_CT, "code": "b"}]}
    )
    write(tmp_path, "one.json", content)
    assert ValueSets.load(tmp_path).codes(ValueSet(URL, "One")).codes == {A, B}


def test_systems_go_by_one_name(tmp_path: Path) -> None:
    write(tmp_path, "one.json", official(Code("http://www.nlm.nih.gov/research/umls/hcpcs", "G0105")))
    assert ValueSets.load(tmp_path).codes(ValueSet(URL, "One")).codes == {Code(HCPCS, "G0105")}
    named = DirectCode("urn:oid:2.16.840.1.113883.6.1", "a", "A")
    assert ValueSets({}).codes(named).codes == {A}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        ValueSets.load(tmp_path / "nowhere")


def test_a_set_that_is_not_loaded_is_named() -> None:
    with pytest.raises(CriteriaError, match="“One”"):
        ValueSets({}).codes(ValueSet(URL, "One"))


def test_joined_sets_lack_what_any_of_them_lacks() -> None:
    sets = ValueSets({"a": Expansion(frozenset({A})), "b": Expansion(frozenset({B}), frozenset({CPT}))})
    joined = sets.joined([ValueSet("a", "A"), ValueSet("b", "B"), DirectCode(LOINC, "c", "C")])
    assert joined.codes == {A, B, Code(LOINC, "c")}
    assert joined.lacks == {CPT}


def test_an_import_says_what_changes(tmp_path: Path) -> None:
    write(tmp_path, "one.json", official(A, B))
    write(tmp_path, "same.json", official(A, url="urn:same"))
    write(tmp_path, "new.json", official(A, url="urn:new"))
    before = ValueSets({URL: Expansion(frozenset({A}), frozenset({SNOMED_CT})), "urn:same": Expansion(frozenset({A}))})
    report = import_folder(tmp_path, before)
    assert (report.added, report.replaced, report.changed) == (("urn:new",), (URL, "urn:same"), (URL,))
    assert report.problems == ()
    assert report.touched(RULES) == ("one",)
    assert URL in before.with_(report.sets)
    assert before.with_(report.sets).codes(ValueSet(URL, "One")).codes == {A, B}


@pytest.mark.parametrize(
    ("name", "content", "code", "used"),
    [
        ("text", "not json", "valuesets.unreadable", False),
        ("other", {"resourceType": "Patient"}, "valuesets.unreadable", False),
        ("list", [], "valuesets.unreadable", False),
        ("no url", official(A, url=""), "valuesets.no-url", False),
        ("empty", official(), "valuesets.empty", False),
        ("no expansion", {"resourceType": "ValueSet", "url": URL}, "valuesets.empty", False),
        ("cut", official(A, total=2), "valuesets.truncated", True),
        ("a thousand", official(*(Code(LOINC, str(n)) for n in range(1000))), "valuesets.truncated", True),
        ("odd system", official(Code("urn:odd", "a")), "valuesets.unknown-system", True),
    ],
)
def test_an_import_says_what_is_wrong_with_a_file(
    tmp_path: Path, name: str, content: Any, code: str, used: bool
) -> None:
    write(tmp_path, f"{name}.json", content)
    report = import_folder(tmp_path, ValueSets({}))
    assert [problem.code for problem in report.problems] == [code]
    assert f"{name}.json" in report.problems[0].text
    assert bool(report.sets) is used


def test_what_a_truncated_set_may_lack_is_unknown(tmp_path: Path) -> None:
    write(tmp_path, "one.json", official(A, B, total=3))
    assert import_folder(tmp_path, ValueSets({})).sets[URL].lacks == {LOINC, SNOMED_CT}


def test_hl7s_own_systems_are_known(tmp_path: Path) -> None:
    write(tmp_path, "one.json", official(Code(ACT_CODE, "AMB")))
    assert import_folder(tmp_path, ValueSets({})).problems == ()


def test_a_url_that_comes_twice_is_said(tmp_path: Path) -> None:
    write(tmp_path, "a.json", official(A))
    write(tmp_path, "b.json", official(B))
    report = import_folder(tmp_path, ValueSets({}))
    assert [problem.code for problem in report.problems] == ["valuesets.twice"]
    assert report.sets[URL].codes == {B}


def test_value_sets_are_found_in_whatever_is_made_of_rules() -> None:
    assert [one.url for one in value_sets_in(RULES)] == [URL]
    assert list(value_sets_in("words")) == []


@pytest.mark.parametrize(
    ("code", "closed"),
    [
        (A, None),
        (B, SNOMED_CT),
        (Code(CPT, "99213"), CPT),
        (Code(HCPCS, "G0105"), None),
        (Code(HCPCS, "99213"), CPT),
        (Code(HCPCS, "D1206"), CDT),
        (Code(ACT_CODE, "AMB"), None),
        (Code("https://nahdo.org/sopt", "1"), "https://nahdo.org/sopt"),
    ],
)
def test_only_open_codes_are_shipped(code: Code, closed: str | None) -> None:
    assert closed_system(code) == closed


def test_a_shipped_set_says_what_it_lacks(tmp_path: Path) -> None:
    write(tmp_path / "official", "one.json", official(A, B, Code(HCPCS, "99213")))
    write(tmp_path / "official", "other.json", official(A, url="urn:other"))
    write(tmp_path / "official", "bad.json", "not json")
    left = make(tmp_path / "official", [URL, "urn:missing"], tmp_path / "made")
    assert left == ("urn:missing",)
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["1.2.3.json"]
    found = ValueSets.load(tmp_path / "made").codes(ValueSet(URL, "One"))
    assert found == Expansion(frozenset({A}), frozenset({SNOMED_CT, CPT}), "1.2.3, A steward", "20260101", "2025-08-28")


def test_a_set_of_closed_codes_alone_is_shipped_without_codes(tmp_path: Path) -> None:
    write(tmp_path / "official", "one.json", official(B))
    make(tmp_path / "official", [URL], tmp_path / "made")
    assert ValueSets.load(tmp_path / "made").codes(ValueSet(URL, "One")).codes == frozenset()


def test_the_command_makes_the_sets_that_rules_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "some_rules.py").write_text(
        f"from smartapp.criteria.words import *\nR = encounters(ValueSet({URL!r}, 'One')).exist()\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = str(tmp_path / "official")
    assert main([folder, "some_rules:R"], tmp_path / "made") == 2
    assert "official" in capsys.readouterr().err
    write(tmp_path / "official", "one.json", official(A, url="urn:other"))
    assert main([folder, "some_rules:R"], tmp_path / "made") == 1
    assert URL in capsys.readouterr().err
    write(tmp_path / "official", "one.json", official(A))
    assert main([folder, "some_rules:R"], tmp_path / "made") == 0
    for wrong in ([], [folder, "no_such_module:R"], [folder, "some_rules:no_such_name"], [folder, ""]):
        assert main(wrong, tmp_path / "made") == 2
        assert "module:name" in capsys.readouterr().err


def test_the_command_runs_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make_valuesets"])
    monkeypatch.delitem(sys.modules, "smartapp.criteria.make_valuesets")
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("smartapp.criteria.make_valuesets", run_name="__main__")
    assert caught.value.code == 2


def test_what_is_shipped_is_open_and_says_its_source() -> None:
    paths = sorted(SHIPPED.glob("*.json"))
    assert paths
    for path in paths:
        content = json.loads(path.read_text(encoding="utf-8"))
        assert content["url"] and content["name"] and content["source"], path.name
        for system, codes in content["codes"].items():
            assert system in OPEN_SYSTEMS or system.startswith(HL7_SYSTEMS), path.name
            assert all(closed_system(Code(system, code)) is None for code in codes), path.name


def test_sets_load_without_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartapp.criteria.valuesets.SHIPPED", tmp_path / "none")
    assert URL not in ValueSets.load()
