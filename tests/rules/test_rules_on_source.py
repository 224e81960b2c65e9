"""The rules on repositories of their own: a model file, a config, and the lines a finding points at."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

from mmfix.config.reader import Reader
from mmfix.findings import Finding, Remedy
from mmfix.rules import judge
from mmfix.rules.rule import MMCV1, MMENGINE
from mmfix.training import TrainingSetup, read

HEAD = """\
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS

"""
MODEL = """\
@MODELS.register_module()
class Net(BaseModel):
    def __init__(self, {args}):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
{init}
        self.head = nn.Linear(8, 2)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        x = self.stem(inputs)
{step}
        return dict(loss=self.head(x.mean((2, 3))).sum())
"""
IMPORTS = "custom_imports = dict(imports=['net'], allow_failed_imports=False)\n"


def model(args: str = "flag=False", init: str = "", step: str = "", more: str = "") -> str:
    init, step, more = (textwrap.dedent(text) for text in (init, step, more))
    deep = " " * 8
    body = MODEL.format(args=args, init=textwrap.indent(init, deep), step=textwrap.indent(step, deep))
    return HEAD + body + textwrap.indent(more, "    ")


def setup_in(root: Path, source: str, config: str, base: str = MMENGINE) -> TrainingSetup:
    (root / "configs").mkdir()
    (root / "setup.py").write_text("")
    (root / "net.py").write_text(source)
    (root / "configs" / "x.py").write_text(base + IMPORTS + config)
    return read(Reader().load(str(root / "configs" / "x.py")))


def line_of(source: str, text: str) -> str:
    """``net.py:12``, the only line of the model file with ``text``."""
    (number,) = [index for index, line in enumerate(source.splitlines(), 1) if text in line]
    return f"net.py:{number}"


def the(setup: TrainingSetup, code: Optional[str] = None) -> Finding:
    findings = judge(setup)
    assert [finding.code for finding in findings] == ([code] if code else [f.code for f in findings])
    return findings[0]


def cures(finding: Finding) -> Dict[str, Remedy]:
    return {remedy.name: remedy for remedy in finding.remedies}


def values(remedy: Remedy) -> Dict[Any, Any]:
    return {override.key: override.value for override in remedy.overrides}


FUSION = "self.fusion = nn.Conv2d(8, 8, 1)\nself.flag = flag"


def test_a_module_that_a_flag_leaves_unused(tmp_path: Path) -> None:
    source = model(init=FUSION, step="if self.flag:\n    x = self.fusion(x)")
    finding = the(setup_in(tmp_path, source, "model = dict(type='Net', flag=False)\n"), "MMF102")
    assert (finding.severity, finding.confidence) == ("error", "likely")
    assert finding.key == ("model", "flag")
    assert f"{line_of(source, 'self.fusion = ')} makes fusion" in finding.evidence
    assert f"{line_of(source, 'self.fusion(x)')} would use it" in finding.evidence
    assert cures(finding)["find-unused"].disposition == "safe"


@pytest.mark.parametrize(
    "config",
    [
        "model = dict(type='Net', flag=True)\n",
        "find_unused_parameters = True\nmodel = dict(type='Net', flag=False)\n",
    ],
)
def test_a_module_that_is_used_or_looked_for(tmp_path: Path, config: str) -> None:
    source = model(init=FUSION, step="if self.flag:\n    x = self.fusion(x)")
    assert judge(setup_in(tmp_path, source, config)) == ()


DROPPED = "if random.random() < self.rate:\n    x = x + self.fusion(x)"
WARMED = "if self.seen > 100:\n    x = x + self.fusion(x)\nself.seen += 1"


@pytest.mark.parametrize(
    ("step", "cause"),
    [(DROPPED, "is left to chance in each step"), (WARMED, "depends on how many steps there were")],
)
def test_what_the_program_itself_leaves_out_of_some_steps(tmp_path: Path, step: str, cause: str) -> None:
    init = "self.fusion = nn.Conv2d(8, 8, 1)\nself.rate, self.seen = rate, 0"
    source = "import random\n" + model(args="rate=0.3", init=init, step=step)
    finding = the(setup_in(tmp_path, source, "model = dict(type='Net')\n"), "MMF102")
    assert (finding.severity, finding.confidence) == ("error", "likely")
    assert cause in finding.message
    assert "it stops the next iteration" in finding.message
    assert set(cures(finding)) == {"find-unused"}  # a static graph has no such steps


def test_what_data_leaves_out_of_some_steps_is_only_possible(tmp_path: Path) -> None:
    source = model(
        init="self.fusion = nn.Conv2d(8, 8, 1)", step="if inputs.sum() > 0:\n    x = self.fusion(x)"
    )
    finding = the(setup_in(tmp_path, source, "model = dict(type='Net')\n"), "MMF102")
    assert (finding.severity, finding.confidence) == ("warning", "possible")


FREEZE = """
def {}(self{}):
    super().{}({})
    for param in self.stem.parameters():
        param.requires_grad = False
