"""MMEngine's own loader as the judge of the reader."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple, Union

import pytest

from mmfix.config.document import to_plain
from mmfix.config.origin import Unknown
from mmfix.config.reader import Reader
from mmfix.config.values import TreeDict, absent
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


def skip_what_is_newer(theirs: Union[Dict[str, Any], Failed]) -> None:
    """Leave a test out whose code is newer than this Python: ``match`` (3.10), ``|`` of dicts (3.9)."""
    if isinstance(theirs, Failed) and sys.version_info < (3, 10):
        if isinstance(theirs.error, SyntaxError) or "operand type(s) for |" in str(theirs.error):
            pytest.skip("this Python is older than the code")


def with_mmfix(path: str) -> Union[Dict[str, Any], Failed]:
    try:
        return plain(Reader().load(path).tree)  # type: ignore[no-any-return]
    except ConfigError as error:
        return Failed(error)


class Open(Dict[Any, Any]):
    """A dict that may have more keys: those that `absent` says."""

    def __init__(self, node: TreeDict) -> None:
        super().__init__((key, plain(value)) for key, value in node.items())
        self.node = node


def plain(value: Any) -> Any:
    """What `to_dict` gives, and which dicts may have more keys."""
    if isinstance(value, TreeDict) and value.missing:
        return Open(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return (list if isinstance(value, list) else tuple)(plain(item) for item in value)
    return to_plain(value)


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[Tuple[str, str]]:
    """(kind, key path) of every difference; kind is ``unknown`` or ``different``."""
    if isinstance(ours, Unknown):
        yield "unknown", path
    elif type(ours) is not type(theirs) and not (isinstance(ours, Open) and type(theirs) is dict):
        yield "different", f"{path}: {ours!r} is not {theirs!r}"
    elif isinstance(ours, dict):
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            if key not in ours:
                known = absent(ours.node, key) is None if isinstance(ours, Open) else True
                yield ("different", f"{path}.{key} is missing") if known else ("unknown", f"{path}.{key}")
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
