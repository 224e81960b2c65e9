"""A config that stands in a text without a logger's heading; losses that are NaN; what the text is assumed to mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import pytest
from messages import UNUSED_BARE, twice, unused

import mmfix
from mmfix.diagnosis.log.lines import Line
from mmfix.diagnosis.log.pasted import pasted_configs
from mmfix.rules.rule import MMENGINE

SWIN = "model = dict(\n    backbone=dict(\n        type='SwinTransformer',\n        frozen_stages=1,  # the first\n    ),\n)"
ERROR = (
    "`RuntimeError: Expected to have finished reduction in the prior iteration before starting a new one.`\n"
)


def lines(text: str) -> Any:
    return [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]


@pytest.mark.parametrize(
    ("text", "line", "begins"),
    [
        (SWIN, 1, "model ="),
        (f"I use this:\n{SWIN}\nand it fails", 2, "model ="),
        (f"```python\n{SWIN}\n```", 2, "model ="),
        (f"Config: `{SWIN}`", None, ""),
        (f"Use this file:\n`{SWIN}`\n", 2, "model ="),
        (f"find_unused_parameters = True\n\nnorm = dict(type='BN')\n{SWIN}\nlr = 0.1\nThanks", 1, "find_unused"),
        (f"Hello\nx == 3\n{SWIN}", 3, "model ="),
        (f"result = broken(\n{SWIN}", 2, "model ="),  # what is above is no Python
        ("model = dict(backbone=dict(with_cp=False))", None, ""),  # advice, not a config
        ("model = dict(\n    type='A',", None, ""),  # cut off
        ("model = dict(type='A')\nprint(model)", 1, "model ="),
        ("model = build_model(cfg)", None, ""),
        ("", None, ""),
    ],
)  # fmt: skip
def test_what_is_taken_for_a_config(text: str, line: Optional[int], begins: str) -> None:
    found = next(pasted_configs(lines(text)), None)

    assert (None if found is None else found.line + 1) == line
    if found is not None:
        assert found.text.split("\n")[1].startswith(begins)
        assert "Thanks" not in found.text
        assert "print" not in found.text


def test_there_may_be_many() -> None:
    assert len(list(pasted_configs(lines(f"{SWIN}\n--\n" * 9)))) == 3


def test_its_keys_are_named_and_it_may_be_a_part_only() -> None:
    found = mmfix.explain(f"{ERROR}I use\n`{SWIN}`\n")

    assert found.config == "pasted in the log:3"
    assert [item.code for item in found.findings] == ["MMF103"]
    origin = found.findings[0].origins[0]
    assert origin.line == 6
    assert found.command == "--cfg-options find_unused_parameters=True"


def test_names_that_stand_elsewhere_are_unknown() -> None:
    config = SWIN.replace("frozen_stages=1", "frozen_stages=1, init_cfg=dict(checkpoint=pretrained, n=depth)")

    assert [item.code for item in mmfix.explain(f"{ERROR}{config}\n").findings] == ["MMF103"]


def test_a_config_that_is_named_comes_first(tmp_path: Path) -> None:
    config = tmp_path / "a.py"
    config.write_text(f"{MMENGINE}model = dict(type='A', backbone=dict(type='mmdet.SwinTransformer'))\n")

    found = mmfix.explain(f"{ERROR}{SWIN}\n", config)

    assert (found.config, found.findings) == (str(config), ())


def test_a_pasted_config_alone_is_no_log_of_mmengine() -> None:
    found = mmfix.explain(f"Is this right?\n{SWIN}\n")

    assert not found.known
    assert "MMEngine" not in found.explanation


PROGRESS = "Epoch(train) [1][50/100]  lr: 0.1  time: 0.5  loss: {}  loss_cls: 0.1\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PROGRESS.format("0.5") + PROGRESS.format("nan"), True),
        (PROGRESS.format("nan") + 'Traceback (most recent call last):\n  File "a.py", line 3, in x\nIndexError: 3\n', True),
        ("2024-01-01 12:00:00,1 - mmdet - INFO - Epoch [1][50/100]\tlr: 1e-3, loss_cls: 0.1, loss: nan\n", True),
        (PROGRESS.format("0.5") + "grad_norm: nan\n", False),
        ("the loss: nan problem\n", False),
    ],
)  # fmt: skip
def test_a_loss_that_is_nan_is_a_reason_and_no_outcome(text: str, told: bool) -> None:
    found = mmfix.explain(text)

    assert (found.known, found.outcome) == (False, None)
    assert ("The loss is NaN in line" in found.explanation) is told
    assert any("learning rate" in hint for hint in found.hints) is told


def test_an_error_after_it_may_follow_from_it() -> None:
    before = mmfix.explain(PROGRESS.format("nan") + unused([4, 5]))
    after = mmfix.explain(unused([4, 5]) + PROGRESS.format("nan"))

    assert any("may follow from it" in note for note in before.notes)
    assert not any("may follow from it" in note for note in after.notes)


def test_a_checkpoint_that_nobody_sees_is_assumed_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "a.py"
    config.write_text(f"{MMENGINE}find_unused_parameters = True\nmodel = dict(type='Own')\n")

    found = mmfix.explain(twice(5), config)

    assert [(item.code, item.confidence) for item in found.findings] == [("MMF101", "possible")]
    assert any("is assumed in code that is not here" in line and "Own" in line for line in found.evidence)
    assert "non-reentrant" in [remedy.name for remedy in found.remedies]


STAMP = "2024/11/19 12:00:00 - mmengine - INFO -"


def test_two_configs_in_one_log_are_two_runs() -> None:
    one = f"{MMENGINE}find_unused_parameters = True\nmodel = dict(type='A', backbone=dict(type='ResNet', with_cp=True))"
    two = f"{MMENGINE}model = dict(type='B', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))"

    found = mmfix.explain(f"{STAMP} Config:\n{one}\n{twice(3)}{STAMP} Config:\n{two}\n{UNUSED_BARE}")

    told = [(item.id, [finding.code for finding in item.findings]) for item in (found, *found.others)]
    assert told == [("marked-ready-twice", ["MMF101"]), ("unused-parameters", ["MMF103"])]
    assert all(any("2 runs" in note for note in item.notes) for item in (found, *found.others))


NET = """
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn

@MODELS.register_module()
class Small(BaseModel):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss=self.a(inputs).sum())
"""


@pytest.mark.parametrize(
    "text", [unused([400, 401]), unused([2, 3], names=["neck.weight", "neck.bias"]), twice(90, "neck.weight")]
)
def test_indices_of_another_model_are_a_reason_and_prove_nothing(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.py").write_text(NET)
    config = tmp_path / "a.py"
    imports = "custom_imports = dict(imports=['small'], allow_failed_imports=False)\n"
    config.write_text(f"{MMENGINE}{imports}model = dict(type='Small')\n")

    found = mmfix.explain(text, config)

    assert found.confidence == "possible"
    assert all(item.confidence == "possible" for item in found.findings)
    assert any("is it really the config of this run?" in note for note in found.notes), found.notes
    assert found.path == ""
