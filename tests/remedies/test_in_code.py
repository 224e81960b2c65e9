"""Which calls of the user's own code a cure in code is about, and when there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Tuple

import pytest
from code_repository import IN_INIT, IN_TRAIN, WRAPPER, freezing, repository

import mmfix
from mmfix.findings import Remedy


def offered(config: str, name: str = "non-reentrant-in-code") -> List[Tuple[str, Tuple[int, ...]]]:
    """File, line, and lines that call its function, of each spot of the cure of the first finding."""
    found = [
        remedy
        for finding in mmfix.check(config).findings
        for remedy in finding.remedies
        if remedy.name == name
    ]
    assert {(remedy.disposition, remedy.overrides) for remedy in found} <= {("review", ())}
    spots = found[0].code if found else ()
    return [(Path(spot.path).name, (spot.line, *(place.line for place in spot.called))) for spot in spots]


CASES = {
    "a call": ("x = cp.checkpoint(self.a, x)", "", [("net.py", (20,))]),
    "it says True": ("x = cp.checkpoint(self.a, x, use_reentrant=True)", "", [("net.py", (20,))]),
    "through a function": ("x = run(self.a, x)", WRAPPER, [("net.py", (7, 22))]),
    "through a partial": (
        "x = run(self.a, x)",
        "run = functools.partial(cp.checkpoint)",
        [("net.py", (20,))],
    ),
    "it says False": ("x = cp.checkpoint(self.a, x, use_reentrant=False)", "", []),
    "no checkpoint": ("x = self.a(x)", "", []),
}


@pytest.mark.parametrize("name", CASES)
def test_the_lines_of_a_model(name: str, tmp_path: Path) -> None:
    body, imports, expected = CASES[name]
    assert offered(repository(tmp_path, body, imports)) == expected


@pytest.mark.parametrize("about", ["off", "another finding"])
def test_nothing_without_a_finding_about_a_checkpoint(about: str, tmp_path: Path) -> None:
    body = "x = cp.checkpoint(self.a, x)"
    assert offered(repository(tmp_path, body, on=about == "off", deep=about != "off")) == []


@pytest.mark.parametrize(("torch", "is_offered"), [("1.10.2", False), ("1.11.0", True), ("2.1", True)])
def test_an_old_torch_does_not_know_the_argument(torch: str, is_offered: bool, tmp_path: Path) -> None:
    config = repository(tmp_path, "x = cp.checkpoint(self.a, x)")
    (tmp_path / "mmfix.toml").write_text(f'torch = "{torch}"\n')
    assert bool(offered(config)) is is_offered


def test_code_of_somebody_else_is_not_offered(tmp_path: Path) -> None:
    """A link that leads out of the repository, and a clone in it."""
    config = repository(tmp_path, "x = cp.checkpoint(self.a, x)")
    (tmp_path / "other").mkdir()
    (tmp_path / "net.py").rename(tmp_path / "other" / "net.py")
    (tmp_path / "other" / ".git").mkdir()
    (tmp_path / "net.py").symlink_to(tmp_path / "other" / "net.py")
    assert mmfix.check(config).findings
    assert offered(config) == []


@pytest.mark.parametrize("late", [False, True])
def test_of_two_classes_of_one_name_none_is_changed(late: bool, tmp_path: Path) -> None:
    """A repository of several projects, each with a copy: which one the config means is not known."""
    config = freezing(tmp_path) if late else repository(tmp_path, "x = cp.checkpoint(self.a, x)")
    Path(config).write_text(Path(config).read_text().replace("imports=['net']", "imports=['other', 'net']"))
    (tmp_path / "other.py").write_text((tmp_path / "net.py").read_text())
    assert mmfix.check(config).findings
    assert offered(config) == offered(config, "freeze-before-wrap") == []


PART = """
import torch.utils.checkpoint as cp
from torch import nn
from mmengine.registry import MODELS


