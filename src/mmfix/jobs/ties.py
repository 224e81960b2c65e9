"""What the configs of a list have to do with each other, when they are written one after the other."""

from __future__ import annotations

import os
from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from mmfix.config.reader import Reader
from mmfix.errors import ConfigError


class Tie(NamedTuple):
    """What a config has to do with the others.

    Attributes:
        group: The same for what must be written one after the other, in its order: the names of one file.
        wave: Higher than that of every other config of the list that it inherits.
        files: Those of the list that it is made of, itself among them.
    """

    group: str
    wave: int
    files: Tuple[str, ...]


def ties_of(paths: Sequence[str], reader: Optional[Reader]) -> Dict[str, Tie]:
    """By path, the ties of each config of a list.

    Args:
        paths: The configs.
        reader: Says what inherits what; without it nothing does.
    """
    homes: Dict[str, str] = {}

    def home(path: str) -> str:
        if path not in homes:
            homes[path] = os.path.realpath(path)
        return homes[path]

    files = {path: (path,) if reader is None else _files(path, reader) for path in paths}
    names: Dict[str, List[str]] = {}
    for path in paths:
        names.setdefault(home(path), []).append(path)
    bases = {
        real: {home(file) for path in names[real] for file in files[path]} & names.keys() - {real}
        for real in names
    }
    places = _places(bases)
    return {
        path: Tie(*places[home(path)], tuple(file for file in files[path] if home(file) in names))
        for path in paths
    }


def _files(path: str, reader: Reader) -> Tuple[str, ...]:
    try:
        return reader.load(path).files
    except ConfigError:
        return (path,)  # it is not patched


def _places(bases: Dict[str, Set[str]]) -> Dict[str, Tuple[str, int]]:
    """Group and wave of each file, by those that it inherits. Only links let files inherit each other."""
    places: Dict[str, Tuple[str, int]] = {}
    left = list(bases)
    wave = 0
    while left:
        ready = [real for real in left if all(base in places for base in bases[real])]
        places.update({real: (real, wave) for real in ready} or dict.fromkeys(left, (left[0], wave)))
        left = [real for real in left if real not in places]
        wave += 1
    return places
