"""Learn the weights of ``allusion`` from labelled texts: ``python -m smartapp.messages.policy.learn FOLDER``.

FOLDER holds the corpus: NDJSON files named ``neutral-…`` and ``revealing-…``, one ``{"id", "text", "names"?}`` a
line; those named ``…-unseen`` are never learned from. Logistic regression over the most telling window of each text
(a text reveals something when one of its windows does), with AdaGrad steps. The limit is where, over texts left out
of the learning in turn, ``_HELD`` of the neutral ones lie above. The same files give the same weights.
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from smartapp.messages.policy.accounted import account
from smartapp.messages.policy.allusion import Weights, Window, windows
from smartapp.messages.policy.fold import fold
from smartapp.messages.policy.recognise import recognise

_ROUNDS, _STEP, _DECAY, _BIAS_STEP = 15, 0.5, 2e-4, 0.02
_FOLDS, _SEED = 5, 1
_HELD = 0.03
_SMALLEST = 0.02  # weights below it change nothing that matters
_OUT = Path(__file__).parent / "lexicon" / "allusion.json"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text as the model sees it."""

    windows: tuple[Window, ...]
    reveals: bool


def read(folder: Path) -> list[Labelled]:
    """The labelled texts of a corpus that may be learned from, in the order of file and line."""
    out: list[Labelled] = []
    for path in sorted(folder.glob("*.ndjson")):
        if not path.stem.endswith("-unseen"):
            for line in path.read_text(encoding="utf-8").splitlines():
                data = json.loads(line)
                out.append(labelled(data["text"], tuple(data.get("names", ())), path.stem.startswith("revealing")))
    return out


def labelled(text: str, names: Sequence[str], reveals: bool) -> Labelled:
    folded = fold(text)
    tokens, parts = account(folded, names, ())
    hints = [found for found in recognise(folded.text, tokens, parts) if found.weak]
    return Labelled(tuple(windows(parts, hints)), reveals)


def learn(texts: Iterable[Labelled], limit: float = 0.0) -> Weights:
    """Weights that tell revealing texts from neutral ones."""
    pool = [text for text in texts if text.windows]
    common = _in_several(pool)
    order = random.Random(_SEED)  # noqa: S311  (an order of texts, not a secret)
    weights: dict[str, float] = {}
    spread: dict[str, float] = {}
    bias = -1.0
    for _ in range(_ROUNDS):
        order.shuffle(pool)
        for text in pool:
            model = Weights(bias, limit, weights)
            window = max(text.windows, key=model.of)
            off = 1 / (1 + math.exp(-model.of(window))) - text.reveals
            for sign in common.intersection(window.signs):
                old = weights.get(sign, 0.0)
                slope = off * window.scale + _DECAY * old
                spread[sign] = spread.get(sign, 1e-6) + slope * slope
                weights[sign] = old - _STEP * slope / math.sqrt(spread[sign])
            bias -= _BIAS_STEP * off
    kept = {sign: round(weight, 2) for sign, weight in sorted(weights.items()) if abs(weight) >= _SMALLEST}
    return Weights(round(bias, 3), limit, kept)


def _in_several(texts: Iterable[Labelled]) -> frozenset[str]:
    """Signs of two texts or more: what stands in one alone is learned by heart, not learned."""
    counts = Counter(sign for text in texts for sign in {sign for window in text.windows for sign in window.signs})
    return frozenset(sign for sign, number in counts.items() if number > 1)


def score(model: Weights, text: Labelled) -> float:
    return max(map(model.of, text.windows), default=-math.inf)


def unseen_scores(texts: Sequence[Labelled]) -> list[tuple[float, Labelled]]:
    """Each text's score by a model that was learned without it."""
    out: list[tuple[float, Labelled]] = []
    for fold_ in range(_FOLDS):
        model = learn(text for at, text in enumerate(texts) if at % _FOLDS != fold_)
        out.extend((score(model, text), text) for at, text in enumerate(texts) if at % _FOLDS == fold_)
    return out


def main(folder: str, out: str | Path = _OUT) -> None:
    """Learn from the corpus in ``folder`` and write the weights to ``out``: the package's own, unless told."""
    texts = read(Path(folder))
    neutral = sorted(points for points, text in unseen_scores(texts) if not text.reveals)
    limit = round(neutral[int((1 - _HELD) * len(neutral))], 2)
    model = learn(texts, limit)
    lines = ",\n".join(f" {json.dumps(sign, ensure_ascii=False)}: {weight}" for sign, weight in model.weights.items())
    Path(out).write_text(f'{{"bias": {model.bias}, "limit": {limit}, "weights": {{\n{lines}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
