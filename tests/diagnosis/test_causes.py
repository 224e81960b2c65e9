"""Which error it was, of several; why; and what the cures must keep in mind."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest
from messages import STATIC_CHANGED, STATIC_UNUSED, UNUSED_BARE, twice, unused

import mmfix
from mmfix.diagnosis.shape import shape_of
from mmfix.rules.rule import MMCV1, MMENGINE

NCCL = (
    "[E ProcessGroupNCCL.cpp:828] [Rank 6] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=987156, "
    "OpType=BROADCAST, Timeout(ms)=1800000) ran for 1800741 milliseconds before timing out.\n"
)
GRADLESS = "torch/utils/checkpoint.py:90: UserWarning: None of the inputs have requires_grad=True. Gradients will be None\n"
OWN_ERROR = "[rank1]: Traceback (most recent call last):\n[rank1]:   File \"data.py\", line 3, in get\n[rank1]: KeyError: 'img'\n"


def explain(text: str, model: str = "", base: str = MMENGINE) -> mmfix.Diagnosis:
    config = f"2024/11/19 12:00:00 - mmengine - INFO - Config:\n{base}{model}\n" if model else ""
    return mmfix.explain(f"{config}2024/11/19 12:00:01 - mmengine - INFO - go\n{text}")


def names(found: mmfix.Diagnosis) -> List[str]:
    return [remedy.name for remedy in found.remedies]


def test_the_first_cause_is_told_not_what_follows_from_it() -> None:
    found = explain(twice(3) + NCCL)

    assert found.id == "marked-ready-twice"
    assert found.others == ()


def test_a_rank_that_waits_points_to_the_error_of_the_other() -> None:
    found = explain(NCCL + OWN_ERROR)

    assert found.id == "collective-timeout"
    assert any("of rank 1" in note and "KeyError: 'img'" in note for note in found.notes)
    assert not any("Look for the first error" in hint for hint in found.hints)
    assert any("Look for the first error" in hint for hint in explain(NCCL).hints)


def test_an_unknown_error_before_a_known_one_is_told() -> None:
    found = explain(OWN_ERROR + twice(3))

    assert any("KeyError: 'img'" in note for note in found.notes)


@pytest.mark.parametrize(
    ("progress", "varies"),
    [("", False), ("Epoch(train) [1][1/90]\n", False), ("Epoch(train) [1][50/90]\n", True)],
)
def test_when_it_came_tells_whether_the_data_decides(progress: str, varies: bool) -> None:
    found = explain(progress + unused([4, 5]), "model = dict(type='A')\n")

    assert ("depends on the data" in found.explanation) is varies
    assert "find-unused" in names(found)
    assert ("static-graph" in names(found)) is not varies


def test_ranks_that_name_different_parameters_show_that_the_data_decides() -> None:
    found = explain(unused([4, 5], 0) + unused([4, 6], 1))

    assert "ranks name different parameters" in found.explanation


@pytest.mark.parametrize(
    ("indices", "total", "name"),
    [
        ([*range(33), 325, 326], 0, "late-freeze"),
        ([*range(38)], 0, "late-freeze"),
        ([0, *range(197, 203)], 0, "blocks"),
        ([90, 91], 92, "end"),
        ([90, 91], 0, "blocks"),
        ([0, 1], 0, "blocks"),
    ],
)
def test_the_shape_of_a_list(indices: List[int], total: int, name: str) -> None:
    assert shape_of(indices, total).name == name


def test_an_output_that_no_loss_uses_is_not_cured_by_find_unused() -> None:
    found = explain(unused([4], on=True), "find_unused_parameters = True\nmodel = dict(type='A')\n")

    assert found.outcome == "UNUSED"
    assert "takes part in no loss" in found.explanation
    assert names(found) == []


@pytest.mark.parametrize("text", [STATIC_CHANGED, STATIC_UNUSED])
def test_static_graph_over_a_graph_that_changes(text: str) -> None:
    wrapper = "model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)\n"
    found = explain(text, wrapper + "model = dict(type='A')\n")

    assert (found.id, found.outcome) == ("static-graph-changed", "UNUSED")
    first = found.remedies[0]
    assert {override.key[-1]: override.value for override in first.overrides} == {
        "static_graph": False,
        "find_unused_parameters": True,
    }


def test_static_graph_with_accumulation() -> None:
    found = explain(
        'RuntimeError: expect_autograd_hooks_ INTERNAL ASSERT FAILED at "reducer.cpp":1732, please report a bug to PyTorch.\n',
        "model_wrapper_cfg = dict(type='MMDistributedDataParallel', static_graph=True)\n"
        "optim_wrapper = dict(accumulative_counts=4)\nmodel = dict(type='A')\n",
    )

    assert found.outcome == "NO_SYNC_ASSERT"
    assert found.findings[0].code == "MMF109"


def test_unused_after_the_warning_of_a_cut_off_checkpoint_is_not_silenced() -> None:
    """find_unused_parameters would turn the crash into a part that is not trained."""
    found = explain(GRADLESS + UNUSED_BARE, "model = dict(type='A')\n")

    assert [found.id, *(other.id for other in found.others)] == [
        "unused-parameters",
        "checkpoint-input-without-grad",
    ]
    assert "find-unused" not in names(found)


def test_old_versions_of_torch_are_not_offered_what_they_lack() -> None:
    config = (
        MMCV1
        + "find_unused_parameters = True\nmodel = dict(type='A', backbone=dict(type='ResNet', with_cp=True))\n"
    )
    log = f"PyTorch: 1.8.1\n2024-01-01 12:00:00,1 - mmdet - INFO - Config:\n{config}\n2024-01-01 12:00:00,1 - mmdet - INFO - go\n"

    found = mmfix.explain(log + twice(3))

    assert "non-reentrant" not in names(found)
    assert any("torch 1.8.1 is too old for non-reentrant" in note for note in found.notes)


def test_memory_that_a_switched_off_checkpoint_costs_has_cures_with_prices() -> None:
    text = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.90 GiB total capacity)\n"
    found = explain(text, "model = dict(type='A', backbone=dict(type='ResNet', with_cp=False))\n")

    assert found.id == "out-of-memory"
    assert names(found) == ["checkpoint-on", "smaller-batch", "mixed-precision"]
    keys = [".".join(map(str, override.key)) for override in found.remedies[0].overrides]
    assert keys == ["model.backbone.with_cp", "custom_imports"]


@pytest.mark.parametrize(
    ("message", "model", "id_", "key"),
    [
        ("KeyError: 'ResNett is not in the mmdet::model registry. Please check whether", "backbone=dict(type='ResNett')",
         "type-not-registered", "model.backbone.type"),
        ("TypeError: FPN.__init__() got an unexpected keyword argument '_delete_'", "neck=dict(type='FPN', _delete_=True)",
         "leftover-delete", "model.neck._delete_"),
        ("TypeError: Swin.__init__() got an unexpected keyword argument 'depth'", "backbone=dict(type='Swin', depth=50)",
         "leftover-argument", "model.backbone.depth"),
    ],
)  # fmt: skip
def test_the_key_that_a_message_is_about(message: str, model: str, id_: str, key: str) -> None:
    found = explain(f"{message}\n", f"model = dict(type='A', {model})\n")

    assert found.id == id_
    assert [".".join(map(str, place)) for place, _ in found.places] == [key]
    assert found.places[0][1] is not None


def test_an_argument_that_no_config_has_is_not_the_configs() -> None:
    found = explain(
        "TypeError: Swin.__init__() got an unexpected keyword argument 'x'\n", "model = dict(type='A')\n"
    )

    assert not found.known


REGISTERED = """
from mmengine.registry import MODELS

