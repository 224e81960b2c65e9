"""The core suite without torch, on each Python that is found here; writes its table into docs/reliability.md.

    python bench/pythons.py [--only 3.8 ...] [--write docs/reliability.md] [-- PYTEST ARGUMENT ...]

A Python is found as `python3.N` on PATH, or under the versions of pyenv. Each gets a fresh environment with the
packages that tests/locked/ has for it, without torch: tests that need it say so, are skipped, and are counted here with
the reason. What was not found is in the table, too.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Dict, List, Optional

from sections import put
from versions import ROOT, required

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
HEADING = "## Pythons"
#: What the tests of the core suite do not import: torch, and what judges the code.
LEFT_OUT = ("torch", "mypy", "ruff", "types-")


def interpreter(version: str) -> Optional[str]:
    """That Python's program, or None."""
    found = shutil.which(f"python{version}")
    if found and works(found, version):
        return found
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for path in sorted(root.glob(f"{version}.*/bin/python")):
        if works(str(path), version):
            return str(path)
    return None


def works(program: str, version: str) -> bool:
    """pyenv puts programs on PATH that only say that a version is not chosen."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([program, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() == version


def suite(program: str, version: str, pytest: List[str], scratch: Path) -> Dict[str, object]:
    """Counts of one run: passed, failed, and skipped by reason."""
    subprocess.run([program, "-m", "venv", str(scratch / "venv")], check=True)
    python = str(scratch / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    modern = tuple(map(int, version.split("."))) >= (3, 10)
    pins = ROOT / "tests" / "locked" / ("python310.txt" if modern else "python38.txt")
    packages = [text for text in required() if not text.startswith(LEFT_OUT)]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(pins), *packages], check=True)
    subprocess.run([*pip, "--no-deps", str(ROOT)], check=True)
    report = scratch / "junit.xml"
    command = [python, "-m", "pytest", f"--junitxml={report}", "-p", "no:cacheprovider", *pytest]
    subprocess.run(command, cwd=ROOT)
    cases = list(ElementTree.parse(report).iter("testcase"))
    skipped = Counter(
        reason(item.get("message") or "") for case in cases for item in case.iter("skipped")
    )  # fmt: skip
    failed = [
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    passed = len(cases) - len(failed) - sum(skipped.values())
    return {"passed": passed, "failed": failed, "skipped": skipped}


def reason(message: str) -> str:
    """Why tests were skipped, short enough for a table."""
    absent = re.search(r"could not import '([\w.]+)'", message)
    return f"no {absent[1]}" if absent else message.splitlines()[0][:80] if message else "no reason"


def row(version: str, result: Optional[Dict[str, object]]) -> str:
    if result is None:
        return f"| {version} | not found | | |"
    skipped, failed = result["skipped"], result["failed"]
    assert isinstance(skipped, Counter)
    assert isinstance(failed, list)
    reasons = ", ".join(f"{count} ({text})" for text, count in skipped.most_common())
    return f"| {version} | {result['passed']} | {len(failed)} | {reasons or 'none'} |"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PYTHONS, default=PYTHONS, metavar="3.N")
    parser.add_argument("--write", type=Path, metavar="FILE")
    options, pytest = parser.parse_known_args()
    pytest = [item for item in pytest if item != "--"]
    failed = False
    lines = [
        f"{HEADING}\n",
        "The core suite without torch, in a fresh environment of each Python that is found where this runs. Made by",
        "`python bench/pythons.py --write docs/reliability.md`.\n",
        "| Python | passed | failed | not run |",
        "|---|---|---|---|",
    ]
    for version in options.only:
        program = interpreter(version)
        result = None
        if program is not None:
            print(f"\n== Python {version}", flush=True)
            with tempfile.TemporaryDirectory() as folder:
                result = suite(program, version, pytest, Path(folder))
            failed |= bool(result["failed"])
        lines.append(row(version, result))
        print(lines[-1], flush=True)
    if options.write:
        put(options.write, HEADING, "\n".join(lines))
    print("\n".join(lines))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
