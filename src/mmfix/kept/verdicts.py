"""What was said of a config, kept as long as nothing has changed that it rests on.

That is: its own files, the code around it and in the packages of OpenMMLab, whatever else of the source was
read, the settings that hold for it, the working directory, mmfix itself, and what is installed (torch by its
version). Nothing is kept where a proof lies beside the config, where a base is missing, where something could
not be judged or was not judged to its end, where an environment variable may decide, and where a file has
changed since the run began.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, List, Optional, Sequence, Tuple

from mmfix.kept.values import from_values
from mmfix.project.held import Held, named_roots
from mmfix.proofs.place import proof_file
from mmfix.python.disk import stamp
from mmfix.repository import cache
from mmfix.repository.roots import source_roots
from mmfix.repository.state import State, state_of
from mmfix.results.checked import ConfigReport
from mmfix.results.place import working_directory

#: Changes with the layout of what is kept.
KIND = "verdicts-2"
#: What of a config decides where its code is looked for (:func:`mmfix.repository.roots.source_roots`).
ASKED = ("custom_imports", "plugin", "plugin_dir")

Reports = Tuple[ConfigReport, ...]


def recalled(path: str, held: Held, installed: Sequence[str]) -> Optional[Reports]:
    """What was said of a config: its report; none for one that nothing can train. None: judge it.

    Args:
        path: The config, absolute.
        held: The settings that hold for it.
        installed: What is installed beside mmfix and decides what is said.
    """
    entry = cache.load(KIND, key_of(path, held, installed))
    try:
        if entry is None or any(stamp(file) != was for file, was in entry["files"].items()):
            return None
        if entry["texts"] != [state.text for state in states_of(path, entry["asked"], entry["homes"], held)]:
            return None
        return None if os.path.lexists(proof_file(path)) else tuple(map(from_values, entry["reports"]))
    except (LookupError, TypeError, ValueError, AttributeError):
        return None  # somebody else's file


def key_of(path: str, held: Held, installed: Sequence[str]) -> str:
    """All that decides what is said of a config, and lies in no file of its repository."""
    settings = replace(held.settings, given=frozenset())
    given = sorted(held.settings.given)
    file = "" if held.file is None else f"{held.file.path} {stamp(held.file.path)}"
    return "\n".join([path, working_directory(), repr(settings), str(given), file, *installed])


def states_of(path: str, asked: Any, homes: Sequence[str], held: Held) -> List[State]:
    """The state of where the code of a config is looked for, with the folders that are named and without."""
    tree = from_values(asked)
    places = (source_roots(path, tree, homes, named) for named in (named_roots(held.settings), ()))
    return [state_of(roots) for roots in dict.fromkeys(places)]
