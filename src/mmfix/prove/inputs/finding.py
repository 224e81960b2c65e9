"""Which maker serves a config: the scope of its top model decides."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any, Dict, Iterator, List, Optional, Tuple

from mmfix.openmmlab import with_configs
from mmfix.prove.inputs.protocol import InputMaker, NoInputs
from mmfix.prove.inputs.settings import is_mmcv1, preprocessors, transforms, type_name
from mmfix.wording import say

GROUP = "mmfix.inputs"
#: Modules with a function ``maker(config)``; imported when asked for, as they import torch.
BUILT_IN = {
    "mmdet": "mmfix.prove.inputs.mmdet",
    "mmseg": "mmfix.prove.inputs.segmentation",
    "mmpretrain": "mmfix.prove.inputs.classification",
}
#: For the same packages in the mmcv 1.x era, when mmpretrain was mmcls.
MMCV1 = "mmfix.prove.inputs.collected"
_registered: Dict[str, InputMaker] = {}


def register(scope: str, maker: InputMaker) -> None:
    """Use `maker` for configs of `scope`; call it in a module that the config names in ``custom_imports``."""
    _registered[scope] = maker


def maker_for(config: Any) -> InputMaker:
    """The input maker for a config that MMEngine or mmcv 1.x has loaded.

    The scope is the prefix of ``model.type`` (``mmdet.MaskRCNN``), else ``default_scope``, else the package
    of the model's class or of one of its base classes: the first one for which there is a maker. For a scope,
    a registered maker goes before one of an entry point, and that before the one built in. A package of
    OpenMMLab without a maker has batches of its own: a detector of mmdet3d inherits from mmdet, and cannot
    take what that does.

    Raises:
        NoInputs: There is none, or the one of an entry point cannot be imported.
    """
    scopes = list(dict.fromkeys(_scopes(config)))
    for scope in scopes:
        maker = _registered.get(scope) or _from_entry_point(scope) or _built_in(scope, config)
        if maker is not None:
            return maker
        if not is_mmcv1(config) and scope in with_configs():
            scopes = [scope]
            break
    tried = say(" or ").join(f"'{scope}'" for scope in scopes) or say("a model without a scope")
    raise NoInputs(
        say("no made-up batches for {scopes}", scopes=tried),
        hint=_cure(config),
    )


def _cure(config: Any) -> str:
    wanted = _wanted_of(config)
    if not wanted:
        return say(
            "use `--data real` for batches of the config's own dataloader, or register an input maker "
            "(entry point group `{group}`): docs/inputs.md has examples",
            group=GROUP,
        )
    return say(
        "use `--data real` for batches of the config's own dataloader, or register an input maker "
        "(entry point group `{group}`): {wanted}; docs/inputs.md has examples",
        group=GROUP,
        wanted=wanted,
    )


def _wanted_of(config: Any) -> str:
    """What a maker has to make, as far as the config says: its preprocessor, and what the pipeline packs."""
    takes = next((type_name(node) for _, node in preprocessors(config)), "")
    packing = [node for node in transforms(config) if type_name(node).startswith(("Pack", "Collect"))]
    keys = packing[-1].get("keys") if packing else None
    taker = takes or say("the model")
    if isinstance(keys, (list, tuple)):
        packed = ", ".join(map(str, keys))
        return say("its batches are what {taker} takes (its pipeline packs {keys})", taker=taker, keys=packed)
    return say("its batches are what {taker} takes", taker=taker) if takes else ""


def default_size(config: Any) -> Tuple[int, int]:
    """Height and width for a rehearsal when the user names none: the smallest that suits the model.

    Raises:
        NoInputs: See :func:`maker_for`.
    """
    return maker_for(config).size(config)


def _scopes(config: Any) -> Iterator[str]:
    """Candidates, best first. mmengine/registry/registry.py: a prefix or ``_scope_`` beats the default."""
    model = config.get("model") or {}
    kind, default = model.get("type"), config.get("default_scope")
    if isinstance(kind, str) and "." in kind:
        yield kind.split(".")[0]
    if model.get("_scope_"):
        yield model["_scope_"]
    if isinstance(kind, str) and default:
        yield default
    for base in getattr(_model_class(kind, default, is_mmcv1(config)), "__mro__", ()):
        yield base.__module__.split(".")[0]
    if default:
        yield default


def _model_class(kind: Any, scope: Optional[str], of_mmcv1: bool) -> Any:
    """The class behind ``model.type``; None if the registries do not know it (or cannot be imported)."""
    if not isinstance(kind, str):
        return kind
    if of_mmcv1:
        from mmfix.prove.mmcv1_packages import class_of

        return class_of(kind)
    from mmengine.registry import MODELS

    try:
        with MODELS.switch_scope_and_registry(scope) as registry:
            return registry.get(kind)
    except Exception:  # a package that cannot be imported is reported when the model is built
        return None


def _from_entry_point(scope: str) -> Optional[InputMaker]:
    for point in _entry_points():
        if point.name == scope:
            try:
                found = point.load()
            except Exception as error:
                raise NoInputs(
                    say(
                        "the input maker for '{scope}' ({maker}) cannot be imported: {error!r}",
                        scope=scope,
                        maker=point.value,
                        error=error,
                    ),
                    hint=say("fix or uninstall the package that brings it"),
                ) from error
            made: InputMaker = found() if isinstance(found, type) else found
            return made
    return None


def _entry_points() -> List[Any]:
    points: Any = metadata.entry_points()
    if hasattr(points, "select"):  # Python >= 3.10
        return list(points.select(group=GROUP))
    return list(points.get(GROUP, ()))


def _built_in(scope: str, config: Any) -> Optional[InputMaker]:
    if scope not in (*BUILT_IN, "mmcls"):
        return None
    name = MMCV1 if is_mmcv1(config) else BUILT_IN[scope]
    made: InputMaker = importlib.import_module(name).maker(config)
    return made
