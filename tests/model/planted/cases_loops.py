"""Containers that are filled late, and loops whose number of turns no source says."""

from __future__ import annotations

from typing import Tuple

from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES
from planted.case import Case, Checkpoint, part

_EXPERTS = ("expert0", "expert1", "expert2")
LOOPS: Tuple[Case, ...] = (
    Case("container-children", "container_children", part("JoinedLayersModel")),
    Case(
        "container-children-spare",
        "container_children",
        part("JoinedLayersModel", spare=True),
        {"left_out.1": NEVER},
    ),
    *(
        Case(f"stacked-levels-{way}", "stacked_levels", part("StackedLevelsModel", way=way))
        for way in ("range", "enumerate", "zip", "len", "shifted", "known")
    ),
    Case(
        "stacked-levels-fewer",
        "stacked_levels",
        part("StackedLevelsModel", way="known", num_branches=4),
        {"classifiers.3": NEVER},
    ),
    Case(
        "stacked-levels-only-last",
        "stacked_levels",
        part("StackedLevelsModel", way="only last"),
        {"classifiers.0": NEVER, "classifiers.1": NEVER},
    ),
    Case("split-pieces", "stacked_levels", part("SplitPiecesModel")),
    Case("split-pieces-of-known-number", "stacked_levels", part("SplitPiecesModel", sizes=[2, 2])),
    Case("library-children", "library_children", part("LibraryTrunkModel"), {"idle": NEVER}),
    *(
        Case(
            f"names-of-parts-{way}",
            "names_of_parts",
            part("NamedPartsModel", way=way),
            {**dict.fromkeys(_EXPERTS, CANNOT_TELL), "idle": NEVER},
            measured={**dict.fromkeys(_EXPERTS, SOMETIMES), "idle": NEVER},
        )
        for way in ("f-string", "percent", "format", "sum")
    ),
    *(
        Case(f"frame-losses-{form}", "frame_losses", part("FrameLossesModel", form=form))
        for form in ("add", "format", "levels")
    ),
    Case(
        "frame-losses-overwritten",
        "frame_losses",
        part("FrameLossesModel", form="overwritten"),
        {"cls": SOMETIMES},
        measured={"cls": NEVER},
    ),
    Case(  # whether the pipeline gives images, no config says
        "sensor-optional",
        "sensor_optional",
        part("OptionalSensorDetector"),
        {"camera": CANNOT_TELL, "encoder": CANNOT_TELL},
        measured={},
        checkpoint=Checkpoint("with_cp"),
        era="mmcv1",
    ),
)
