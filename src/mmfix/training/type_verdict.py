"""Why no registry of a run has a class. Plain data."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

#: Why a class is not found: nobody has it; only releases of the other era have it; another package has it;
#: the repository has it, and nothing imports it; the package that the config names is no package.
NOWHERE, OTHER_ERA, ELSEWHERE, NOT_IMPORTED, NO_PACKAGE = (
    *("nowhere", "other-era", "elsewhere"),
    *("not-imported", "no-package"),
)


class Places(NamedTuple):
    """All that decides what a type stands for.

    Attributes:
        roots: Directories searched before the installed packages.
        walk: The state of these.
        named: The modules that the config has imported.
        read: What the config and its bases import themselves: modules, or what is in one.
        era: ``mmengine`` or ``mmcv1``.
        package: The package whose own config it is.
    """

    roots: Tuple[str, ...]
    walk: str
    named: Tuple[str, ...]
    read: Tuple[str, ...]
    era: str
    package: Optional[str]


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
