"""Read the app's own pages as the story needs them. Nothing is known here but what a page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"input", "link", "meta", "br", "img", "path", "line", "circle", "hr"})


@dataclass(slots=True)
class Element:
    """One element with its attributes, its own and all inner text, and its children."""

    tag: str
    attributes: Mapping[str, str]
    children: list[Element] = field(default_factory=list)
    pieces: list[str | Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, white space folded."""
        return " ".join("".join(p if isinstance(p, str) else f" {p.text} " for p in self.pieces).split())

    def find(self, tag: str | None = None, **attributes: str) -> list[Element]:
        """Every element below with these attributes (``_`` for ``-``; ``"*"`` for any value; classes by one name)."""
        found = []
        for child in self.children:
            if (tag is None or child.tag == tag) and all(child._has(k, v) for k, v in attributes.items()):
                found.append(child)
            found += child.find(tag, **attributes)
        return found

    def first(self, tag: str | None = None, **attributes: str) -> Element | None:
        return next(iter(self.find(tag, **attributes)), None)

    def form_to(self, ending: str) -> Element | None:
        """The form whose address ends so; or, with another form's fields, the button that leads there."""
        form = next((f for f in self.find("form") if f.attributes.get("action", "").endswith(ending)), None)
        button = next((b for b in self.find("button") if b.attributes.get("formaction", "").endswith(ending)), None)
        if form is not None or button is None:
            return form
        owner = self.first("form", id=button.attributes.get("form", ""))
        return Element("form", {"action": button.attributes["formaction"]}, owner.children if owner else [])

    def _has(self, name: str, value: str) -> bool:
        key = name.rstrip("_").replace("_", "-")
        actual = self.attributes.get(key)
        if actual is None:
            return False
        return value == "*" or (value in actual.split() if key == "class" else actual == value)

    def fields(self) -> dict[str, str]:
        """What a form would send as it stands."""
        sent = {
            i.attributes["name"]: i.attributes.get("value", "") for i in self.find("input") if "name" in i.attributes
        }
        return sent | {t.attributes["name"]: t.text for t in self.find("textarea") if "name" in t.attributes}


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        self._open[-1].pieces.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].pieces.append(data)


def parse(page: str) -> Element:
    """A page as a tree."""
    tree = _Tree()
    tree.feed(page)
    return tree.root
