"""A run proves only what fits the parameters that its log lists; the rest are suspects, and the mismatch is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence, Tuple

import pytest
from messages import UNUSED_BARE, twice, unused

import mmfix
from mmfix.config.keypath import KeyPath
from mmfix.diagnosis.fitting import MAYBE, OPEN, OTHER, SHOWN, Lists, fits
from mmfix.errors import PatchError
from mmfix.jobs.curing import patch_explained
from mmfix.jobs.patching import Options
from mmfix.rules.rule import MMENGINE
from mmfix.training.types import ModelFact

MODEL: KeyPath = ("model",)


def fact(count: int, *modules: str, varies: bool = False, kind: str = "unused") -> ModelFact:
    why = f"A makes {', '.join(modules)}{count}."
    return ModelFact(
        kind, (*MODEL, "type"), "A", "likely", why, (), varies=varies, modules=modules, count=count
    )


def listed(*ranks: Sequence[int]) -> Lists:
    return Lists(tuple(tuple(indices) for indices in ranks), some=True)


SPARE, REFINE = fact(2, "spare"), fact(4, "refine", varies=True)


@pytest.mark.parametrize(
    ("facts", "lists", "ranks"),
    [
        ([SPARE, REFINE], listed([12, 13]), [SHOWN, OTHER]),
        ([SPARE, REFINE], listed([12, 13, 14, 15]), [MAYBE, SHOWN]),
        ([SPARE, REFINE], listed([12, 13], [12, 13, 14, 15]), [SHOWN, SHOWN]),
        ([SPARE, REFINE], listed([12, 40]), [OTHER, OTHER]),
        ([SPARE, fact(2, "other")], listed([12, 13]), [MAYBE, MAYBE]),
        ([SPARE, fact(4, "other")], listed([3, 4, 20, 21, 22, 23]), [SHOWN, SHOWN]),
        ([SPARE, REFINE], listed([3, 4, 20, 21, 22, 23]), [MAYBE, MAYBE]),  # refine is not unused in every step
        ([SPARE], listed([12, 13, 14]), [MAYBE]),
        ([fact(2, "a", "b")], listed([12, 40]), [SHOWN]),
        ([fact(2, "a", "b")], listed([12, 40, 50]), [MAYBE]),
        ([fact(0, "spare")], listed([12, 13]), [OPEN]),
        ([fact(0, kind="late-freeze")], listed([*range(33), 325, 326]), [MAYBE]),
        ([fact(0, kind="late-freeze")], listed([300, 301]), [OPEN]),
        ([SPARE], Lists(), [OPEN]),
        ([SPARE], Lists(some=True), [OPEN]),  # torch has cut the list
        ([SPARE], Lists(((0,),), ("spare.weight",), True, True), [SHOWN]),
        ([SPARE], Lists(((0, 1),), ("sparer.weight", "sparer.bias"), True, True), [OTHER]),
        ([SPARE], Lists((), ("sparer.weight",), False, True), [OPEN]),
        ([fact(1, "scale")], Lists(((0,),), ("scale",), True, True), [SHOWN]),
    ],
)  # fmt: skip
def test_how_well_a_suspicion_fits(facts: Sequence[ModelFact], lists: Lists, ranks: Sequence[int]) -> None:
    found = fits(facts, lists)

    assert [found[item].rank for item in facts] == ranks
    assert all(found[item].line for item in facts)


def test_what_is_no_suspicion_about_parameters_is_not_weighed() -> None:
    assert fits([fact(2, "a", kind="reused"), fact(2, "a", kind="toggled")], listed([1, 2])) == {}


NET = """
import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn
{imported}

@MODELS.register_module()
class HalfUsedNet(BaseModel):

    def __init__(self):
        super().__init__()
        self.stem = {stem}(4, 4)
        self.spare = nn.Linear(4, 4)
        self.refine = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))

    def forward(self, inputs, data_samples=None, mode='loss'):
        out = self.stem(inputs)
        if out.sum() > 0:
            for layer in self.refine:
                out = layer(out)
        return dict(loss=out.sum())
"""
COMPILED = ("from vendor_blocks import VendorBlock", "VendorBlock")  # its source is nowhere
PLAIN = ("", "nn.Linear")


@pytest.fixture
def half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A config whose model has one part that is never used and one that may be unused."""
    monkeypatch.chdir(tmp_path)

    def write(stem: Tuple[str, str]) -> Path:
        package = tmp_path / "nets"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        (package / "net.py").write_text(NET.format(imported=stem[0], stem=stem[1]))
        config = tmp_path / "half.py"
        imports = "custom_imports = dict(imports=['nets.net'], allow_failed_imports=False)\n"
        config.write_text(f"{MMENGINE}{imports}model = dict(type='HalfUsedNet')\n")
        return config

    return write


