"""The cures of single setups, override by override, through the real reader."""

from __future__ import annotations

import json

import pytest

from mmfix.config.memory import from_mapping
from mmfix.config.reader import Reader
from mmfix.remedies import solve
from mmfix.rules import judge
from mmfix.rules.rule import MMCV1, MMENGINE
from mmfix.training import read

RESNET = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', with_cp=True))\n"
SWIN = (
    "model = dict(type='FCOS', backbone=dict(type='mmdet.SwinTransformer', with_cp=True, frozen_stages=2))\n"
)
HORNET = "model = dict(type='ImageClassifier', backbone=dict(type='mmpretrain.HorNet', with_cp=True))\n"
TWICE = "find_unused_parameters = True\n" + RESNET
MODULE = "mmfix.nonreentrant_checkpoint"
NEW_WRAPPER = {
    "type": "MMDistributedDataParallel",
    "static_graph": True,
    "broadcast_buffers": False,
    "find_unused_parameters": True,
}


def cures(text, base=MMENGINE, name="config.py"):
    return {remedy.name: remedy for remedy in solve(read(Reader().load(name, text=base + text)))}


def values(remedy):
    return {override.key: override.value for override in remedy.overrides}


def test_order_and_default_for_a_reentrant_checkpoint():
    found = cures(TWICE)
    assert list(found) == ["checkpoint-off", "non-reentrant", "static-graph", "find-unused-off"]
    assert [found[name].disposition for name in found] == ["safe", "safe", "review", "review"]
    assert values(found["checkpoint-off"]) == {("model", "backbone", "with_cp"): False}
    assert values(found["static-graph"]) == {("model_wrapper_cfg",): NEW_WRAPPER}
    assert values(found["find-unused-off"]) == {("find_unused_parameters",): False}


def test_mmcv1_never_gets_static_graph():
    found = cures(TWICE.replace("mmdet.", ""), base=MMCV1)
    assert list(found) == ["checkpoint-off", "non-reentrant", "find-unused-off"]
    assert "samples_per_gpu" in found["checkpoint-off"].cost


def test_nothing_to_cure():
    assert cures("model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', with_cp=True))") == {}


def test_late_freezing_with_a_checkpoint_is_cured_jointly():
    found = cures(SWIN)
    assert list(found) == ["checkpoint-off", "non-reentrant", "static-graph"]
    assert values(found["checkpoint-off"]) == {
        ("model", "backbone", "with_cp"): False,
        ("find_unused_parameters",): True,
    }
    assert values(found["non-reentrant"]) == {
        ("custom_imports",): {"imports": [MODULE], "allow_failed_imports": False},
        ("find_unused_parameters",): True,
    }
    for name in ("checkpoint-off", "non-reentrant"):  # faster, or the same, and slower would be no price
        assert "; find_unused_parameters costs 1-2 %: DDP walks" in found[name].cost
    # neither of the two cures that would each bring the other error
    assert "find-unused" not in found
    assert "find-unused-off" not in cures("find_unused_parameters = True\n" + SWIN)


def test_find_unused_goes_where_it_is_read():
    late = "model = dict(type='FCOS', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))\n"
    wrapper = "model_wrapper_cfg = dict(type='MMDistributedDataParallel')\n"
    flexible = "runner_type = 'FlexibleRunner'\n"
    strategy = "strategy = dict(type='DDPStrategy')\n"
    inner = "strategy = dict(type='DDPStrategy', model_wrapper=dict(detect_anomalous_params=False))\n"
    new = {"type": "MMDistributedDataParallel", "broadcast_buffers": False, "find_unused_parameters": True}
    key = "find_unused_parameters"
    expected = [
        (late, {(key,): True}),
        (late + wrapper, {("model_wrapper_cfg", key): True}),
        (late + wrapper + "find_unused_parameters = True\n", {("model_wrapper_cfg", key): True}),
        (late + flexible, {("strategy",): {"type": "DDPStrategy", "model_wrapper": new}}),
        (late + flexible + strategy, {("strategy", "model_wrapper"): new}),
        (late + flexible + inner, {("strategy", "model_wrapper", key): True}),
    ]
    for text, overrides in expected:
        assert values(cures(text)["find-unused"]) == overrides, text