"""
IN_TRAIN = FREEZE.format("train", ", mode=True", "train", "mode")
IN_INIT = FREEZE.format("init_weights", "", "init_weights", "")


@pytest.mark.parametrize(("more", "where"), [(IN_TRAIN, "train()"), (IN_INIT, "init_weights()")])
def test_freezing_after_the_wrap(tmp_path: Path, more: str, where: str) -> None:
    source = model(more=more)
    finding = the(setup_in(tmp_path, source, "model = dict(type='Net')\n"), "MMF103")
    assert (finding.severity, finding.confidence) == ("error", "likely")
    assert f"in {where}" in finding.message
    assert f"{line_of(source, 'requires_grad = False')} freezes after the wrap" in finding.evidence
    assert any("wrap_model runs before" in line for line in finding.evidence)
    assert set(cures(finding)) == {"find-unused", "static-graph", "freeze-before-wrap"}


def test_a_key_that_only_a_missing_base_could_set_freezes_nothing(tmp_path: Path) -> None:
    freeze = "if self.frozen >= 0:\n            self.stem.requires_grad_(False)"
    more = f"\ndef train(self, mode=True):\n    super().train(mode)\n    {freeze}\n".replace(
        "            ", " " * 8
    )
    source = model(args="frozen=-1", init="self.frozen = frozen", more=more)
    base = "_base_ = 'mmfewshot::gone/gone.py'\n"
    for config, found in (("frozen=1", ["MMF103"]), ("", [])):
        folder = tmp_path / (found[0] if found else "none")
        folder.mkdir()
        setup = setup_in(folder, source, f"{base}model = dict(type='Net', {config})\n", base="")
        assert [finding.code for finding in judge(setup)] == found


def test_freezing_in_the_constructor_is_safe(tmp_path: Path) -> None:
    source = model(init="for param in self.stem.parameters():\n    param.requires_grad = False")
    assert judge(setup_in(tmp_path, source, "model = dict(type='Net')\n")) == ()


WRAPPER = (
    "model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, static_graph=True)"
)
COUNTER = "self.fix_iter = fix_iter\nself.register_buffer('steps', torch.zeros(1))"
SCHEDULE = """
self.steps += 1
if self.steps < self.fix_iter:
    for param in self.stem.parameters():
        param.requires_grad = False
else:
    self.stem.requires_grad_(True)
