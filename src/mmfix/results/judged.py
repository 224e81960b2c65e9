"""How much of each config was judged, and why not all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Tuple

#: The source of the model was followed to the loss; in part; not at all: only the config's keys and the
#: tables of released classes spoke; the config was not judged.
FULLY = "fully"
PARTLY = "partly"
KEYS = "keys only"
NOT = "not judged"
EXTENTS = (FULLY, PARTLY, KEYS, NOT)

#: Kinds of gaps: a class whose source is not here; a part of the model of which the source does not tell
#: whether it is used; source that could not be followed; a base that is not here; a value that is known only
#: in a run; another framework's config.
CLASS = "class"
PART = "part"
CODE = "code"
BASE = "base"
VALUE = "value"
FRAMEWORK = "framework"


class Gap(NamedTuple):
    """Something that was not judged.

    Attributes:
        kind: One of the kinds above.
        what: Its name, or the reason as one clause.
    """

    kind: str
    what: str


@dataclass(frozen=True)
class Judged:
    """How much of one config was judged.

    Attributes:
        extent: One of :data:`EXTENTS`.
        gaps: Why it is not more; empty for :data:`FULLY`.
    """

    extent: str
    gaps: Tuple[Gap, ...] = ()