def test_static_graph_keeps_the_wrapper_and_carries_the_old_setting():
    wrapper = "model_wrapper_cfg = dict(type='MMDistributedDataParallel', find_unused_parameters=True)\n"
    text = TWICE.replace("find_unused_parameters = True\n", wrapper)
    assert values(cures(text)["static-graph"]) == {("model_wrapper_cfg", "static_graph"): True}
    late = "model = dict(type='FCOS', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))\n"
    assert values(cures(late)["static-graph"]) == {
        ("model_wrapper_cfg",): {**NEW_WRAPPER, "find_unused_parameters": False}
    }


def test_static_graph_is_not_offered_with_accumulation():
    assert "static-graph" in cures(TWICE)
    assert "static-graph" not in cures(TWICE + "optim_wrapper['accumulative_counts'] = 2\n")


@pytest.mark.parametrize(
    ("before", "override"),
    [
        ("", {("custom_imports",): {"imports": [MODULE], "allow_failed_imports": False}}),
        (
            "custom_imports = None\n",
            {("custom_imports",): {"imports": [MODULE], "allow_failed_imports": False}},
        ),
        ("custom_imports = dict(imports='mine')\n", {("custom_imports", "imports"): ["mine", MODULE]}),
        (
            "custom_imports = dict(imports=['a', 'b'], allow_failed_imports=True)\n",
            {("custom_imports", "imports"): ["a", "b", MODULE]},
        ),
        ("custom_imports = dict(imports=('a',))\n", {("custom_imports", "imports"): ["a", MODULE]}),
    ],
)
def test_custom_imports_are_extended(before, override):
    remedy = cures(before + TWICE)["non-reentrant"]
    assert remedy.disposition == "safe"
    assert values(remedy) == override


def test_custom_imports_that_cannot_be_read_are_left_alone():
    remedy = cures("custom_imports = dict(imports=[open('modules.txt').read()])\n" + TWICE)
    assert remedy["non-reentrant"].overrides == ()
    assert remedy["non-reentrant"].disposition == "review"
    assert "mmfix.use_nonreentrant_checkpoint()" in remedy["non-reentrant"].cost


def test_data_configs_run_custom_imports_too():
    config = {
        "train_dataloader": {"batch_size": 2},
        "optim_wrapper": {"type": "OptimWrapper"},
        "find_unused_parameters": True,
        "model": {"type": "FCOS", "backbone": {"type": "mmdet.ResNet", "with_cp": True}},
    }
    found = cures(json.dumps(config), base="", name="config.json")
    assert values(found["non-reentrant"]) == {
        ("custom_imports",): {"imports": [MODULE], "allow_failed_imports": False}
    }
    (remedy,) = [r for r in solve(read(from_mapping(config))) if r.name == "non-reentrant"]
    assert remedy.overrides == ()  # past loading: only the Python call helps


def test_lazy_configs_get_the_python_call():
    text = "from mmengine.config import read_base\nfrom mmdet.models import FCOS, ResNet\n" + MMENGINE
    text += (
        "find_unused_parameters = True\nmodel = dict(type=FCOS, backbone=dict(type=ResNet, with_cp=True))\n"
    )
    document = Reader().load("lazy.py", text=text)
    assert document.kind == "lazy"
    remedy = {remedy.name: remedy for remedy in solve(read(document))}["non-reentrant"]
    assert (remedy.overrides, remedy.disposition) == ((), "review")
    assert "mmfix.use_nonreentrant_checkpoint()" in remedy.cost


def test_a_checkpoint_without_a_switch_is_not_switched_off():
    found = cures(
        "find_unused_parameters = True\nmodel = dict(type='CmtDetector', img_backbone=dict(type='VoVNetCP'))"
    )
    assert "checkpoint-off" not in found
    assert found["non-reentrant"].disposition == "safe"


@pytest.mark.parametrize("encoder", ["num_cp=6", "with_cp=4"])
def test_fairscale_does_not_follow_torch(encoder):
    text = f"model = dict(type='mmdet.DeformableDETR', encoder=dict(num_layers=6, {encoder}))\n"
    found = cures("find_unused_parameters = True\n" + text)
    assert "non-reentrant" not in found
    assert "checkpoint-off" in found
    flipped = f"custom_imports = dict(imports=['{MODULE}'])\nfind_unused_parameters = True\n" + text
    assert "checkpoint-off" in cures(flipped)


