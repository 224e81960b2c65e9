"""Why no registry of a run has a class. Plain data."""

from __future__ import annotations

from typing import NamedTuple

#: Why a class is not found: nobody has it; only releases of the other era have it; another package has it;
#: the repository has it, and nothing imports it; the package that the config names is no package.
NOWHERE, OTHER_ERA, ELSEWHERE, NOT_IMPORTED, NO_PACKAGE = (
    *("nowhere", "other-era", "elsewhere"),
    *("not-imported", "no-package"),
)


class Verdict(NamedTuple):
    """Why a class is not found.

    Attributes:
        why: One of the constants above; empty where it is found, or where that is not known.
        meant: What the config would have to say instead; empty where that is not known.
        module: What it would have to import; empty where that is not why.
        where: The file that registers it, for ``not-imported``.
        sure: All that could have it was read.
    """

    why: str
    meant: str = ""
    module: str = ""
    where: str = ""
    sure: bool = True


FOUND = Verdict("")