"""


@pytest.mark.parametrize("static", [False, True])
def test_a_freeze_schedule_is_never_cured_by_static_graph(tmp_path: Path, static: bool) -> None:
    source = model("fix_iter=0", COUNTER, SCHEDULE)
    config = "model = dict(type='Net', fix_iter=5000)\n" + (WRAPPER if static else "")
    finding = the(setup_in(tmp_path, source, config), "MMF114")
    assert (finding.severity, finding.confidence) == ("error", "likely")
    assert any(line.startswith(line_of(source, "requires_grad = False")) for line in finding.evidence)
    assert ("static graph takes the first iteration" in finding.message) is static
    assert set(cures(finding)) == ({"static-graph-off"} if static else {"find-unused"})
    assert cures(finding)["static-graph-off" if static else "find-unused"].disposition == "safe"


def test_two_optimizers_are_another_story(tmp_path: Path) -> None:
    source = model("fix_iter=0", COUNTER, SCHEDULE)
    one = "dict(optimizer=dict(type='SGD'))"
    config = f"model = dict(type='Net', fix_iter=5000)\noptim_wrapper = dict(a={one}, b={one})\n"
    setup = setup_in(tmp_path, source, config)
    assert setup.facts_of("toggled")
    assert {finding.code for finding in judge(setup)} == {
        "MMF209"
    }  # the one optimizer that `setup_in` writes


CHECKPOINTED = "model = dict(type='Net', block=dict(type='Block', with_cp=True))\n"
BUILT = "self.block = MODELS.build(block)"
BLOCK = """
@MODELS.register_module()
class Block(BaseModule):
    def __init__(self, with_cp=False):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 1)
        self.with_cp = with_cp

    def forward(self, x):
        return checkpoint(self.conv, x) if self.with_cp else self.conv(x)
"""


@pytest.mark.parametrize("find_unused", [False, True])
def test_a_checkpoint_behind_a_frozen_part(tmp_path: Path, find_unused: bool) -> None:
    source = model("block", "self.stem.requires_grad_(False)\n" + BUILT, "x = self.block(x)") + BLOCK
    config = f"find_unused_parameters = {find_unused}\n{CHECKPOINTED}"
    finding = the(setup_in(tmp_path, source, config), "MMF110")
    assert (finding.severity, finding.confidence) == ("error", "likely")
    assert finding.key == ("model", "block", "with_cp")
    where = line_of(source, "checkpoint(self.conv")
    assert f"The reentrant checkpoint in Block at {where} gets an input without a gradient" in finding.message
    assert ("silently stays untrained" in finding.message) is find_unused
    off = cures(finding)["checkpoint-off"]
    assert off.disposition == "safe"
    assert values(off) == {("model", "block", "with_cp"): False}
    assert not {"find-unused", "static-graph"} & set(cures(finding))


def test_a_checkpoint_behind_what_is_trained(tmp_path: Path) -> None:
    source = model("block", BUILT, "x = self.block(x)") + BLOCK
    assert judge(setup_in(tmp_path, source, CHECKPOINTED)) == ()


NOT_KNOWN = """
import sys
plain = dict(type='Block', with_cp=False)
other = dict(type='Block', with_cp=False)
one = other if len(sys.argv) > 1 else plain
one['with_cp'] = True
model = dict(type='Net', block=other)
"""


@pytest.mark.parametrize(
    ("config", "code"),
    [("find_unused_parameters = True", "MMF101"), ("find_unused_parameters = False", "MMF105")],
)
def test_whether_a_checkpoint_is_on_is_not_known(tmp_path: Path, config: str, code: str) -> None:
    source = model("block", BUILT, "for _ in range(2):\n    x = self.block(x)") + BLOCK
    finding = the(setup_in(tmp_path, source, f"{NOT_KNOWN}{config}\n"), code)
    assert finding.key == ("model", "block", "with_cp")
    assert (finding.severity, finding.confidence) == ("warning", "possible")
    assert "in Block (if with_cp switches it on)" in finding.message
    off = cures(finding)["checkpoint-off"]
    assert values(off) == {("model", "block", "with_cp"): False}


def test_a_checkpointed_block_that_runs_twice(tmp_path: Path) -> None:
    source = model("block", BUILT, "for _ in range(2):\n    x = self.block(x)") + BLOCK
    finding = the(setup_in(tmp_path, source, CHECKPOINTED), "MMF105")
    assert finding.confidence == "likely"
    assert any(line.startswith(line_of(source, "checkpoint(self.conv")) for line in finding.evidence)


TEACHER = """
with torch.no_grad():
    target = self.teacher(inputs)
