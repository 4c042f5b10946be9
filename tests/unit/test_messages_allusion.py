"""How the putting together of known words is weighed, and how the weights are learned."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

from smartapp.messages.policy import ALL_CHANNELS, PORTAL_ONLY, classify
from smartapp.messages.policy.accounted import account
from smartapp.messages.policy.allusion import Weights, learned, windows
from smartapp.messages.policy.fold import fold
from smartapp.messages.policy.learn import labelled, learn, main, read, score

NEUTRAL = ("The elevator is out, take the stairs.", "Our lot is full today.", "The printer jammed again.")
TELLING = ("You made it through the first week.", "The second one is ready.", "It is the same one as before.")


def seen(text: str, names: tuple[str, ...] = (), approved: tuple[str, ...] = ()) -> list[set[str]]:
    _, parts = account(fold(text), names, approved)
    return [set(window.signs) for window in windows(parts, [])]


def test_a_window_is_a_sentence_or_two_that_follow_each_other() -> None:
    signs = seen("Our office is open. Come by.")
    assert len(signs) == 3
    assert {"office", "our office", "our _ is", "offic*"} <= signs[0]
    assert {"come by", "#beside office"} <= signs[1]
    assert {"open |", "| come"} <= signs[2]


def test_what_the_other_sentences_are_about_is_said() -> None:
    assert "#beside nothing" in seen("Come by.")[0]
    assert "#beside other" in seen("Come by. It is here.")[0]


def test_names_and_dates_are_tags_and_approved_wording_is_left_out() -> None:
    signs = seen("Xiomara, see you on May 6.", ("Xiomara",))[0]
    assert {"<name>", "<date>"} <= signs
    assert seen("Come by.", approved=("Come by.",)) == []


@pytest.mark.parametrize(("text", "yours"), [("Your kettle is here.", True), ("Your letter is here.", False)])
def test_what_no_office_calls_yours_is_a_sign(text: str, yours: bool) -> None:
    assert ("#yours" in seen(text)[0]) is yours


def corpus(folder: Path) -> Path:
    for name, texts in (("neutral-a", NEUTRAL), ("revealing-a", TELLING), ("revealing-b-unseen", ("Hidden.",))):
        lines = [json.dumps({"id": str(at), "text": text}) for at, text in enumerate(texts * 4)]
        (folder / f"{name}.ndjson").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_what_was_learned_tells_the_telling_from_the_neutral(tmp_path: Path) -> None:
    texts = read(corpus(tmp_path))
    assert [text.reveals for text in texts] == [False] * 12 + [True] * 12
    model = learn(texts)
    assert max(score(model, t) for t in texts if not t.reveals) < min(score(model, t) for t in texts if t.reveals)
    assert learn(texts) == model
    assert score(model, labelled("", (), False)) < score(model, texts[0])


def test_the_weights_are_written_as_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "weights.json"
    monkeypatch.setattr(sys, "argv", ["learn", str(corpus(tmp_path)), str(out)])
    monkeypatch.delitem(sys.modules, "smartapp.messages.policy.learn")
    runpy.run_module("smartapp.messages.policy.learn", run_name="__main__")
    data = json.loads(out.read_text(encoding="utf-8"))
    assert Weights(data["bias"], data["limit"], data["weights"]).weights


@pytest.mark.deep
def test_the_shipped_weights_are_learned_from_the_corpus(tmp_path: Path) -> None:
    out = tmp_path / "weights.json"
    main(str(Path(__file__).parent.parent / "spec" / "corpus"), out)
    data = json.loads(out.read_text(encoding="utf-8"))
    assert Weights(data["bias"], data["limit"], data["weights"]) == learned()


def test_known_words_leave_unless_they_allude() -> None:
    aside = "The parade shuts down our street until noon, so please park behind the library."
    assert classify(aside).channels == ALL_CHANNELS
    held = classify("That one worked last time, so keep at it.")
    assert held.channels == PORTAL_ONLY
    assert {span.concept for span in held.because} == {"allusion"}
