"""A ``type`` that no registry knows.

It is misspelt, or the module that registers it was never imported (``mmengine/registry/build_functions.py``;
``mmcv/utils/registry.py`` in mmcv 1.x).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from mmfix.config.dicts import keys_where
from mmfix.diagnosis.types import Kind, Sighting, sign
from mmfix.findings import Remedy
from mmfix.openmmlab import packages
from mmfix.wording import mark, say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument
    from mmfix.config.keypath import KeyPath
    from mmfix.training.types import TrainingSetup

#: These are imported by the framework itself: a name they have is missing for another reason.
_PACKAGES = frozenset(packages())


def cures(setup: TrainingSetup, sighting: Sighting) -> Tuple[Remedy, ...]:
    """Import the module of the repository that defines it; or the name that is nearly the same."""
    from mmfix.remedies import import_of, right_type
    from mmfix.repository.library import Library  # takes longer to load than most logs to read
    from mmfix.repository.roots import config_package, source_roots
    from mmfix.training.parts import default_package

    document = setup.document
    name = sighting.fields.get("type", "").rpartition(".")[2]
    where = places(document, sighting)
    package = config_package(document.path)
    scope = default_package(document) or package
    library = Library(source_roots(document.path, document.tree, document.homes))
    found = library.find(name, scope).candidates
    if found:
        module = found[0].module
        if package is not None or module.partition(".")[0] in _PACKAGES:
            return ()
        return import_of(setup, [module], name)
    return next((right_type(where, name, other) for other in library.similar(name, scope)), ())


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The keys that name it."""
    name = sighting.fields.get("type", "").rpartition(".")[2]
    found = keys_where(document, "type")
    return tuple(key for key, value in found if isinstance(value, str) and value.rpartition(".")[2] == name)


KIND = Kind(
    id="type-not-registered",
    title=say("a type that no registry knows"),
    message="X is not in the ... registry",
    outcome=None,
    signs=(
        sign(
            "is not in the ",
            r"(?P<registry>[\w:]{1,40}?) registry",
            line=r"(?:KeyError: .*?|['\"])\b(?P<type>[A-Za-z_][\w.]*) is not in the",
        ),
    ),
    explanation=say(
        "A registry was asked for a type that it does not have: the name is misspelt, or the module "
        "that registers it was not imported before."
    ),
    detail=mark("The type is {type}, the registry {registry}."),
    hints=(
        say("Compare the name with the class, upper and lower case too."),
        say(
            "If it is your own class: custom_imports = dict(imports=['package.module'], "
            "allow_failed_imports=False), with the module that defines it."
        ),
        say(
            "If it is of another OpenMMLab package: write the package in front (mmdet.ResNet), and "
            "install it."
        ),
    ),
    places=places,
    cures=cures,
)