x = x + target
"""


def teacher_model(step: str = TEACHER) -> str:
    init = (
        "self.teacher = nn.Conv2d(3, 8, 3)\n"
        "if semi_train_cfg.get('freeze_teacher', True):\n"
        "    self.teacher.requires_grad_(False)"
    )
    return model("semi_train_cfg", init, step)


def test_a_trainable_teacher(tmp_path: Path) -> None:
    source = teacher_model()
    config = "model = dict(type='Net', semi_train_cfg=dict(freeze_teacher=False))\n"
    finding = the(setup_in(tmp_path, source, config), "MMF112")
    assert finding.key == ("model", "semi_train_cfg", "freeze_teacher")
    assert finding.confidence == "likely"
    assert f"{line_of(source, 'self.teacher = ')} makes teacher" in finding.evidence
    first, second, *_ = finding.remedies
    assert (first.name, first.disposition) == ("freeze-teacher", "safe")
    assert values(first) == {("model", "semi_train_cfg", "freeze_teacher"): True}
    assert (second.name, second.disposition) == ("find-unused", "safe")


def test_a_teacher_with_gradients_is_no_teacher(tmp_path: Path) -> None:
    source = teacher_model("x = x + self.teacher(inputs)")
    config = "model = dict(type='Net', semi_train_cfg=dict(freeze_teacher=False))\n"
    assert judge(setup_in(tmp_path, source, config)) == ()


STAGES = """
outs = []
for index, stage in enumerate(self.stages):
    x = stage(x)
    if index in self.out_indices:
        outs.append(x)
x = sum(outs)
"""


def test_stages_of_a_class_of_ones_own(tmp_path: Path) -> None:
    stages = "self.stages = nn.ModuleList([nn.Conv2d(8, 8, 1) for _ in range(4)])\n"
    source = model("out_indices=(3, )", stages + "self.out_indices = out_indices", STAGES)
    finding = the(setup_in(tmp_path, source, "model = dict(type='Net', out_indices=(0, 1))\n"), "MMF113")
    assert finding.key == ("model", "out_indices")
    assert finding.confidence == "likely"
    # `num_stages` is a key of ResNets
    assert set(cures(finding)) == {"find-unused", "static-graph"}


SOMETIMES = "if len(data_samples) > 2:\n    x = self.roi_head(x)"
HEAD_MODULE = """
@MODELS.register_module()
class RoIHead(BaseModule):
    def __init__(self):
        super().__init__()
        self.fc = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.fc(x)
"""


@pytest.mark.parametrize(("filtered", "codes"), [("False", ["MMF115"]), ("True", ["MMF102"])])
def test_a_head_that_an_empty_batch_skips(tmp_path: Path, filtered: str, codes: Any) -> None:
    source = model("roi_head", "self.roi_head = MODELS.build(roi_head)", SOMETIMES) + HEAD_MODULE
    data = f"train_dataloader['dataset'] = dict(type='X', filter_cfg=dict(filter_empty_gt={filtered}))\n"
    setup = setup_in(tmp_path, source, data + "model = dict(type='Net', roi_head=dict(type='RoIHead'))\n")
    findings = judge(setup)
    assert [finding.code for finding in findings] == codes
    assert {finding.confidence for finding in findings} == {"possible"}
    if codes == ["MMF115"]:
        found = cures(findings[0])
        assert list(found) == ["find-unused", "filter-empty-gt"]
        key = ("train_dataloader", "dataset", "filter_cfg", "filter_empty_gt")
        assert values(found["filter-empty-gt"]) == {key: True}


def test_every_dataset_is_filtered(tmp_path: Path) -> None:
    config = """
data['train'] = dict(type='ConcatDataset', datasets=[
    dict(type='A', filter_empty_gt=True),
    dict(type='RepeatDataset', dataset=dict(type='B', filter_empty_gt=False))])
data['val'] = dict(type='A', filter_empty_gt=False)
model = dict(type='Unknown', rpn_head=dict(type='UnknownHead'))
"""
    finding = the(setup_in(tmp_path, HEAD, config, MMCV1), "MMF115")
    assert finding.severity == "note"
    (remedy,) = finding.remedies
    assert remedy.disposition == "review"
    assert values(remedy) == {("data", "train", "datasets", 1, "dataset", "filter_empty_gt"): True}


HELPER = """\
def keep_only(module, word):
    for name, parameter in module.named_parameters():
        parameter.requires_grad = word in name


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.inner(x)