def test_every_site_is_switched_off_its_own_way():
    text = (
        "find_unused_parameters = True\n"
        "model = dict(type='mmdet.DeformableDETR', encoder=dict(num_layers=6, num_cp=6),\n"
        "    backbone=dict(type='mmdet.ResNet', with_cp=True))\n"
        "activation_checkpointing = ['backbone.layer3', 'backbone.layer4']\n"
    )
    assert values(cures(text)["checkpoint-off"]) == {
        ("model", "encoder", "num_cp"): -1,
        ("model", "backbone", "with_cp"): False,
        ("activation_checkpointing",): [],
    }


def test_an_unguarded_checkpoint_may_leave_a_module_untrained():
    found = cures("find_unused_parameters = True\n" + HORNET)
    assert found["checkpoint-off"].disposition == "safe"
    assert any("untrained" in line for line in found["static-graph"].assumes)


def test_static_graph_with_accumulation_is_cured_without_a_new_failure():
    wrapper = "model_wrapper_cfg = dict(type='MMDistributedDataParallel', static_graph=True)\n"
    text = wrapper + RESNET + "optim_wrapper['accumulative_counts'] = 2\n"
    found = cures(text)
    assert list(found) == ["static-graph-off", "accumulation-off"]
    assert values(found["static-graph-off"]) == {
        ("model", "backbone", "with_cp"): False,
        ("model_wrapper_cfg", "static_graph"): False,
        ("model_wrapper_cfg", "find_unused_parameters"): True,
    }
    assert values(found["accumulation-off"]) == {("optim_wrapper", "accumulative_counts"): 1}


@pytest.mark.parametrize(
    "wrapper",
    [
        "model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')",
        "model_wrapper_cfg = dict(type='MMFullyShardedDataParallel', find_unused_parameters=True)",
        "runner_type = 'FlexibleRunner'\nstrategy = dict(type='DeepSpeedStrategy')",
        "runner_type = 'FlexibleRunner'\nstrategy = dict(type='FSDPStrategy')",
        "model_wrapper_cfg = dict(type='MyWrapper')",
    ],
)
def test_other_wrappers_are_left_alone(wrapper):
    text = wrapper + "\n" + SWIN
    setup = read(Reader().load("config.py", text=MMENGINE + text))
    assert solve(setup) == ()
    assert judge(setup) == ()


@pytest.mark.parametrize(
    ("wrapper", "confidence", "disposition"),
    [("MMSeparateDistributedDataParallel", "likely", "safe"), ("MyDDP", "possible", "review")],
)
@pytest.mark.parametrize(
    ("model", "code"),
    [(RESNET, "MMF101"), (SWIN, "MMF104"), ("activation_checkpointing = 'generator'\n" + RESNET, "MMF110")],
)
def test_find_unused_through_another_wrapper(wrapper, confidence, disposition, model, code):
    text = f"model_wrapper_cfg = dict(type='{wrapper}', find_unused_parameters=True)\n" + model
    findings = judge(read(Reader().load("config.py", text=MMENGINE + text)))
    (finding,) = [finding for finding in findings if finding.code == code]
    assert finding.confidence == confidence
    assert finding.severity == ("warning" if confidence == "possible" else "error")
    remedies = {remedy.name: remedy for remedy in finding.remedies}
    assert remedies["checkpoint-off"].disposition == disposition
    assert "static-graph" not in remedies


def test_an_unknown_wrapper_is_named():
    text = "model_wrapper_cfg = dict(type='MyDDP', find_unused_parameters=True)\n" + RESNET
    (line,) = read(Reader().load("config.py", text=MMENGINE + text)).unknown
    assert line.startswith("model_wrapper_cfg.type: MyDDP ")


