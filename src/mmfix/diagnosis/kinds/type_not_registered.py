"""A ``type`` that no registry knows.

It is misspelt, or the module that registers it was never imported (``mmengine/registry/build_functions.py``;
``mmcv/utils/registry.py`` in mmcv 1.x).
"""

from __future__ import annotations

from typing import Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.diagnosis.kinds.common import keys_where
from mmfix.diagnosis.types import Kind, Sighting, sign


def places(document: ConfigDocument, sighting: Sighting) -> Tuple[KeyPath, ...]:
    """The keys that name it."""
    name = sighting.fields.get("type", "").rpartition(".")[2]
    found = keys_where(document, "type")
    return tuple(key for key, value in found if isinstance(value, str) and value.rpartition(".")[2] == name)


KIND = Kind(
    id="type-not-registered",
    title="a type that no registry knows",
    outcome=None,
    signs=(
        sign(
            "is not in the ",
            r"(?P<registry>[\w:]+?) registry",
            line=r"(?:Error: |['\"\s])(?P<type>[A-Za-z_][\w.]*) is not in the",
        ),
    ),
    explanation="A registry was asked for a type that it does not have: the name is misspelt, or the "
    "module that registers it was not imported before.",
    hints=(
        "Compare the name with the class, upper and lower case too.",
        "If it is your own class: custom_imports = dict(imports=['package.module'], "
        "allow_failed_imports=False), with the module that defines it.",
        "If it is of another OpenMMLab package: write the package in front (mmdet.ResNet), and install it.",
    ),
    places=places,
)
