"""Which maker serves an mmdet config."""

from __future__ import annotations

from typing import Any, List

from mmfix.prove.inputs import branches, classification, detection, settings, tracking
from mmfix.prove.inputs.protocol import InputMaker


def maker(config: Any) -> InputMaker:
    """The maker for an mmdet config: its data preprocessor says how samples are packed."""
    names: List[str] = [settings.type_name(node) for _, node in settings.preprocessors(config)]
    if "MultiBranchDataPreprocessor" in names:
        return branches.Branches()
    if "ReIDDataPreprocessor" in names:
        return tracking.ReIdentification()
    own: Any = next((node for _, node in settings.preprocessors(config)), {})
    if "TrackDataPreprocessor" in names and not own.get("use_det_processor"):
        return tracking.Frames()
    if settings.type_name(config.model) == "ImageClassifier":
        return classification.maker(config)
    return detection.Detection()