@pytest.mark.parametrize(
    ("entries", "top", "left"),
    [
        ("'backbone'", "", []),
        ("['backbone', 'neck']", "", ["neck"]),
        ("['backbone', 'neck']", "find_unused_parameters = True\n", []),  # neck would be ready twice
        (
            "['backbone.layer1', 'backbone.layer2', 'backbone.layer3']",
            "",
            ["backbone.layer1", "backbone.layer3"],
        ),
        ("['backbone', 'backbone.layer1']", "find_unused_parameters = True\n", ["backbone.layer1"]),
    ],
)
def test_entries_without_a_gradient_are_taken_out(entries, top, left):
    model = "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', frozen_stages=1))\n"
    found = cures(f"activation_checkpointing = {entries}\n{top}{model}")
    assert found["checkpoint-off"].disposition == "safe"
    assert values(found["checkpoint-off"]) == {("activation_checkpointing",): left}
    # these would turn the crash into a module that is silently not trained, or the other way round
    assert not {"find-unused", "static-graph", "find-unused-off"} & set(found)


@pytest.mark.parametrize("value", [1, 2, "'yes'", "'False'"])
def test_a_switch_that_is_no_bool(value):
    text = TWICE.replace("with_cp=True", f"with_cp={value}")
    found = cures(text)
    assert found["non-reentrant"].disposition == "safe"
    assert values(found["checkpoint-off"]) == {("model", "backbone", "with_cp"): False}
    (finding,) = judge(read(Reader().load("config.py", text=MMENGINE + text)))
    assert ("is text" in finding.message) == isinstance(value, str)


def test_text_in_find_unused_is_named():
    text = TWICE.replace("= True", "= 'False'", 1)
    (finding,) = judge(read(Reader().load("config.py", text=MMENGINE + text)))
    assert any("'False': text" in line for line in finding.evidence)


@pytest.mark.parametrize(
    "text",
    [
        "runner_type = 'FlexibleRunner'\n" + TWICE,
        "runner_type = 'FlexibleRunner'\ncompile = True\n" + RESNET,
        "model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False)\n" + TWICE,
        "runner_type = 'FlexibleRunner'\nfind_unused_parameters = True\n"
        "model = dict(type='CmtDetector', img_backbone=dict(type='VoVNetCP'))\n",
        "runner_type = 'Runner'\nstrategy = dict(type='DDPStrategy')\n" + RESNET,
    ],
)
def test_a_dead_key_always_has_a_cure(text):
    (finding,) = judge(read(Reader().load("config.py", text=MMENGINE + text)))
    assert finding.remedies


def test_a_dead_find_unused_takes_the_checkpoint_along():
    (finding,) = judge(
        read(Reader().load("config.py", text=MMENGINE + "runner_type = 'FlexibleRunner'\n" + TWICE))
    )
    new = {"type": "MMDistributedDataParallel", "broadcast_buffers": False, "find_unused_parameters": True}
    assert [(remedy.name, remedy.disposition, values(remedy)) for remedy in finding.remedies] == [
        (
            "wrapper-keys",
            "safe",
            {
                ("model", "backbone", "with_cp"): False,
                ("strategy",): {"type": "DDPStrategy", "model_wrapper": new},
            },
        )
    ]


def test_a_dead_static_graph_in_the_old_era_is_deleted_by_hand():
    (finding,) = judge(read(Reader().load("config.py", text=MMCV1 + "static_graph = True\n" + RESNET)))
    (remedy,) = finding.remedies
    assert (remedy.name, remedy.disposition, remedy.overrides) == ("drop-key", "review", ())
    assert "delete the static_graph line" in remedy.cost


@pytest.mark.parametrize(("base", "source"), [(MMENGINE, "mmengine/"), (MMCV1, "mmdet/apis/train.py")])
def test_late_freezing_cites_its_own_era(base, source):
    model = "model = dict(type='FCOS', backbone=dict(type='SwinTransformer', frozen_stages=2))\n"
    (finding,) = judge(read(Reader().load("config.py", text=base + model)))
    assert finding.code == "MMF103"
    assert any(line.startswith(source) for line in finding.evidence)
    assert base is MMENGINE or not any("mmengine" in line for line in finding.evidence)


def test_a_frozen_teacher_or_a_freeze_flag_lowers_the_confidence():
    text = TWICE.replace("type='FCOS',", "type='FCOS', freeze_img=True,")
    (finding,) = judge(read(Reader().load("config.py", text=MMENGINE + text)))
    assert (finding.severity, finding.confidence) == ("warning", "possible")
    text = TWICE.replace("with_cp=True", "with_cp=True, freeze_bn=True")
    (finding,) = judge(read(Reader().load("config.py", text=MMENGINE + text)))
    assert (finding.severity, finding.confidence) == ("error", "certain")


