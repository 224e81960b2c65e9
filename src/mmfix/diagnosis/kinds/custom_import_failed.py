"""A module of ``custom_imports`` that cannot be imported.

It is not there, or not where Python looks (``mmengine/utils/misc.py: import_modules_from_strings``, and
``mmcv/utils/misc.py`` in mmcv 1.x), or what it imports itself is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath
    from mmfix.findings import Remedy
    from mmfix.training.types import TrainingSetup

_KEY = ("custom_imports", "imports")


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """What the config imports."""
    return (_KEY,) if document.get(_KEY, None) else ()


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """The module that is meant, where the files tell."""
    from mmfix.remedies import right_module
    from mmfix.training.missing_modules import missing_modules

    found = missing_modules(setup.document)
    return tuple(remedy for each in found for remedy in right_module(setup, each.name, each.meant))


KIND = Kind(
    id="custom-import-failed",
    title=say("a module of custom_imports that cannot be imported"),
    message="Failed to import custom modules from",
    outcome=None,
    signs=(
        sign("Failed to import custom modules from {"),
        # mmcv 1.x says no more
        sign("in import_modules_from_strings raise ImportError"),
    ),
    explanation=say(
        "custom_imports names a module that Python could not import: there is none of that name where "
        "it looks, or something that the module imports is missing. The first error above says which."
    ),
    hints=(
        say("Correct the name; it is written with dots, from a folder that Python looks in."),
        say("Start the training in the folder that holds the package, or add that folder to PYTHONPATH."),
        say("python -c 'import NAME' shows what the module itself cannot import."),
    ),
    places=places,
    cures=cures,
)