"""


def test_the_class_that_freezes_is_the_one_whose_method_runs(tmp_path: Path) -> None:
    """Through a helper of the module: not the first class that holds one of the parameters."""
    more = "\ndef train(self, mode=True):\n    super().train(mode)\n    keep_only(self, 'head')\n"
    source = model(init="self.block = Block()", step="x = self.block(x)", more=more)
    source = source.replace("@MODELS", HELPER + "@MODELS", 1)
    finding = the(setup_in(tmp_path, source, "model = dict(type='Net')\n"), "MMF103")
    assert finding.message.startswith("Net freezes 4 parameters in train()")


@pytest.mark.parametrize("given", ["", ", channels=3"])
def test_an_inner_parameter_is_no_key_of_the_same_name(tmp_path: Path, given: str) -> None:
    """The inner class gets a constant: to change the key of that name would cure nothing."""
    inner = HELPER.replace("__init__(self)", "__init__(self, channels)").replace(
        "self.inner = nn.Conv2d(8, 8, 1)",
        "self.inner = nn.Conv2d(8, 8, 1)\n        if channels > 3:\n            self.spare = nn.Linear(2, 2)",
    )
    source = model(args="channels=3", init="self.block = Block(8)", step="x = self.block(x)")
    source = source.replace("@MODELS", inner + "@MODELS", 1)
    finding = the(setup_in(tmp_path, source, f"model = dict(type='Net'{given})\n"), "MMF102")
    assert finding.key == ("model", "type")


def test_a_key_that_is_passed_on_decides(tmp_path: Path) -> None:
    inner = HELPER.replace("__init__(self)", "__init__(self, spare)").replace(
        "self.inner = nn.Conv2d(8, 8, 1)",
        "self.inner = nn.Conv2d(8, 8, 1)\n        if spare:\n            self.spare = nn.Linear(2, 2)",
    )
    source = model(args="spare", init="self.block = Block(spare)", step="x = self.block(x)")
    source = source.replace("@MODELS", inner + "@MODELS", 1)
    finding = the(setup_in(tmp_path, source, "model = dict(type='Net', spare=True)\n"), "MMF102")
    assert finding.key == ("model", "spare")


def test_a_condition_that_is_met_does_not_decide(tmp_path: Path) -> None:
    """What keeps the method from running is asked where it is called."""
    source = model(
        args="part, use_extra=True",
        init="self.by_itself = part['kind'] == 'own'\nself.use_extra = use_extra\n"
        "self.extra = nn.Parameter(torch.zeros(1))\nself.more = nn.Conv2d(8, 8, 1)",
        step="if self.by_itself:\n    x = self.own(x)",
        more="\ndef own(self, x):\n    for y in x:\n        x = self.more(x)\n        if self.use_extra:\n"
        "            x = x + self.extra\n    return x\n",
    )
    config = "model = dict(type='Net', use_extra=True, part=dict(kind='other'))\n"
    finding = the(setup_in(tmp_path, source, config), "MMF102")
    assert finding.key == ("model", "part", "kind")
    assert "extra (Parameter), more" in finding.message


STAGED = """\
@MODELS.register_module()
class ResNet(BaseModule):
    def __init__(self, num_stages=3, out_indices=(0, 1, 2), strides=(1, 1, 1), dilations=(1, 1, 1)):
        super().__init__()
        self.out_indices = out_indices
        self.names = [f'layer{index + 1}' for index in range(num_stages)]
        for name in self.names:
            self.add_module(name, nn.Conv2d(8, 8, 1))
        self.classifier = nn.Linear(4, 10)

    def forward(self, x):
        outs = []
        for index, name in enumerate(self.names):
            x = getattr(self, name)(x)
            if index in self.out_indices:
                outs.append(x)
        return outs[-1]


