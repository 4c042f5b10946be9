"""A small line of values over time, as SVG made on the server."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH, HEIGHT, PAD = 168, 40, 5


def sparkline(points: Sequence[tuple[float, float]], *, label: str, goal: float | None = None) -> Markup:
    """An SVG of ``points`` (time in any unit, value), oldest first, with an optional line at ``goal``.

    ``label`` is what a screen reader says instead. An empty markup for fewer than two points: a line needs two.
    """
    if len(points) < 2:
        return Markup("")
    times = [t for t, _ in points]
    values = [v for _, v in points] + ([goal] if goal is not None else [])
    left, width = min(times), (max(times) - min(times)) or 1
    low, height = min(values), (max(values) - min(values)) or 1

    def x(t: float) -> str:
        return f"{PAD + (t - left) / width * (WIDTH - 2 * PAD):.1f}"

    def y(v: float) -> str:
        return f"{HEIGHT - PAD - (v - low) / height * (HEIGHT - 2 * PAD):.1f}"

    path = " ".join(f"{'L' if i else 'M'}{x(t)} {y(v)}" for i, (t, v) in enumerate(points))
    line = (
        f'<line class="spark-goal" x1="{PAD}" x2="{WIDTH - PAD}" y1="{y(goal)}" y2="{y(goal)}"/>'
        if goal is not None
        else ""
    )
    last_time, last_value = points[-1]
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    # Only the label comes from outside, and it is escaped; the rest are numbers.
    return Markup(  # noqa: S704
        f'<svg role="img" {size} aria-label="{escape(label)}">{line}<path class="spark-line" d="{path}"/>'
        f'<circle class="spark-dot" cx="{x(last_time)}" cy="{y(last_value)}" r="3"/></svg>'
    )