@MODELS.register_module()
class FusionNeck:
    pass
"""


@pytest.mark.parametrize(
    ("name", "cure", "override"),
    [
        ("FusionNeck", "import-module", {"imports": ["projects.fusion.neck"], "allow_failed_imports": False}),
        ("FusionNek", "right-name", "FusionNeck"),
    ],
)
def test_a_type_that_is_in_the_repository_after_all(
    name: str, cure: str, override: object, tmp_path: Path
) -> None:
    """Its module was not imported, or its name is misspelt."""
    module = tmp_path / "projects" / "fusion" / "neck.py"
    module.parent.mkdir(parents=True)
    module.write_text(REGISTERED)
    (tmp_path / "setup.py").touch()
    config = tmp_path / "configs" / "a.py"
    config.parent.mkdir()
    config.write_text(f"{MMENGINE}model = dict(type='A', neck=dict(type='{name}'))\n")

    found = mmfix.explain(f"KeyError: '{name} is not in the mmdet::model registry. Please check'\n", config)

    assert names(found) == [cure]
    assert [item.value for item in found.remedies[0].overrides] == [override]


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("KeyError: \"Toy: 'Swim is not in the models registry'\"", "The type is Swim, the registry models."),
        (
            "KeyError: 'Duplicate key is not allowed among bases. Duplicate keys: {'model'}'",
            "They are: 'model'.",
        ),
        ("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0", "It asked for 2.00GiB more."),
        ("TypeError: init_process_group() got an unexpected keyword argument 'port'", "The key is port."),
        ("ValueError: persistent_workers option needs num_workers > 0", "The option is persistent_workers."),
    ],
)
def test_what_the_message_names_is_told(message: str, says: str) -> None:
    assert says in mmfix.explain(f"{message}\n").explanation


def test_a_key_of_another_registry_is_not_a_type() -> None:
    assert not mmfix.explain("ValueError: the key is not in the Windows registry\n").known


NOTHING_UNUSED = (
    "[W1122 reducer.cpp:1480] Warning: find_unused_parameters=True was specified in DDP constructor, but did not find "
    "any unused parameters in the forward pass.\n"
)


@pytest.mark.parametrize("death", [OWN_ERROR, "RuntimeError: CUDA error: device-side assert triggered\n"])
@pytest.mark.parametrize("warning", [NOTHING_UNUSED, GRADLESS])
def test_a_warning_is_not_what_a_run_died_of(warning: str, death: str) -> None:
    found = explain(warning + death)

    assert not found.known
    assert found.excerpt in death
    assert [other.warns for other in found.others] == [True]


OOM = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.90 GiB total capacity)\n"
FULL = MMCV1.replace("samples_per_gpu=2", "samples_per_gpu=1").replace(
    "optimizer_config = dict(grad_clip=None)", "optimizer_config = dict(type='{}')"
)


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        (
            "Fp16OptimizerHook",
            "does not do yet: accumulation (GradientCumulativeFp16OptimizerHook). Then a smaller",
        ),
        ("GradientCumulativeFp16OptimizerHook", "What is left is a smaller input or model"),
        ("CustomFp16OptimizerHook", "What is left is a smaller input or model"),
    ],
)
def test_memory_advice_is_what_the_config_does_not_do_yet(hook: str, told: str) -> None:
    found = explain(
        OOM, "model = dict(type='A', backbone=dict(type='ResNet', with_cp=True))\n", FULL.format(hook)
    )

    assert names(found) == []
    assert len(found.hints) == 1
    assert told in found.hints[0]


NO_GRAD = "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn\n"
ENGINE = "SystemError: <method 'run_backward' of 'torch._C._EngineBase' objects> returned NULL without setting an exception\n"
STATIC = "model_wrapper_cfg = dict(type='MMDistributedDataParallel', static_graph=True)\n"
ZERO = (
    "AssertionError: The parameter 97 has already been reduced. Gradient computed twice for this partition.\n"
)


def test_a_warning_whose_error_comes_is_the_cause_of_it() -> None:
    found = explain(
        GRADLESS + 'Traceback (most recent call last):\n  File "train.py", line 3, in main\n' + NO_GRAD + NCCL
    )

    assert (found.id, found.warns, found.others) == ("checkpoint-input-without-grad", False, ())
    assert "had nothing to do, and stopped" in found.explanation


def test_that_error_alone_is_not_about_a_checkpoint() -> None:
    assert not explain(NO_GRAD).known


def test_the_words_of_an_engine_that_has_lost_its_message_are_likely() -> None:
    alone = explain(ENGINE)
    both = explain(f"{ENGINE}RuntimeError: expect_autograd_hooks_ INTERNAL ASSERT FAILED at reducer.cpp\n")

    assert (alone.id, alone.confidence, both.confidence) == ("static-graph-no-sync", "likely", "certain")
    assert "seldom anything else" in str(alone)


@pytest.mark.parametrize(
    ("config", "confidence"),
    [
        (f"{STATIC}optim_wrapper = dict(accumulative_counts=4)\nmodel = dict(type='A')\n", "certain"),
        ("model = dict(type='A')\n", "possible"),  # no static graph: it was something else
    ],
)
def test_they_are_judged_with_the_config(config: str, confidence: str) -> None:
    assert explain(ENGINE, config).confidence == confidence


def test_what_deepspeed_says_has_cures_of_its_own() -> None:
    found = explain(ZERO)

    assert (found.outcome, found.remedies) == ("READY_TWICE", ())
    assert "DeepSpeed" in found.explanation
    assert "non-reentrant" in found.hints[0]


PASS = "ValueError: torch.utils.checkpoint: please pass in use_reentrant=True or use_reentrant=False explicitly.\n"


def test_a_torch_that_makes_no_choice_gets_one() -> None:
    alone = explain(PASS)
    found = explain(PASS, "model = dict(type='A', backbone=dict(type='ResNet', with_cp=True))\n")

    assert names(alone) == names(found) == ["non-reentrant", "checkpoint-off"]
    written = [[str(item) for item in remedy.overrides] for remedy in found.remedies]
    assert "mmfix.nonreentrant_checkpoint" in written[0][0]
    assert written[1] == ["model.backbone.with_cp = False"]


def test_a_torch_that_only_warns_of_it_is_no_error() -> None:
    assert not explain(PASS.replace("ValueError", "a/checkpoint.py:429: UserWarning")).known


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        (unused([4, 5]), True),
        (unused([4, 5], names=["a.weight", "a.bias"]), False),
        (unused([4], on=True), True),
        (unused([4], names=["a.weight"], on=True), False),
        (
            "[Rank 0] Parameter: distill.0.bias did not get gradient in backwards due to unused or frozen.\n",
            False,
        ),
    ],
)
def test_names_are_not_asked_for_where_the_text_has_them(text: str, asks: bool) -> None:
    assert ("TORCH_DISTRIBUTED_DEBUG" in " ".join(mmfix.explain(text).hints)) is asks


def rank(number: int, losses: str) -> str:
    count = len(losses.split(","))
    return (
        f"[rank{number}]: AssertionError: loss log variables are different across GPUs!\n"
        f"[rank{number}]: rank {number} len(log_vars): {count} keys: {losses}\n"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rank(1, "loss_rpn_cls,loss") + rank(0, "loss_rpn_cls,s0.loss_cls,s0.loss_bbox,loss"),
         "Rank 1 has no s0.loss_cls, s0.loss_bbox. They are made by the RoI head."),
        (rank(0, "a,loss") + rank(1, "loss") + rank(2, "loss"), "Ranks 1, 2 have no a."),
        (rank(0, "a,loss") + rank(1, "b,loss"), "Rank 0 has no b. Rank 1 has no a."),
        (rank(0, "decode.loss_ce,loss") + rank(1, "decode.loss_ce,aux_0.loss_ce,loss"), "by the auxiliary head."),
        (rank(0, "loss_cls,loss_bbox,loss") + rank(1, "loss"), "Rank 1 has no loss_cls, loss_bbox."),
        (rank(3, "loss_cls,loss"), "Rank 3 has loss_cls, loss; what the others have is not in this text."),
    ],
)  # fmt: skip
def test_the_losses_that_a_rank_lacks_are_named(text: str, told: str) -> None:
    found = mmfix.explain(text)

    assert told in found.explanation
    assert found.parameters == ()


def test_the_part_that_makes_the_losses_is_a_place_in_the_config() -> None:
    text = rank(1, "loss_rpn_cls,loss") + rank(0, "loss_rpn_cls,loss_cls,loss")
    found = explain(text, "model = dict(type='A', roi_head=dict(type='StandardRoIHead'))\n", MMCV1)

    assert [".".join(map(str, key)) for key, _ in found.places] == ["model.roi_head"]


def test_a_warning_of_a_run_that_lives_is_told() -> None:
    found = explain(NOTHING_UNUSED)

    assert (found.id, found.warns) == ("find-unused-for-nothing", True)
    assert "warning[find-unused-for-nothing]" in str(found)


def test_the_list_below_static_graphs_message_belongs_to_it() -> None:
    found = explain(STATIC_UNUSED)

    assert found.id == "static-graph-changed"
    assert [item.index for item in found.parameters] == [4, 5]
    assert found.others == ()


@pytest.mark.parametrize(
    ("message", "config", "key"),
    [
        ("DistributedDataParallel.__init__() got an unexpected keyword argument 'find_unused_paramters'",
         "model_wrapper_cfg = dict(type='MMDistributedDataParallel', find_unused_paramters=True)\n",
         "model_wrapper_cfg.find_unused_paramters"),
        ("class `Seg` in a/b.py: class `MixVisionTransformer` in c/d.py: __init__() got an unexpected keyword argument 'x'",
         "backbone = dict(type='mmseg.MixVisionTransformer', x=2)\n", "backbone.x"),
    ],
)  # fmt: skip
def test_a_misspelt_argument_is_to_be_corrected(message: str, config: str, key: str) -> None:
    found = explain(f"TypeError: {message}\n", f"{config}model = dict(type='A')\n")

    assert found.id == "leftover-argument"
    assert [".".join(map(str, place)) for place, _ in found.places] == [key]
    assert found.hints[0].startswith("Correct the key")


def test_a_class_that_checkpoints_only_when_asked_gets_its_switch() -> None:
    found = explain("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n",
                    "model = dict(type='A', backbone=dict(type='mmdet.SwinTransformer'))\n")  # fmt: skip

    assert str(found.remedies[0].overrides[0]) == "model.backbone.with_cp = True"


def test_a_log_of_mmengine_without_an_error_says_why_and_what_is_seen_in_its_config() -> None:
    found = explain(
        "", "model = dict(type='A', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))\n"
    )

    assert not found.known
    assert "write no traceback into their log files" in found.explanation
    assert [item.code for item in found.findings] == ["MMF103"]


def test_an_empty_text() -> None:
    assert mmfix.explain("\n").explanation == "The text is empty."


def test_how_late_it_came_is_told_only_where_the_log_shows_it() -> None:
    wrapper = "model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)\n"

    assert "0 iterations" not in explain(STATIC_CHANGED, wrapper + "model = dict(type='A')\n").explanation