"""


@pytest.mark.parametrize(
    ("outputs", "beside", "dropped", "fewer"),
    [
        ((0, 1, 2), True, [], []),
        ((0, 1), False, ["MMF113"], ["MMF113"]),
        ((0, 1), True, ["MMF113"], []),  # without the last stage the layer beside it still stops the run
    ],
)
def test_a_layer_that_is_no_stage(
    tmp_path: Path, outputs: Any, beside: bool, dropped: Any, fewer: Any
) -> None:
    """Where all stages are returned there is none to drop; a layer beside them is no stage."""
    args, init = "backbone", "self.backbone = MODELS.build(backbone)"
    source = model(args=args, init=init, step="x = self.backbone(x)")
    staged = STAGED if beside else STAGED.replace("        self.classifier = nn.Linear(4, 10)\n", "")
    source = source.replace("@MODELS", staged + "@MODELS", 1)
    config = (
        "model = dict(type='Net', backbone=dict(type='ResNet', num_stages=3, strides=(1, 1, 1), "
        f"dilations=(1, 1, 1), out_indices={outputs}))\n"
    )
    findings = judge(setup_in(tmp_path, source, config))
    assert any("backbone.classifier" in item.message for item in findings) is beside
    assert [item.code for item in findings if item.code == "MMF113"] == dropped
    assert [item.code for item in findings if "fewer-stages" in cures(item)] == fewer


def test_one_line_that_no_key_is_seen_behind_goes_with_the_others(tmp_path: Path) -> None:
    """Frozen by a key and, in the same method, by a helper: one finding, at the key."""
    more = (
        "\ndef train(self, mode=True):\n    super().train(mode)\n    if self.flag:\n"
        "        for param in self.stem.parameters():\n            param.requires_grad = False\n"
        "    keep_only(self.block, 'nothing')\n"
    )
    source = model(init="self.block = Block()\nself.flag = flag", step="x = self.block(x)", more=more)
    source = source.replace("@MODELS", HELPER + "@MODELS", 1)
    finding = the(setup_in(tmp_path, source, "model = dict(type='Net', flag=True)\n"), "MMF103")
    assert finding.key == ("model", "flag")
    assert "freezes 4 parameters" in finding.message


PARTS = """\
@MODELS.register_module()
class Part(BaseModule):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.conv(x)


"""


def test_parts_that_one_condition_drops_are_one_finding(tmp_path: Path) -> None:
    step = "y = self.neck(self.tail(x))\nif inputs.max() > 1:\n    x = y"
    init = "self.neck, self.tail = MODELS.build(neck), MODELS.build(tail)"
    source = model(args="neck, tail", init=init, step=step)
    source = source.replace("@MODELS", PARTS + "@MODELS", 1)
    config = "model = dict(type='Net', neck=dict(type='Part'), tail=dict(type='Part'))\n"
    finding = the(setup_in(tmp_path, source, config), "MMF102")
    assert (finding.key, finding.confidence) == (("model", "type"), "possible")
    assert "neck (Part), tail" in finding.message


def test_a_head_without_boxes_is_told_once(tmp_path: Path) -> None:
    source = model(
        args="mask_head",
        init="self.mask_head = MODELS.build(mask_head)",
        step="if inputs.max() > 1:\n    x = self.mask_head(x)",
    )
    source = source.replace("@MODELS", PARTS + "@MODELS", 1)
    empty = "train_dataloader['dataset'] = dict(type='D', filter_cfg=dict(filter_empty_gt=False))\n"
    config = f"{empty}model = dict(type='Net', mask_head=dict(type='Part'))\n"
    assert "mask_head (Part)" in the(setup_in(tmp_path, source, config), "MMF115").message


MASKS = """\
class MaskLoss:
    def loss_mask(self, features: torch.Tensor, kernels: torch.Tensor, samples: list):
        positive = [sample.positive for sample in samples]
        if len(positive) == 0:
            return {returned}
        return (features * kernels).sum()


@MODELS.register_module()
class MaskHead(MaskLoss, BaseModule):
    def __init__(self):
        super().__init__()
        self.features, self.kernels = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.loss_mask(self.features(x), self.kernels(x), unknown_samples(x))


