"""A repository edited at random, again and again: does `check` say with what it has kept what it says without?

    python bench/kept_edits.py REPOSITORY CONFIGS [--edits 30] [--seed 1] [--libraries FOLDER]...

REPOSITORY is a checkout, of which a copy is edited; CONFIGS a folder in it. An edit changes a config or some code, takes a line out
of an `__init__.py`, adds, renames or removes a file, writes settings, or takes an edit back with the time that the file had.
After each, the repository is checked twice: with the cache that all runs share, and with none. Output, errors and exit code must be equal.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Callable, Dict, List, Tuple

#: What is written in place of what, in configs and in code.
SLIPS = (
    *(("True", "False"), ("False", "True"), ("256", "128"), ("self.training", "not self.training")),
    *(
        ("with_cp", "with_cpp"),
        ("import ", "import  "),
        ("class ", "class X"),
        ("register_module", "register_modul"),
    ),
)
#: What a run that takes long says meanwhile.
_PROGRESS = re.compile(r" after \d+ s$")
SETTINGS = ("ignore = ['MMF101']\n", "gpus = 1\n", "min-confidence = 'possible'\n", "select = ['MMF1']\n", "")


class Copy:
    """A copy of a repository that is edited."""

    def __init__(self, original: Path, top: Path, configs: str, rng: Random) -> None:
        self.original, self.top, self.configs, self.rng = original, top, configs, rng

    def any_file(self, configs: bool) -> Path:
        """A Python file, of the configs or of the code."""
        below = self.top / self.configs
        files = sorted(self.top.rglob("*.py"))
        return self.rng.choice([path for path in files if (below in path.parents) is configs])

    def slip(self, configs: bool) -> None:
        """One place in a file says something else."""
        path = self.any_file(configs)
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        known = [pair for pair in SLIPS if pair[0] in text]
        if not known:
            text += "\n# x\n"
        else:
            old, new = self.rng.choice(known)
            at = self.rng.choice([at for at in range(len(text)) if text.startswith(old, at)])
            text = text[:at] + new + text[at + len(old) :]
        path.write_text(text, encoding="utf-8", errors="surrogateescape")

    def config(self) -> None:
        """Something in a config says something else."""
        self.slip(configs=True)

    def code(self) -> None:
        """So does something in the code, or several things."""
        for _ in range(self.rng.choice([1, 4])):
            self.slip(configs=False)

    def package(self) -> None:
        """A line of an ``__init__.py`` is gone."""
        path = self.rng.choice(sorted(self.top.rglob("__init__.py")) or [self.any_file(False)])
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
        del lines[self.rng.randrange(len(lines)) if lines else 0 :][:1]
        path.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")

    def new(self) -> None:
        """A file has come, a copy of another one."""
        path = self.any_file(self.rng.choice([True, False]))
        copy = path.with_name(f"{path.stem}_{self.rng.randrange(10**6)}.py")
        shutil.copyfile(path, copy)

    def gone(self) -> None:
        """A file is gone."""
        self.any_file(self.rng.choice([True, False])).unlink()

    def renamed(self) -> None:
        """A file has another name."""
        path = self.any_file(self.rng.choice([True, False]))
        path.rename(path.with_name(f"{path.stem}_r.py"))

    def settings(self) -> None:
        """The settings are others."""
        (self.top / "mmfix.toml").write_text(self.rng.choice(SETTINGS))

    def back(self) -> None:
        """A file is what it was, with the time that it had."""
        path = self.any_file(self.rng.choice([True, False]))
        before = self.original / path.relative_to(self.top)
        if before.is_file():
            shutil.copy2(before, path)

    def edits(self) -> Dict[str, Callable[[], None]]:
        """Each kind of edit; the first ones come most often."""
        kinds = (
            self.config,
            self.code,
            self.package,
            self.new,
            self.gone,
            self.renamed,
            self.settings,
            self.back,
        )
        return {kind.__name__: kind for kind in kinds}


def said(top: Path, configs: str, cache: str, libraries: List[str], jobs: str) -> Tuple[str, str, int]:
    """Output, errors and exit code of a check."""
    environ = {**os.environ, "MMFIX_CACHE_DIR": cache, "PYTHONPATH": os.pathsep.join(libraries)}
    command = [sys.executable, "-m", "mmfix", "check", configs, "--format", "json", "--jobs", jobs]
    done = subprocess.run(command, cwd=top, env=environ, capture_output=True, text=True)
    problems = [line for line in done.stderr.splitlines() if not _PROGRESS.search(line)]
    return done.stdout, "\n".join(problems), done.returncode


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repository", type=Path)
    parser.add_argument("configs")
    parser.add_argument("--edits", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--libraries", action="append", default=[], help="folders of packages, for PYTHONPATH"
    )
    options = parser.parse_args()
    libraries = [os.path.abspath(folder) for folder in options.libraries]
    rng = Random(options.seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch) / options.repository.name
        shutil.copytree(options.repository, top, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        (top / ".git").mkdir()
        copy = Copy(options.repository, top, options.configs, rng)
        cache = str(Path(scratch) / "cache")
        said(top, options.configs, cache, libraries, "1")
        for number in range(options.edits):
            name, edit = rng.choice(list(copy.edits().items()))
            edit()
            time.sleep(0.1)  # a file that changed while it was read is not kept
            kept = said(top, options.configs, cache, libraries, rng.choice("12"))
            fresh = said(top, options.configs, "off", libraries, "1")
            wrong += kept != fresh
            if kept != fresh:
                print(
                    *difflib.unified_diff(
                        *(("".join(map(str, each))).splitlines() for each in (fresh, kept)), lineterm=""
                    ),
                    sep="\n",
                )
            print(
                number, name, f"{len(fresh[0])} bytes", "same" if kept == fresh else "DIFFERENT", flush=True
            )
    print(f"{options.repository.name}: {options.edits} edits, {wrong} different")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
