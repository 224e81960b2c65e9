"""MMEngine's own loader as the judge of the reader."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple, Union

from mmfix.config.origin import Unknown
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError


class Failed:
    """MMEngine or the reader could not load the config."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        return f"Failed({type(self.error).__name__}: {self.error})"


def write(folder: Path, files: Dict[str, str]) -> str:
    """Write the files; the path of the first one, which is the config."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    return str(folder / next(iter(files)))


def with_mmengine(path: str) -> Union[Dict[str, Any], Failed]:
    from mmengine.config import Config

    try:
        return Config.fromfile(path, import_custom_modules=False).to_dict()  # type: ignore[no-any-return]
    except BaseException as error:
        return Failed(error)


def with_mmfix(path: str) -> Union[Dict[str, Any], Failed]:
    try:
        return Reader().load(path).to_dict()
    except ConfigError as error:
        return Failed(error)


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[Tuple[str, str]]:
    """(kind, key path) of every difference; kind is ``unknown`` or ``different``."""
    if isinstance(ours, Unknown):
        yield "unknown", path
    elif type(ours) is not type(theirs):
        yield "different", f"{path}: {ours!r} is not {theirs!r}"
    elif isinstance(ours, dict):
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            if key not in ours:
                yield "different", f"{path}.{key} is missing"
            elif key not in theirs:
                yield ("unknown" if isinstance(ours[key], Unknown) else "different"), f"{path}.{key}"
            else:
                yield from differences(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(ours, (list, tuple)):
        if len(ours) != len(theirs):
            yield "different", f"{path}: {ours!r} is not {theirs!r}"
        else:
            for position, pair in enumerate(zip(ours, theirs)):
                yield from differences(*pair, f"{path}[{position}]")
    elif ours != theirs and not (isinstance(ours, float) and math.isnan(ours) and math.isnan(theirs)):
        yield "different", f"{path}: {ours!r} is not {theirs!r}"
