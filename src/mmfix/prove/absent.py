"""What a run imports and is not here, or is here and cannot be imported: said first, and by its name."""

from __future__ import annotations

import importlib
import importlib.util
import re
import traceback
from typing import Optional, Tuple

from mmfix.openmmlab import packages, to_install
from mmfix.prove.joining import CannotProve
from mmfix.wording import say

_MISSING = re.compile(r"No module named '?([\w.]+)'?")
#: What stands in the place of an error of a module that the config imports: ``mmengine/config/config.py:
#: fromfile``, ``mmengine/utils/misc.py: import_modules_from_strings``; nothing in mmcv 1.x.
_INSTEAD = re.compile(r"(?:Failed to import (?:custom modules from .*|(?P<asked>[\w.]+)))?", re.DOTALL)


def require(name: str) -> None:
    """Raise where a package of OpenMMLab that a config trains with cannot be imported.

    Args:
        name: Of a registry scope; one that is no package of OpenMMLab may be made by the config's own code.

    Raises:
        CannotProve: It is not installed, or its import fails.
    """
    if name not in packages():
        return
    if importlib.util.find_spec(name) is None:
        raise CannotProve(_not_installed(name), hint=_install(name))
    try:
        importlib.import_module(name)
    except Exception as error:
        text = why_not_imported(error) or f"{type(error).__name__}: {_line(error)}"
        raise CannotProve(
            say("{name} is installed and cannot be imported: {why}", name=name, why=text)
        ) from error
    if packages()[name].configs and importlib.util.find_spec(f"{name}.models") is None:
        raise CannotProve(
            say("{name} is half installed: it has no {name}.models", name=name), hint=_install(name)
        )


def why_not_imported(error: BaseException) -> str:
    """The package that an error says is missing, or the import that failed; empty where it is another error.

    Of an error in a constructor MMEngine keeps the text only (``mmengine/registry/build_functions.py``).
    """
    if not isinstance(error, ImportError):
        return ""
    error, asked = _behind(error)
    found = _MISSING.search(str(error))
    if found is None:
        return say("an import fails{where}: {error}", where=_where(error), error=_line(error))
    name = found.group(1).partition(".")[0]
    if _is_there(name):
        return say(
            "{package} has no module {module}{where}: another version is meant, or it is half installed",
            package=name,
            module=found.group(1),
            where=_where(error),
        )
    if asked.partition(".")[0] == name and name not in packages():
        return say(
            "the config imports {module}, which is not found here; run it where that lies, or with "
            "PYTHONPATH",
            module=asked,
        )
    return f"{_not_installed(name)}{_where(error)}; {_install(name)}"


def _behind(error: BaseException) -> Tuple[BaseException, str]:
    """The error that another one stands for, and the module that the config asked for, if that is told."""
    asked = ""
    while True:
        instead = _INSTEAD.fullmatch(str(error))
        cause = error.__cause__ or error.__context__
        if instead is None or not isinstance(cause, ImportError):
            return error, asked
        asked = instead["asked"] or asked
        error = cause


def _not_installed(name: str) -> str:
    return say("{name} is not installed here", name=name)


def _install(name: str) -> str:
    return say("run it where the config trains, or pip install {package}", package=to_install(name))


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _where(error: BaseException) -> str:
    """The line whose import fails: the innermost one that is not the import system's own."""
    place: Optional[traceback.FrameSummary] = None
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.filename.startswith("<") and "importlib" not in frame.filename:
            place = frame
    return "" if place is None else f" ({place.filename}:{place.lineno})"


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0]
