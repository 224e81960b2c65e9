"""What is meant where no path was typed."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple


def default_path() -> Tuple[str, bool]:
    """``configs/`` of the working directory, else the example configs in mmfix; says which.

    True with it: these are not the user's files, and nothing may be written there.
    """
    if Path("configs").is_dir():
        return "configs", False
    package = Path(__file__).parents[1]
    examples = package / "examples" / "configs"
    if not examples.is_dir():  # a source checkout: the examples go into the package when it is built
        examples = package.parents[1] / "configs"
    return str(examples), True
