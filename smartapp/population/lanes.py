"""Statements side by side: while one is planned, which takes one core, another runs."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from smartapp.population.store import Session, Store

LANES = 2
"""Sessions at once. Each query uses all cores by itself: more lanes would only take more memory."""


@dataclass(frozen=True)
class Job:
    """Something to do in a session of its own once the jobs that it ``needs`` are done."""

    name: str
    do: Callable[[Session], object]
    needs: frozenset[str] = frozenset()


def run_side_by_side(store: Store, jobs: Sequence[Job], done: Callable[[Session, Job], None] | None = None) -> None:
    """Do all jobs, those that stand first as early as they can; ``done`` is told of each, one at a time.

    What a job raises is raised here, when the jobs that were running have ended; the others are not begun. A job can
    only need jobs that stand before it.
    """
    place = {job.name: number for number, job in enumerate(jobs)}
    open_ = [len(job.needs) for job in jobs]
    ready = [number for number, needs in enumerate(open_) if not needs]
    waiting: dict[int, list[int]] = {}
    for number, job in enumerate(jobs):
        for need in job.needs:
            waiting.setdefault(place[need], []).append(number)
    with store.sessions(LANES) as sessions, ThreadPoolExecutor(LANES) as pool:
        free, running = list(sessions), dict[Future[object], tuple[int, Session]]()
        while ready or running:
            while ready and free:
                number, session = heapq.heappop(ready), free.pop()
                running[pool.submit(jobs[number].do, session)] = number, session
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                number, session = running.pop(future)
                future.result()
                if done is not None:
                    done(session, jobs[number])
                free.append(session)
                for other in waiting.get(number, ()):
                    open_[other] -= 1
                    if not open_[other]:
                        heapq.heappush(ready, other)
