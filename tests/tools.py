"""Install what the browser and database tests need, or say what a person has to do.

Debian's packages where this is Debian and the user may install; elsewhere a sentence. In CI a missing tool is a
failure, on a user's machine the tests that need it are skipped by name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = {
    "chromium": lambda: shutil.which("chromium") or shutil.which("google-chrome"),
    "postgresql": lambda: next(iter(Path("/usr/lib/postgresql").glob("*/bin/initdb")), None) or shutil.which("initdb"),
}


def main() -> int:
    missing = [package for package, find in WANTED.items() if not find()]
    if not missing:
        return 0
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        print(f"Installing {', '.join(missing)} from Debian's packages", flush=True)
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run([apt, "update", "-qq"], check=False, **quiet)
        subprocess.run([apt, "install", "-y", "-qq", "--no-install-recommends", *missing], check=False, **quiet)
    still = [package for package in missing if not WANTED[package]()]
    if not still:
        return 0
    print(f"Not installed: {', '.join(still)}. The tests that need them are skipped.")
    print(f"To run them too: sudo apt-get install {' '.join(still)} (or your system's packages of those names).")
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