"""
LET_IN = "train_dataloader['dataset'] = dict(type='D', filter_cfg=dict(filter_empty_gt={}))\n"


@pytest.mark.parametrize(
    ("returned", "empty_left_out", "found"),
    [
        ("features.sum() * 0", False, True),
        ("0 * features.sum()", False, True),
        ("features.sum() * 0 + kernels.sum() * 0", False, False),
        ("features.sum()", False, False),
        ("features.sum() * 0", True, False),
    ],
)
def test_a_loss_that_is_zero_times_a_part_of_it(
    tmp_path: Path, returned: str, empty_left_out: bool, found: bool
) -> None:
    """A head with dynamic kernels, as RTMDet-Ins has: without a positive they get no gradient."""
    source = model(
        "bbox_head", "self.bbox_head = MODELS.build(bbox_head)", "x = self.bbox_head(x).mean() + x"
    )
    source = source.replace("@MODELS", MASKS.format(returned=returned) + "@MODELS", 1)
    config = f"{LET_IN.format(empty_left_out)}model = dict(type='Net', bbox_head=dict(type='MaskHead'))\n"
    findings = [item for item in judge(setup_in(tmp_path, source, config)) if item.code == "MMF115"]
    assert bool(findings) is found
    for item in findings:
        assert (item.confidence, cures(item)["find-unused"].disposition) == ("possible", "safe")
        assert "what only kernels carries then gets no gradient" in item.message
        line = line_of(source, f"return {returned}")
        assert f"{line} returns features.sum() * 0 where there is no positive" in item.evidence


TWO_STAGE = """\
from torch import nn
from mmcv.utils import Registry

DETECTORS = Registry("detector")


@DETECTORS.register_module()
class Net(nn.Module):
    def __init__(self, roi_head=None, skips=False):
        super().__init__()
        self.head, self.skips = nn.Linear(3, 3), skips

    def forward_train(self, img, img_metas, gt_bboxes):
        losses = dict(loss_cls=self.head(img).mean())
        if not self.skips or gt_bboxes.sum() > 0:
            losses["loss_bbox"] = self.head(img).sum()
        return losses
"""
LETS_IN = "data['train'] = dict(type='CocoDataset', filter_empty_gt=False)\n"


@pytest.mark.parametrize(("skips", "codes"), [(True, ["MMF115"]), (False, [])])
def test_losses_that_are_there_for_every_batch_do_not_differ(
    tmp_path: Path, skips: bool, codes: List[str]
) -> None:
    config = LETS_IN + f"model = dict(type='Net', roi_head=dict(type='Any'), skips={skips})\n"
    assert [finding.code for finding in judge(setup_in(tmp_path, TWO_STAGE, config, MMCV1))] == codes


GAN = (
    HEAD
    + """\
class Part(nn.Module):
    def __init__(self, spare=False):
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)
        if spare:
            self.spare = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.layer(x)


@MODELS.register_module()
class Net(BaseModel):
    def __init__(self, spare=False):
        super().__init__()
        self.generator, self.critic, self.idle = Part(spare), Part(), Part()

    def train_step(self, data, optim_wrapper):
        made = self.generator(data['inputs'])
        for wanted in (False, True):
            for param in self.critic.parameters():
                param.requires_grad = wanted
            optim_wrapper.update_params(self.critic(made).mean())
        return {}
