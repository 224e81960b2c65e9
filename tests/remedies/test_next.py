"""What to look for after a patch: the line of progress of the config's framework, and memory in it."""

from __future__ import annotations

import re
from typing import Any, Dict

import pytest

from mmfix.config.document import ConfigDocument
from mmfix.config.memory import from_mapping
from mmfix.config.origin import Unknown
from mmfix.diagnosis.log import marks
from mmfix.remedies.next import what_to_look_for


def mmcv1(**log: Any) -> ConfigDocument:
    return from_mapping({"data": {}, "total_epochs": 1, **({"log_config": log} if log else {})})


def mmengine(**top: Any) -> ConfigDocument:
    return from_mapping({"train_dataloader": {}, "optim_wrapper": {}, **top})


def logger(interval: Any) -> Dict[str, Any]:
    return {"logger": {"type": "LoggerHook", "interval": interval}}


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (mmengine(), "`Epoch(train) [1][10/...]`, written every 10 iterations"),
        (mmengine(default_hooks=logger(50)), "`Epoch(train) [1][50/...]`, written every 50 iterations"),
        (mmengine(log_processor={"by_epoch": False}, default_hooks=logger(50)), "`Iter(train) [50/...]`"),
        (mmengine(default_hooks=logger(Unknown("read"))), "`Epoch(train) [1][.../...]`, written every few"),
        (mmengine(default_hooks=None), "`Epoch(train) [1][10/...]`"),
        (mmcv1(), "`Epoch [1][10/...]`, written every 10 iterations"),
        (mmcv1(interval=50, hooks=[{"type": "TextLoggerHook"}]), "`Epoch [1][50/...]`"),
        (mmcv1(interval=50, hooks=[{"type": "TextLoggerHook", "by_epoch": False}]), "`Iter [50/...]`"),
        (mmcv1(interval=50, hooks=[{"type": "Other", "by_epoch": False}]), "`Epoch [1][50/...]`"),
        (mmcv1(interval=50, hooks=Unknown("made by a call")), "`Epoch [1][50/...]`"),
    ],
)  # fmt: skip
def test_the_line_that_shows_the_first_iterations_passing(document: ConfigDocument, line: str) -> None:
    assert f"first {line}" in what_to_look_for(document, ["checkpoint-off"])


@pytest.mark.parametrize("document", [mmengine(), mmcv1(), mmengine(log_processor={"by_epoch": False})])
def test_it_is_a_line_that_explain_counts_as_progress(document: ConfigDocument) -> None:
    found = re.search(r"`(\w+.*?\[.*?/)\.\.\.\]`", what_to_look_for(document, ["find-unused"]))

    assert found is not None
    reading = marks.Marks()
    marks._progress(reading, 1, f"2024 - INFO - {found.group(1)}5000] lr: 0.1 memory: 5")
    assert reading.progress[1].made == 10


@pytest.mark.parametrize(
    ("cures", "signs"),
    [
        (["checkpoint-off"], ["`memory` is higher than before (10-15 % seen), `time` lower"]),
        (["find-unused"], ["the key is not needed"]),
        (["checkpoint-off", "find-unused-off"], ["with checkpoint-off `mem", "with find-unused-off `mem"]),
        (["wrapper-keys"], ["`memory` is the place to look"]),
    ],
)  # fmt: skip
def test_where_memory_shows(cures: Any, signs: Any) -> None:
    line = what_to_look_for(mmengine(), [*cures, *cures])

    assert line.startswith(f"({', '.join(cures)}) ")
    assert "\n" not in line
    for sign in signs:
        assert sign in line


def test_without_a_cure_there_is_nothing_to_look_for() -> None:
    assert what_to_look_for(mmengine(), []) == ""
