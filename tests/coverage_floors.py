"""Hold the coverage floors: all branches of what decides, nine in ten of the rest."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

FLOORS = (
    # prefix, percent; the first that fits counts
    ("launch/sandbox/", 0),  # a test EHR, measured by its own integration tests
    ("launch/", 100),
    ("smartapp/criteria/sql/", 100),
    ("smartapp/criteria/", 100),
    ("smartapp/facts/", 100),
    ("smartapp/messages/policy/", 100),
    ("smartapp/", 90),
)


def main(report: str) -> int:
    files = json.loads(Path(report).read_text())["files"]
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    holes: dict[str, list[str]] = defaultdict(list)
    for name, data in files.items():
        prefix = next(prefix for prefix, _ in FLOORS if name.startswith(prefix))
        summary = data["summary"]
        done = summary["covered_lines"] + summary.get("covered_branches", 0)
        of = summary["num_statements"] + summary.get("num_branches", 0)
        counts[prefix][0] += done
        counts[prefix][1] += of
        if done < of:
            holes[prefix].append(f"{name} {100 * done / of:.0f} % (lines {data['missing_lines'][:8]})")
    failed = False
    for prefix, floor in FLOORS:
        done, of = counts[prefix]
        percent = 100 * done / of if of else 100.0
        print(f"{prefix:28} {percent:6.2f} %  (floor {floor} %)")
        if percent < floor:
            failed = True
            print("  " + "\n  ".join(holes[prefix]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
