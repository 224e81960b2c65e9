"""The diagnoses of one text are judged together: no advice undoes what another one needs."""

from __future__ import annotations

from typing import List

import pytest
from messages import STATIC_CHANGED, UNUSED_BARE, twice, unused

import mmfix
from mmfix.rules.rule import MMENGINE

OOM = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.90 GiB total capacity)\n"
FOR_NOTHING = (
    "[W reducer.cpp:1303] Warning: find_unused_parameters=True was specified in DDP constructor, but did not find any "
    "unused parameters in the forward pass.\n"
)
STAMP = "2024/11/19 12:00:00 - mmengine - INFO -"


def printed(config: str) -> str:
    return f"{STAMP} Config:\n{MMENGINE}{config}\n{STAMP} go\n"


def told(found: mmfix.Diagnosis, id_: str) -> mmfix.Diagnosis:
    return next(item for item in (found, *found.others) if item.id == id_)


def names(item: mmfix.Diagnosis) -> List[str]:
    return [remedy.name for remedy in item.remedies]


def test_the_first_cure_and_what_came_of_it() -> None:
    """open-mmlab/mmdetection#10515: unused, then find_unused_parameters=True, then ready twice."""
    found = mmfix.explain(UNUSED_BARE + twice(3))

    unused_ = told(found, "unused-parameters")
    assert names(unused_) == ["find-unused"]
    assert "checkpoint-off or non-reentrant goes with it: line 3" in unused_.remedies[0].assumes[0]
    ready = told(found, "marked-ready-twice")
    assert names(ready) == ["checkpoint-off", "non-reentrant"]
    assert any("find-unused-off is left out: line 1" in note for note in ready.notes)


def test_with_the_config_that_the_run_has_printed() -> None:
    model = (
        "find_unused_parameters = True\nmodel = dict(type='A', backbone=dict(type='ResNet', with_cp=True))"
    )
    ready = told(mmfix.explain(printed(model) + twice(3) + UNUSED_BARE), "marked-ready-twice")

    assert "find-unused-off" not in names(ready)
    assert ready.command == "--cfg-options model.backbone.with_cp=False"


def test_a_key_that_another_iteration_needs_stays_on() -> None:
    found = mmfix.explain(
        printed("find_unused_parameters = True\nmodel = dict(type='A')") + FOR_NOTHING + unused([3])
    )

    warning = told(found, "find-unused-for-nothing")
    assert names(warning) == []
    assert warning.command == ""
    assert warning.hints[0].startswith("Leave it on: line ")


def test_where_memory_is_short_what_costs_memory_comes_last() -> None:
    ready = told(mmfix.explain(OOM + twice(3)), "marked-ready-twice")

    assert names(ready) == ["non-reentrant", "find-unused-off", "checkpoint-off"]
    assert any("memory is short" in note for note in ready.notes)


def test_a_static_graph_that_has_failed_is_not_offered() -> None:
    found = mmfix.explain(printed("model = dict(type='A')") + unused([4, 5]) + STATIC_CHANGED)

    assert "static-graph" not in names(told(found, "unused-parameters"))


@pytest.mark.parametrize("text", [twice(3), UNUSED_BARE, OOM, FOR_NOTHING])
def test_a_single_diagnosis_is_as_it_was(text: str) -> None:
    assert not any("left out" in note or "comes last" in note for note in mmfix.explain(text).notes)
