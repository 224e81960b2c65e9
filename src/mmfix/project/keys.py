"""The keys of a settings file: one table for the reader, ``mmfix settings`` and the JSON schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Tuple

from mmfix.settings import FAIL_ON, LAUNCHERS
from mmfix.wording import say

#: Kinds of values: a list of rules; a table from a glob to a list of rules; a list of globs; a list of
#: folders, relative to the file; one of several words; a whole number; seconds; a version; a word; an
#: address.
RULES, BY_PATH, GLOBS, FOLDERS = "rules", "by path", "globs", "folders"
CHOICE, COUNT, SECONDS, VERSION, WORD, ADDRESS = "choice", "count", "seconds", "version", "word", "address"


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        name: As it is written in the file.
        field: What it sets of :class:`mmfix.settings.Settings`.
        kind: One of the constants above.
        option: The option that wins over it.
        about: What it says, one line.
        choices: The words that a :data:`CHOICE` may be.
    """

    name: str
    field: str
    kind: str
    option: str
    about: str
    choices: Tuple[str, ...] = ()


KEYS: Dict[str, Key] = {
    key.name: key
    for key in (
        Key(
            "select",
            "select",
            RULES,
            "--select",
            say("Only these rules: codes, beginnings of codes, or names."),
        ),
        Key("ignore", "ignore", RULES, "--ignore", say("Not these rules.")),
        Key(
            "per-path-ignores",
            "per_path_ignores",
            BY_PATH,
            "--per-path-ignore",
            say("Not these rules, for configs or lines of files whose path is like the glob."),
        ),
        Key("exclude", "exclude", GLOBS, "--exclude", say("What is left out of a folder that is walked.")),
        Key(
            "min-confidence",
            "fail_on",
            CHOICE,
            "--fail-on",
            say("How sure an error or warning must be for exit code 1."),
            FAIL_ON,
        ),
        Key(
            "patch-min-confidence",
            "patch_min_confidence",
            CHOICE,
            "--patch-min-confidence",
            say("How sure it must be for `patch` to cure it unasked."),
            FAIL_ON,
        ),
        Key(
            "default-remedy",
            "default_remedy",
            WORD,
            "--default-remedy",
            say("The cure that `patch` takes where it is offered; without it, the first safe one."),
        ),
        Key("launcher", "launcher", CHOICE, "--launcher", say("How you start training."), LAUNCHERS),
        Key(
            "gpus",
            "gpus",
            COUNT,
            "--gpus",
            say("1: no DDP, as launcher = 'none', unless a launcher is named."),
        ),
        Key(
            "torch",
            "torch",
            VERSION,
            "--torch",
            say("The torch that you train with, '1.13': cures that are too new for it are left out."),
        ),
        Key(
            "base-dirs",
            "base_dirs",
            FOLDERS,
            "--base-dir",
            say("Where to look for bases that are not where a config says."),
        ),
        Key(
            "source-roots",
            "source_roots",
            FOLDERS,
            "--source-root",
            say("Where to look first for the source of the model."),
        ),
        Key(
            "budget",
            "reading_seconds",
            SECONDS,
            "--reading-seconds",
            say("CPU seconds that reading one model's source may take."),
        ),
        Key(
            "docs-url",
            "docs_url",
            ADDRESS,
            "--docs-url",
            say("The address of the documentation's site; each finding then names the page of its rule."),
        ),
    )
}

#: The most seconds that a file may ask for: it may be a stranger's.
MOST_SECONDS = 3600
MOST_GPUS = 1_000_000
MOST_ITEMS = 1000
MOST_CHARACTERS = 500
VERSION_PATTERN = r"^\d+\.\d+(\.\d+)?([+a-z][\w.+-]*)?$"
ADDRESS_PATTERN = r"^https?://[!-~]+$"
#: A line of a settings file that says that it is one: ``[tool.mmfix]``.
TABLE = ("tool", "mmfix")
FILE_NAMES = ("mmfix.toml", "pyproject.toml")
