"""A rehearsal needs no weights: take out of a config whatever would load or download some."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Tuple

from mmfix.prove.inputs.language import without_hub
from mmfix.prove.inputs.settings import dicts, is_mmcv1, replace, type_name

#: Names of keys in a model that hold the path or address of weights.
NAMES = ("pretrained", "checkpoint")
ENDINGS = ("_pretrained", "_ckpt", "_checkpoint")


def without_pretrained(config: Any) -> Tuple[str, ...]:
    """Remove, in place, what would load weights from a config; which parameters exist stays the same.

    That is: ``init_cfg`` of type ``Pretrained`` (also in lists), ``pretrained`` and keys like
    ``teacher_ckpt`` in the model, ``load_from``, ``resume_from`` and ``resume``. A teacher that is a path to
    a config is loaded and cleaned too. What only code says (a class with a pretrained default) cannot load
    either: in this process, the framework's ``PretrainedInit`` does nothing from now on. Language models see
    :func:`mmfix.prove.inputs.language.without_hub`.

    Returns:
        What was replaced, one line each.
    """
    if is_mmcv1(config):
        from mmcv.cnn.utils.weight_init import PretrainedInit
    else:
        from mmengine.model.weight_init import PretrainedInit

    PretrainedInit.__call__ = lambda self, module: None
    lines = [
        replace(config, "", key, None).lstrip(".") for key in ("load_from", "resume_from") if config.get(key)
    ]
    if config.get("resume"):
        lines.append(replace(config, "", "resume", False).lstrip("."))
    for path, node in dicts(config.get("model"), "model"):
        lines += _clean(node, path, config)
    return (*lines, *without_hub(config))


def _clean(node: Any, path: str, config: Any) -> List[str]:
    lines: List[str] = []
    for key, value in list(node.items()):
        if _is_pretrained(value):
            lines.append(replace(node, path, key, None))
        elif isinstance(value, (list, tuple)) and any(_is_pretrained(part) for part in value):
            lines.append(
                replace(node, path, key, [part for part in value if not _is_pretrained(part)] or None)
            )
        elif key == "teacher_config" and isinstance(value, str):
            lines += _clean_teacher(node, f"{path}.{key}", config)
        elif (key in NAMES or key.endswith(ENDINGS)) and isinstance(value, str) and value:
            lines.append(replace(node, path, key, None))
        elif key == "pretrained" and value is True:
            lines.append(replace(node, path, key, False))
    return lines


def _clean_teacher(node: Any, path: str, config: Any) -> List[str]:
    """Put a teacher's config in the place of its path. mmdet/models/detectors/kd_one_stage.py takes both.

    A relative path starts at the repository's root, where training is started: that is the working directory
    or one of the folders above the config. If there is no such file, the model says so when it is built.
    """
    folder = _folder(config)
    found = [base / node["teacher_config"] for base in (Path.cwd(), folder, *folder.parents)]
    file = next((file for file in found if file.is_file()), None)
    if file is None:
        return []
    teacher = type(config).fromfile(str(file))
    lines = [f"{path}.{line}" for line in without_pretrained(teacher)]
    node["teacher_config"] = teacher
    return lines


def _folder(config: Any) -> Path:
    """Where the config file is; the working directory if the config has no file."""
    return Path(getattr(config, "filename", None) or "config.py").resolve().parent


def _is_pretrained(value: Any) -> bool:
    return isinstance(value, dict) and (
        type_name(value) in ("Pretrained", "PretrainedInit")
        or ("checkpoint" in value and "type" not in value)
    )