@MODELS.register_module()
class Part(nn.Module):
    def __init__(self, with_cp=False):
        super().__init__()
        self.c = nn.Conv2d(8, 8, 1)
        self.with_cp = with_cp

    def forward(self, x):
        return cp.checkpoint(self.c, x) if self.with_cp else self.c(x)
"""
TWIN = """
from torch import nn
from mmengine.registry import MODELS


@MODELS.register_module()
class Twin(nn.Conv2d):
    def __init__(self):
        super().__init__(8, 8, 1)
"""
TWINS = {
    "a config": ("tail=None", "MODELS.build(tail)", True),
    "code": ("", "MODELS.build(dict(type='Twin'))", False),
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("made_by", TWINS)
def test_two_classes_of_one_name_elsewhere_in_the_model(made_by: str, late: bool, tmp_path: Path) -> None:
    """They change nothing, if the config says where they are; what the code makes may be anywhere."""
    argument, made, is_offered = TWINS[made_by]
    config = freezing(tmp_path) if late else repository(tmp_path, "x = cp.checkpoint(self.a, x)")
    text = (tmp_path / "net.py").read_text().replace("deep=True", f"deep=True, {argument}")
    (tmp_path / "net.py").write_text(text.replace("self.deep = deep", f"self.deep, self.tail = deep, {made}"))
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(TWIN)
    said = Path(config).read_text().replace("imports=['net']", "imports=['one', 'two', 'net']")
    Path(config).write_text(
        said.replace("deep=True", "deep=True, tail=dict(type='Twin')" if argument else "deep=True")
    )
    name = "freeze-before-wrap" if late else "non-reentrant-in-code"
    assert offered(config, name) == ([("net.py", (20,))] if is_offered else [])


FOREIGN = {
    "somebody else's": ("other/net.py", "checkpoints, too, in other/net.py:15, which is not yours"),
    "not here": ("", "may checkpoint, too: its name says so, and no call was found"),
    "one of two": ("one/net.py two/net.py", "checkpoints, too, in one of several classes of that name"),
}


def add_part(config: str, part: str, *modules: str) -> None:
    """The model of a :func:`repository` gets one more part, of a class in one of some modules."""
    net = Path(config).parents[1] / "net.py"
    text = net.read_text().replace("deep=True", "deep=True, part=None")
    net.write_text(text.replace("self.deep = deep", "self.deep, self.part = deep, MODELS.build(part)"))
    said = Path(config).read_text().replace("deep=True", f"deep=True, part={part}")
    Path(config).write_text(said.replace("imports=['net']", f"imports={[*modules, 'net']}"))


def in_code(config: str) -> Remedy:
    """The cure in code that is offered."""
    (cure,) = {
        remedy
        for finding in mmfix.check(config).findings
        for remedy in finding.remedies
        if remedy.name == "non-reentrant-in-code"
    }
    return cure


@pytest.mark.parametrize("name", FOREIGN)
def test_a_call_that_is_not_changed_leaves_the_others_to_the_user(name: str, tmp_path: Path) -> None:
    """Half a cure cures nothing; why there is none is said, with what helps."""
    file, where = FOREIGN[name]
    config = repository(tmp_path, "x = self.part(cp.checkpoint(self.a, x))")
    for each in file.split():
        path = tmp_path / each
        path.parent.mkdir(parents=True)
        path.write_text(PART)
        if each.startswith("other"):
            (path.parent / ".git").mkdir()
    modules = [each[: -len(".py")].replace("/", ".") for each in file.split()]
    add_part(config, "dict(type='Part', with_cp=True)", *modules)
    cure = in_code(config)
    assert cure.code == ()
    told = f"model.part.with_cp {where}; switch it off, and mmfix changes the rest"
    assert told in cure.cost


FAIRSCALE = """
from fairscale.nn.checkpoint import checkpoint_wrapper
from torch import nn
from mmengine.registry import MODELS