@pytest.mark.parametrize(
    ("stem", "text", "surest", "lines"),
    [
        # no order: the model has a part without source
        (COMPILED, unused([12, 13]), ("proven", "possible"),
         ["spare: 2 parameters, as many as the log lists",
          "refine: 4 parameters, and the log lists 2: this run has not shown it"]),
        (COMPILED, unused([12, 13, 14, 15]), ("proven", "likely"),
         ["refine: 4 parameters, as many as the log lists",
          "spare: 2 parameters, and the log lists 4: something else is unused, too"]),
        (COMPILED, unused([12, 40]), ("possible", "possible"), ["spare: 2 parameters that stand together, and the log's"]),
        (COMPILED, UNUSED_BARE, ("likely", "possible"), ["spare: the log lists no parameters"]),
        # the order of the source gives the indices their names: stem, spare, refine
        (PLAIN, unused([2, 3]), ("proven",), ["spare: the log's list has 2 parameters of it"]),
        (PLAIN, unused([4, 5, 6, 7]), ("proven",), ["spare: none of its parameters is in the log's list"]),
        (PLAIN, unused([2, 3], names=["spare.bias", "spare.weight"]), ("proven",), ["spare: the log's list has 2"]),
    ],
)  # fmt: skip
def test_a_run_proves_what_it_lists(
    stem: Tuple[str, str], text: str, surest: Tuple[str, ...], lines: Sequence[str], half: Any
) -> None:
    found = mmfix.explain(text, half(stem))

    assert tuple(item.confidence for item in found.findings) == surest
    for line in lines:
        assert any(line in told for told in found.evidence), found.evidence
    assert found.confidence == surest[0]
    told = str(found)
    assert ("  suspect  MMF102" in told) is (len(set(surest)) > 1)


def test_what_it_names_is_not_taken_for_the_only_thing_that_was_suspected(half: Any) -> None:
    """The stem is not suspected: its names do not prove what is."""
    found = mmfix.explain(unused([0, 1], names=["stem.bias", "stem.weight"]), half(PLAIN))

    assert not any("spare" in item.message and item.confidence == "proven" for item in found.findings)
    assert any("spare: none of its parameters" in line for line in found.evidence)


@pytest.mark.parametrize("indices", [[0, 1], [0, 2, 3]])
def test_indices_of_what_every_step_uses_are_asked_about(indices: Sequence[int], half: Any) -> None:
    """Stem, spare, refine, as the source has them: the loss of every step goes through the stem."""
    found = mmfix.explain(unused(indices), half(PLAIN))

    assert found.confidence == "possible"
    assert {item.confidence for item in found.findings} <= {"possible"}
    assert not any("stem" in item.message for item in found.findings)
    asked, how = found.notes[:2]
    assert "every step gives stem.weight" in asked
    assert "is it the config of this run" in asked
    assert "work_dir" in how
    assert "TORCH_DISTRIBUTED_DEBUG" in how
    assert "find-unused" in [item.name for item in found.remedies]
    assert not found.command.startswith("mmfix patch")
    with pytest.raises(PatchError, match="may not be of this config"):
        patch_explained(found, Options(write=True))


def test_a_hook_may_have_frozen_what_the_source_uses(half: Any) -> None:
    config = half(PLAIN)
    config.write_text(config.read_text() + "custom_hooks = [dict(type='FreezeSomethingHook')]\n")

    assert "unless a hook" in mmfix.explain(unused([0, 1]), config).notes[0]


FREEZING = """
import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn

@MODELS.register_module()
class LateNet(BaseModel):

    def __init__(self, frozen=True):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
        self.body = nn.Linear(4, 4)
        self.head = nn.Linear(4, 4)
        self.frozen = frozen

    def train(self, mode=True):
        super().train(mode)
        if self.frozen:
            for param in self.stem.parameters():
                param.requires_grad = False

    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss=self.head(self.body(self.stem(inputs))).sum())
"""


@pytest.mark.parametrize(
    ("indices", "cut", "shown", "said"),
    [
        ([0, 1, 2, 3], False, True, "what model.frozen freezes: the log's list has 4 parameters of it"),
        ([0, 1], True, True, "what model.frozen freezes: the log's list has 2 parameters of it"),
        ([2, 3], False, False, "LateNet freezes 4 parameters, of which the log lists 2"),
        ([0, 1, 2, 3, 6, 7], False, False, "every step gives head.weight, head.bias a gradient"),
        ([6, 7], False, False, "every step gives head.weight, head.bias a gradient"),
    ],
)
def test_a_late_freeze_is_shown_by_all_that_it_freezes(
    indices: Sequence[int],
    cut: bool,
    shown: bool,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").touch()
    (tmp_path / "nets" / "net.py").write_text(FREEZING)
    config = tmp_path / "late.py"
    imports = "custom_imports = dict(imports=['nets.net'], allow_failed_imports=False)\n"
    config.write_text(f"{MMENGINE}{imports}model = dict(type='LateNet', frozen=True)\n")

    found = mmfix.explain(unused(indices, cut=cut), config)

    assert [item.confidence for item in found.findings if item.code == "MMF103"] == [
        "proven" if shown else "possible"
    ]
    assert any(said in line for line in (*found.evidence, *found.notes)), (found.evidence, found.notes)
    assert (found.confidence == "proven") is shown


def test_an_index_without_a_name_does_not_tell_which_checkpoint_it_was(tmp_path: Path) -> None:
    config = tmp_path / "a.py"
    config.write_text(
        f"{MMENGINE}find_unused_parameters = True\n"
        "model = dict(type='FCOS', backbone=dict(type='ResNet', with_cp=True), neck=dict(type='FPN', with_cp=True))\n"
    )

    found = mmfix.explain(twice(432), config)

    assert {item.confidence for item in found.findings} <= {"certain", "possible"}
    assert any("that it is in that checkpoint" in line for line in found.evidence)


def test_a_part_whose_source_leaves_it_to_the_data_is_not_cured_by_a_static_graph(half: Any) -> None:
    found = mmfix.explain(unused([4, 5, 6, 7]), half(PLAIN))
    constant = mmfix.explain(unused([2, 3]), half(PLAIN))

    assert [item.name for item in found.remedies] == ["find-unused"]
    assert [item.name for item in constant.remedies] == ["find-unused", "static-graph"]
