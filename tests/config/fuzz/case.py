"""One config to be read by both readers."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional

#: Where the configs of a package are seen from a case, so that a case names no path of a machine.
ZOO = "zoo"


@dataclass(frozen=True)
class Case:
    """A config and its bases.

    Attributes:
        grammar: What wrote it; results are counted for each.
        seed: What it was made from.
        files: Name -> text; the first is the config.
        zoo: The folder of real configs that it inherits from, if it does.
    """

    grammar: str
    seed: str
    files: Dict[str, str]
    zoo: Optional[str] = None

    @property
    def asks_the_run(self) -> bool:
        """Whether the two outcomes of the run may give two configs."""
        text = "".join(self.files.values())
        return _ASKS.search(text) is not None or any(map(_has_set, self.files.values()))


#: What the run decides; the order of a set is decided by it, too.
_ASKS = re.compile(r"\b(sys|time|random)\.|os\.environ|os\.getenv|\b(hash|set)\(")


def _has_set(text: str) -> bool:
    return "{" in text and any(isinstance(node, (ast.Set, ast.SetComp)) for node in ast.walk(ast.parse(text)))


def write(case: Case, folder: Path) -> str:
    """Write the files of a case into an empty folder; the path of the config."""
    for name, text in case.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if case.zoo is not None:
        os.symlink(case.zoo, folder / ZOO, target_is_directory=True)
    return str(folder / next(iter(case.files)))