@MODELS.register_module()
class Part(nn.Module):
    def __init__(self, with_cp=0):
        super().__init__()
        self.c = checkpoint_wrapper(nn.Conv2d(8, 8, 1)) if with_cp else nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.c(x)
"""


def test_fairscales_own_checkpoint_is_called_that_and_not_somebody_elses_code(tmp_path: Path) -> None:
    """It is always reentrant, whoever calls it."""
    config = repository(tmp_path, "x = self.part(cp.checkpoint(self.a, x))")
    (tmp_path / "part.py").write_text(FAIRSCALE)
    add_part(config, "dict(type='Part', with_cp=4)", "part")
    cost = in_code(config).cost
    assert "model.part.with_cp checkpoints, too, in part.py:11, with fairscale's own checkpoint, " in cost
    assert "which is always reentrant; switch it off, and mmfix changes the rest" in cost


def test_the_call_that_is_not_yours_is_the_one_that_is_named(tmp_path: Path) -> None:
    """Of a part that checkpoints here and elsewhere."""
    config = repository(tmp_path, "x = self.part(x)")
    (tmp_path / "other" / ".git").mkdir(parents=True)
    (tmp_path / "other" / "net.py").write_text(PART)
    (tmp_path / "part.py").write_text(
        "import torch.utils.checkpoint as cp\n"
        "from mmengine.registry import MODELS\n"
        "from other.net import Part\n\n\n"
        "@MODELS.register_module()\n"
        "class Mine(Part):\n"
        "    def forward(self, x):\n"
        "        return super().forward(cp.checkpoint(self.c, x) if self.with_cp else x)\n"
    )
    add_part(config, "dict(type='Mine', with_cp=True)", "part")
    cost = in_code(config).cost
    assert "model.part.with_cp checkpoints, too, in other/net.py:15, which is not yours" in cost


def test_without_a_project_file_the_parent_of_configs_is_the_repository(tmp_path: Path) -> None:
    config = repository(tmp_path, "x = cp.checkpoint(self.a, x)")
    (tmp_path / "pyproject.toml").unlink()
    assert offered(config) == [("net.py", (20,))]


@pytest.mark.parametrize("where", [IN_TRAIN, IN_INIT], ids=["train", "init_weights"])
def test_the_lines_that_freeze_late(where: Dict[str, str], tmp_path: Path) -> None:
    assert offered(freezing(tmp_path, where), "freeze-before-wrap") == [("net.py", (20,))]


def test_late_freezing_and_a_checkpoint_need_more_than_one_cure(tmp_path: Path) -> None:
    """Frozen early, a reentrant checkpoint still stops the run under find_unused_parameters=True."""
    config = freezing(tmp_path)
    text = (
        (tmp_path / "net.py")
        .read_text()
        .replace("self.head = ", "self.tail = nn.Conv2d(8, 8, 1)\n        self.head = ")
    )
    text = text.replace(
        "self.head(self.norm(self.stem(inputs)))",
        "cp.checkpoint(self.tail, self.head(self.norm(self.stem(inputs))))",
    )
    (tmp_path / "net.py").write_text(f"import torch.utils.checkpoint as cp\n{text}")
    assert offered(config, "freeze-before-wrap") == [("net.py", (22,))]  # find_unused_parameters is off
    assert offered(config) == []
    Path(config).write_text(
        Path(config).read_text().replace("find_unused_parameters = False", "find_unused_parameters = True")
    )
    assert offered(config, "freeze-before-wrap") == []
    assert offered(config) == [("net.py", (29,))]


def test_a_released_class_that_freezes_late_is_left_alone(tmp_path: Path) -> None:
    config = freezing(tmp_path)
    swin = "model = dict(type='MaskRCNN', backbone=dict(type='mmdet.SwinTransformer', frozen_stages=2))"
    Path(config).write_text(Path(config).read_text().replace("model = dict(type='Net', deep=True)", swin))
    assert {finding.code for finding in mmfix.check(config).findings} >= {"MMF103"}
    assert offered(config, "freeze-before-wrap") == []
