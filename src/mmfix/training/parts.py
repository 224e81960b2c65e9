"""The model tree as a flat list of its parts."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from mmfix.config.dicts import SCALARS
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.names import type_name, type_scope
from mmfix.config.origin import Unknown
from mmfix.training.era import MMCV1, era
from mmfix.training.table import table
from mmfix.wording import say

_NO_MODULES = frozenset({"train_cfg", "test_cfg", "init_cfg", "data_preprocessor", "pretrained", "metainfo"})

# A tree of shared dicts can unfold without end.
_MOST_PARTS = 20_000


class Part(NamedTuple):
    """One dict of the model tree.

    Attributes:
        path: Its key path, ``model.backbone``.
        node: The dict.
        name: The class it configures; for a dict without ``type`` the class its owner is known to build,
            else None.
        package: The package the class comes from, as far as the config tells.
        owner: The class of the nearest typed dict above.
    """

    path: KeyPath
    node: Dict[Any, Any]
    name: Optional[str]
    package: Optional[str]
    owner: Optional[str]

    @property
    def label(self) -> str:
        """A class name for messages, the owner's when its own is not known."""
        return self.name or self.owner or str(self.path[-1])


def model_parts(document: ConfigDocument, unknown: List[str]) -> List[Part]:
    """Every dict under ``model`` that can configure a module, outer parts first.

    Appends to ``unknown`` a line for each value in it that could not be read; any of them may be a switch
    or a module. Paths of weights are left out.
    """
    model = document.tree.get("model")
    if isinstance(model, Unknown):
        unknown.append(f"model: {model.reason}")
    if not isinstance(model, dict):
        return []
    default = default_package(document)
    parts: List[Part] = []
    stack: List[Tuple[KeyPath, Any, Optional[Part], Optional[str]]] = [(("model",), model, None, default)]
    while stack:
        if len(parts) > _MOST_PARTS:
            unknown.append(say("model: more than {count} parts; the rest was not read", count=_MOST_PARTS))
            break
        path, value, above, scope = stack.pop()
        if isinstance(value, dict):
            # `_scope_` (bases written as pkg::file) holds for everything built inside
            scope = value["_scope_"] if isinstance(value.get("_scope_"), str) else scope
            above = _part(path, value, above, scope)
            parts.append(above)
            items = [(key, item) for key, item in value.items() if key not in _NO_MODULES]
        else:
            items = list(enumerate(value))
        for key, item in reversed(items):
            if type(item) in SCALARS:
                continue
            if isinstance(item, (dict, list, tuple)):
                stack.append(((*path, key), item, above, scope))
            elif isinstance(item, Unknown) and key != "checkpoint":
                unknown.append(f"{format_key((*path, key))}: {item.reason}")
    return parts


def default_package(document: ConfigDocument) -> Optional[str]:
    """The package unprefixed types of this config come from, or None."""
    scope = document.tree.get("default_scope")
    if isinstance(scope, str):
        return scope
    model = document.tree.get("model")
    if era(document) == MMCV1 and isinstance(model, dict):
        # no `default_scope` there: the root model names the package
        name = type_name(model.get("type"))
        return next((package for package, roots in table("roots").items() if name in roots), None)
    return None


def _part(path: KeyPath, node: Dict[Any, Any], above: Optional[Part], scope: Optional[str]) -> Part:
    owner = above and (above.name or above.owner)
    if "type" in node:
        return Part(path, node, type_name(node["type"]), type_scope(node["type"]) or scope, owner)
    if isinstance(node.get("target"), str):
        # latent-diffusion style: dict(target='ldm.modules...UNetModel', params=dict(...))
        return Part(path, node, type_name(node["target"]), type_scope(node["target"]), owner)
    package = above.package if above else scope
    if path[-1] == "params":
        return Part(path, node, owner, package, owner)
    built = table("encoders").get(owner or "") if path[-1] in ("encoder", "encoder_cfg") else None
    return Part(path, node, built, package, owner)