def test_a_finding_knows_its_origins(tmp_path):
    (tmp_path / "base.py").write_text(
        MMENGINE + "model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', with_cp=True))\n"
    )
    (tmp_path / "leaf.py").write_text("_base_ = './base.py'\nfind_unused_parameters = True\n")
    (finding,) = judge(read(Reader().load(str(tmp_path / "leaf.py"))))
    assert finding.key == ("model", "backbone", "with_cp")
    assert [(origin.path, origin.line) for origin in finding.origins] == [(str(tmp_path / "base.py"), 4)]


def test_vindlu_is_right():
    """Checkpoint, dead find_unused_parameters=True, and static graph in the wrapper: nothing fails."""
    text = TWICE + "model_wrapper_cfg = dict(type='MMDistributedDataParallel', static_graph=True)\n"
    findings = judge(read(Reader().load("config.py", text=MMENGINE + text)))
    assert [(finding.code, finding.severity) for finding in findings] == [("MMF106", "note")]  # the buffers
    assert solve(read(Reader().load("config.py", text=MMENGINE + text))) == ()


def test_the_rules_need_nothing_heavy():
    import subprocess
    import sys

    code = "import sys, mmfix.rules, mmfix.remedies, mmfix.ddp; sys.exit(any(m in sys.modules for m in %r))"
    heavy = ["torch", "mmengine", "libcst", "numpy", "cv2"]
    assert subprocess.run([sys.executable, "-c", code % (heavy,)], check=False).returncode == 0


TEACHER = "model = dict(type='mmdet.SoftTeacher', semi_train_cfg=dict(freeze_teacher=False){})\n"


def test_a_teacher_is_frozen_where_that_is_all():
    found = cures(TEACHER.format(""))
    assert list(found) == ["freeze-teacher", "find-unused", "static-graph"]
    assert values(found["freeze-teacher"]) == {("model", "semi_train_cfg", "freeze_teacher"): True}
    late = TEACHER.format(", backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2)")
    assert list(cures(late)) == ["find-unused", "static-graph"]  # what is frozen late would stop it still


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {"strides": (1, 2, 2), "dilations": (1, 1, 1)}),
        ("strides=[1, 2, 1, 1], ", {"strides": [1, 2, 1], "dilations": (1, 1, 1)}),
        (
            "dcn=dict(type='DCN'), stage_with_dcn=(False, True, True, True), ",
            {"strides": (1, 2, 2), "dilations": (1, 1, 1), "stage_with_dcn": (False, True, True)},
        ),
        # these follow the last stage, or name stages themselves
        ("multi_grid=(1, 2, 4), ", None),
        ("plugins=[dict(cfg=dict(type='X'), stages=(False, True, True, True))], ", None),
        ("frozen_stages=3, num_stages=4, ", {"strides": (1, 2, 2), "dilations": (1, 1, 1)}),
    ],
)
def test_fewer_stages(more, expected):
    text = f"model = dict(type='FCOS', backbone=dict(type='mmdet.ResNet', {more}out_indices=(0, 2)))\n"
    found = cures(text)
    assert next(iter(found)) == "find-unused"
    if expected is None:
        assert "fewer-stages" not in found
        return
    keys = {"num_stages": 3, **expected}
    assert found["fewer-stages"].disposition == "review"
    assert values(found["fewer-stages"]) == {("model", "backbone", key): keys[key] for key in keys}


def test_fewer_stages_is_for_resnets():
    text = "model = dict(type='FCOS', backbone=dict(type='mmdet.{}', out_indices=(0, 2)))\n"
    assert "fewer-stages" in cures(text.format("ResNeXt"))
    assert "fewer-stages" not in cures(text.format("RegNet"))  # strides of its own
    assert list(cures(text.format("MobileNetV2"))) == ["find-unused", "static-graph"]


def test_a_freeze_schedule_never_gets_static_graph():
    text = "model = dict(type='BasicVSR', generator=dict(type='X'{}), train_cfg=dict(fix_iter=5))\n"
    assert list(cures(text.format(""))) == ["find-unused"]
    both = "find_unused_parameters = True\n" + text.format(", with_cp=True")
    assert list(cures(both)) == ["checkpoint-off", "non-reentrant"]