"""
)
SEPARATE = "model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel', find_unused_parameters={})\n"


def test_one_ddp_a_child_waits_for_what_a_trained_child_leaves_out(tmp_path: Path) -> None:
    config = SEPARATE.format(False) + "model = dict(type='Net', spare=True)\n"
    finding = the(setup_in(tmp_path, GAN, config), "MMF102")
    assert (finding.severity, finding.confidence) == ("error", "likely")
    assert "generator.spare" in finding.message
    (cure,) = finding.remedies
    assert values(cure) == {("model_wrapper_cfg", "find_unused_parameters"): True}


@pytest.mark.parametrize(("find_unused", "spare"), [(False, False), (True, True)])
def test_one_ddp_a_child_does_not_wait_for_a_child_that_is_not_run(
    tmp_path: Path, find_unused: bool, spare: bool
) -> None:
    config = SEPARATE.format(find_unused) + f"model = dict(type='Net', spare={spare})\n"
    assert judge(setup_in(tmp_path, GAN, config)) == ()


def test_what_is_left_over_goes_as_a_whole_though_other_code_takes_such_a_word_out_of_a_dict(tmp_path):
    # depth is not told, since some code pops such a key; the class that is there now does not take it either
    source = (
        "from torch import nn\nfrom mmdet.registry import MODELS\n\n"
        "@MODELS.register_module()\nclass Net(nn.Module):\n"
        "    def __init__(self, width=8):\n        super().__init__()\n\n"
        "def build(cfg):\n    return cfg.pop('depth')\n"
    )
    setup_in(tmp_path, source, "model = dict(type='Old', depth=50, stages=4)\n")
    derived = tmp_path / "configs" / "y.py"
    derived.write_text("_base_ = './x.py'\nmodel = dict(type='Net', width=4)\n")
    (finding,) = [one for one in judge(read(Reader().load(str(derived)))) if one.code == "MMF205"]
    assert finding.key == ("model", "stages")
    (remedy,) = finding.remedies
    assert remedy.overrides[0].value == {"type": "Net", "width": 4}
    assert {move.key for move in remedy.moves} == {("model", "depth"), ("model", "stages")}
    assert any("depth" in line for line in remedy.assumes)


NETS = (
    "from torch import nn\nfrom mmdet.registry import MODELS\n\n"
    "@MODELS.register_module()\nclass Old(nn.Module):\n"
    "    def __init__(self, depth=50, init_cfg=None):\n        pass\n\n"
    "@MODELS.register_module()\nclass Det(nn.Module):\n    def __init__(self, backbone, neck=None):\n"
    "        self.backbone = MODELS.build(backbone)\n\n"
    "@MODELS.register_module()\nclass New(nn.Module):\n"
    "    def __init__(self, width=8, init_cfg=None):\n        pass\n"
)


def lazy_in(root: Path, text: str) -> TrainingSetup:
    """A lazy config with ``model.backbone`` of an old class in its base, and this text below the import."""
    (root / "configs").mkdir()
    (root / "setup.py").write_text("")
    (root / "net.py").write_text(NETS)
    (root / "configs" / "base.py").write_text(
        "from net import Det, Old\n"
        + MMENGINE
        + "model = dict(type=Det, backbone=dict(type=Old, depth=50, init_cfg=dict(type='A', of=1)))\n"
    )
    (root / "configs" / "x.py").write_text(
        "from mmengine.config import read_base\nfrom net import New\n"
        f"with read_base():\n    from .base import *\n{text}\n"
    )
    return read(Reader().load(str(root / "configs" / "x.py")))


NEW = "dict(backbone=dict(_delete_=True, type=New, width=4, init_cfg=dict(type='B')))"


def test_update_does_not_look_at_delete_so_what_it_should_delete_is_still_there(tmp_path: Path) -> None:
    setup = lazy_in(tmp_path, f"model.update({NEW})")
    (finding,) = [one for one in judge(setup) if one.code == "MMF204"]
    assert "so is what it should delete: update() does not look at it. Both go to New" in finding.message
    (remedy,) = finding.remedies
    assert (remedy.name, remedy.disposition) == ("without-base", "review")
    assert remedy.overrides[0].key == ("model", "backbone")
    assert remedy.overrides[0].value == {"type": "net.New", "width": 4, "init_cfg": {"type": "B"}}
    (wrong,) = [one for one in judge(setup) if one.code == "MMF205"]
    assert "_delete_" not in wrong.remedies[0].overrides[0].value
    assert "depth" not in wrong.remedies[0].overrides[0].value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"model.merge({NEW})", ""),
        ("model['backbone'] = dict(_delete_=True, type=New)", "nothing to delete, and New gets it"),
        ("model.update(dict(neck=dict(_delete_=True, type=New)))", "nothing to delete, and New gets it"),
    ],
)
def test_where_nothing_is_left_beside_delete(tmp_path: Path, text: str, says: str) -> None:
    found = [one for one in judge(lazy_in(tmp_path, text)) if one.code == "MMF204"]
    assert [says in one.message for one in found] == [True] * bool(says)
    assert [one.remedies[0].name for one in found] == ["drop-key"] * bool(says)
    assert all("the run stops with it" in one.remedies[0].cost for one in found)
