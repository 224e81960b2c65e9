"""The map of the rooms and the size of the house, for docs/architecture.md.

    python bench/architecture.py --write docs/architecture.md --before REVISION

The map is that of `tests/rooms.py`. REVISION is compared with the files as they are; it needs git.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from rooms import SOURCE, circles, files, rows  # noqa: E402

MAP = ("<!-- map: python bench/architecture.py -->", "<!-- end of map -->")
SIZES = ("<!-- sizes: python bench/architecture.py -->", "<!-- end of sizes -->")


def the_map() -> str:
    """The rooms as a table."""
    return "\n".join(
        ["| room | its one job | may import |", "|---|---|---|"] + [f"| `{n}` | {c} |" for n, c in rows()]
    )


def sizes(source: Path) -> Dict[str, str]:
    """What is measured of one state of the package."""
    lengths: List[int] = []
    functions: List[int] = []
    for path, _, tree in files(source):
        lengths.append(len(path.read_text(encoding="utf-8").splitlines()))
        functions += [
            node.end_lineno - node.lineno + 1
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]
    round_trips = [str(len(circle)) for circle in sorted(circles(source), key=len, reverse=True)]
    return {
        "files": str(len(lengths)),
        "lines": f"{sum(lengths):,}",
        "lines of a file: median / p90 / longest": _spread(lengths),
        "lines of a function: median / p90 / longest": _spread(functions),
        "files in import circles at run time": ", ".join(round_trips) or "none",
    }


def _spread(values: List[int]) -> str:
    ninety = statistics.quantiles(values, n=10)[-1]
    return f"{statistics.median(values):g} / {ninety:.0f} / {max(values)}"


def sizes_at(revision: str) -> Dict[str, str]:
    """The same for a revision."""
    archive = subprocess.run(
        ["git", "archive", revision, "src/mmfix"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    ).stdout
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(scratch)
        return sizes(Path(scratch) / "src" / "mmfix")


def put(text: str, marks: tuple, content: str) -> str:
    """The page with what stands between two marks replaced."""
    start, end = map(re.escape, marks)
    new, count = re.subn(f"{start}.*?{end}", lambda _: f"{marks[0]}\n{content}\n{marks[1]}", text, flags=re.S)
    if count != 1:
        sys.exit(f"the page has no {marks[0]!r} ... {marks[1]!r}")
    return new


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path)
    parser.add_argument("--before", metavar="REVISION")
    given = parser.parse_args()
    now = sizes(SOURCE)
    before = sizes_at(given.before) if given.before else {}
    table = [f"| | {given.before or ''} | now |", "|---|---|---|"]
    table += [f"| {name} | {before.get(name, '')} | {value} |" for name, value in now.items()]
    if given.write is None:
        print(the_map(), "\n".join(table), sep="\n\n")
        return
    page = put(given.write.read_text(encoding="utf-8"), MAP, the_map())
    given.write.write_text(put(page, SIZES, "\n".join(table)), encoding="utf-8")


if __name__ == "__main__":
    main()
