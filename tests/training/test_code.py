"""What is read from model source, beside the tables of known classes."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import pytest

import mmfix
from mmfix.config.keypath import format_key
from mmfix.config.reader import Reader
from mmfix.rules.rule import MMCV1, MMENGINE
from mmfix.training import TrainingSetup, read
from mmfix.training.reading import code_reading

TRAINABLE = """
train_dataloader = dict(batch_size=2)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
"""
HEADER = """
import torch
import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel, BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class Detector(BaseModel):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = MODELS.build(backbone)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return dict(loss=self.head(self.backbone(inputs)).mean())


@MODELS.register_module()
class {name}(BaseModule):
"""
Repository = Callable[..., Path]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    def make(name: str, body: str, backbone: str, **files: str) -> Path:
        (tmp_path / "pyproject.toml").write_text("")
        (tmp_path / "configs").mkdir()
        code = HEADER.format(name=name) + textwrap.indent(textwrap.dedent(body), "    ")
        (tmp_path / "model_code.py").write_text(code)
        for file, text in files.items():
            (tmp_path / f"{file}.py").write_text(text)
        config = tmp_path / "configs" / "train.py"
        config.write_text(f"{TRAINABLE}model = dict(type='Detector', backbone=dict({backbone}))\n")
        return config

    return make


def setup_of(config: Path) -> TrainingSetup:
    return read(Reader().load(str(config)))


def facts(config: Path) -> Dict[str, str]:
    return {f"{fact.kind} {format_key(fact.key)}": fact.confidence for fact in setup_of(config).facts}


SIDE = """
def __init__(self, use_side_fusion=False):
    super().__init__()
    self.use_side_fusion = use_side_fusion
    self.stem = nn.Conv2d(3, 8, 1)
    self.side = nn.Conv2d(8, 8, 1)

def forward(self, x):
    x = self.stem(x)
    return self.side(x) if self.use_side_fusion else x
"""


def test_a_flag_that_switches_off_a_module_that_is_made(repository: Repository) -> None:
    config = repository("SideNet", SIDE, "type='SideNet', use_side_fusion=False")
    (fact,) = setup_of(config).facts
    assert (fact.kind, fact.confidence) == ("unused", "likely")
    assert format_key(fact.key) == "model.backbone.use_side_fusion"
    assert fact.why == ("SideNet makes backbone.side (Conv2d), which the training step does not use.")
    assert fact.evidence == ("model_code.py:27 makes backbone.side", "model_code.py:31 would use it")


def test_the_name_of_a_flag_counts_only_where_the_class_is_not_found(repository: Repository) -> None:
    assert facts(repository("SideNet", SIDE, "type='SideNet', use_side_fusion=True")) == {}


def test_without_the_source_the_name_of_the_flag_is_all(repository: Repository) -> None:
    config = repository("SideNet", SIDE, "type='NowhereNet', use_side_fusion=True")
    assert facts(config) == {"unused model.backbone.use_side_fusion": "possible"}


FOREIGN = """
def __init__(self, use_side_fusion=False):
    super().__init__()
    from package_that_is_not_here import Conv
    self.use_side_fusion = use_side_fusion
    self.stem, self.side = Conv(3, 8), Conv(8, 8)

def forward(self, x):
    x = self.stem(x)
    return self.side(x) if self.use_side_fusion else x
"""


def test_where_no_parameter_is_known_the_name_of_the_flag_counts(repository: Repository) -> None:
    config = repository("SideNet", FOREIGN, "type='SideNet', use_side_fusion=False")
    assert facts(config) == {"unused model.backbone.use_side_fusion": "possible"}


WRAPPED = """
def __init__(self, num_cp=-1):
    super().__init__()
    from fairscale.nn.checkpoint import checkpoint_wrapper
    self.layers = nn.ModuleList([nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1)])
    if num_cp > 0:
        for i in range(num_cp):
            self.layers[i] = checkpoint_wrapper(self.layers[i])

def forward(self, x):
    for layer in self.layers:
        x = layer(x)
    return x
"""


def test_a_fairscale_wrapper_is_switched_by_what_is_around_the_wrapping(repository: Repository) -> None:
    config = repository("OwnEncoder", WRAPPED, "type='OwnEncoder', num_cp=1")
    (site,) = setup_of(config).checkpoints
    assert (format_key(site.key), site.evidence) == ("model.backbone.num_cp", "model_code.py:29")
    assert (site.reentrant, site.guarded) == (True, False)


FREEZES = """
def __init__(self, frozen_stages=-1, with_cp=True):
    super().__init__()
    self.frozen_stages = frozen_stages
    self.stem = nn.Conv2d(3, 8, 1)
    self.layer1 = nn.Conv2d(8, 8, 1)
    self.with_cp = with_cp
    {early}

def _freeze_stages(self):
    if self.frozen_stages >= 0:
        for param in self.stem.parameters():
            param.requires_grad = False

def train(self, mode=True):
    super().train(mode)
    self._freeze_stages()

def forward(self, x):
    x = self.stem(x)
    if self.with_cp and x.requires_grad:
        return cp.checkpoint(self.layer1, x{options})
    return self.layer1(x)
"""


def test_a_copy_that_freezes_early_is_not_taken_for_the_original(repository: Repository) -> None:
    """The table says SwinTransformer freezes late; this one freezes in its constructor, too."""
    body = FREEZES.format(early="self._freeze_stages()", options="")
    config = repository("SwinTransformer", body, "type='SwinTransformer', frozen_stages=0, with_cp=False")
    assert facts(config) == {}


def test_late_freezing_of_an_unknown_class(repository: Repository) -> None:
    body = FREEZES.format(early="pass", options="")
    config = repository("OwnNet", body, "type='OwnNet', frozen_stages=0, with_cp=False")
    assert facts(config) == {"late-freeze model.backbone.frozen_stages": "likely"}


def test_a_threshold_that_is_not_reached(repository: Repository) -> None:
    body = FREEZES.format(early="pass", options="")
    assert facts(repository("OwnNet", body, "type='OwnNet', frozen_stages=-1, with_cp=False")) == {}


@pytest.mark.parametrize(
    ("options", "reentrant", "explicit"),
    [("", True, False), (", use_reentrant=True", True, True), (", use_reentrant=False", False, False)],
)
def test_a_checkpoint_that_is_on_by_default(
    repository: Repository, options: str, reentrant: bool, explicit: bool
) -> None:
    config = repository("OwnNet", FREEZES.format(early="pass", options=options), "type='OwnNet'")
    (site,) = setup_of(config).checkpoints
    assert format_key(site.key) == "model.backbone.with_cp"
    assert (site.in_config, site.known, site.reentrant, site.guarded) == (False, True, reentrant, True)
    assert site.explicit is explicit
    assert site.off is False
    assert site.evidence == "model_code.py:43"


@pytest.mark.parametrize(
    ("init", "key"),
    [
        ("def __init__(self, **kwargs):\n    super().__init__(**kwargs)", "model.backbone.with_cp"),
        (
            "def __init__(self, with_cp=True):\n    super().__init__(with_cp=with_cp)",
            "model.backbone.with_cp",
        ),
        (
            "def __init__(self, **kwargs):\n    args = dict(kwargs)\n    super().__init__(**args)",
            "model.backbone.with_cp",
        ),
        ("def __init__(self, **kwargs):\n    super().__init__(with_cp=True)", "model.backbone.type"),
        (
            "def __init__(self, **kwargs):\n    super().__init__(with_cp=True, **kwargs)",
            "model.backbone.type",
        ),
        ("def __init__(self):\n    super().__init__()", "model.backbone.type"),
    ],
)
def test_a_key_that_the_constructor_does_not_pass_on_switches_nothing(
    repository: Repository, init: str, key: str
) -> None:
    derived = "\n\n@MODELS.register_module()\nclass Derived(OwnNet):\n" + textwrap.indent(init, "    ") + "\n"
    config = repository("OwnNet", FREEZES.format(early="pass", options=""), "type='Derived'")
    source = config.parent.parent / "model_code.py"
    source.write_text(source.read_text() + derived)
    (site,) = setup_of(config).checkpoints
    assert format_key(site.key) == key
    assert (site.off is None) is (key == "model.backbone.type"), "nothing in the config switches it off"


GUESSED = """
def __init__(self, with_cp=True):
    super().__init__()
    self.with_cp = with_cp
    self.stem = nn.Conv2d(3, 8, 1)
    self.block = nn.Conv2d(8, 8, 1)

def forward(self, x):
    x = self.stem(x)
    if x.mean() > 0 and self.with_cp:
        {first}
    return cp.checkpoint(self.block, x) if self.with_cp else self.block(x)
"""


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("return cp.checkpoint(self.block, x * 2)", {}),
        ("x = cp.checkpoint(self.block, x)", {"reused model.backbone.with_cp": "possible"}),
        ("x = cp.checkpoint(self.block, x).detach() + x", {}),
    ],
)
def test_a_checkpoint_behind_a_condition(
    repository: Repository, first: str, expected: Dict[str, str]
) -> None:
    assert facts(repository("Guessed", GUESSED.format(first=first), "type='Guessed'")) == expected


POSITIVES = """
def __init__(self):
    super().__init__()
    self.stem = nn.Conv2d(3, 8, 1)
    self.extra = nn.Conv2d(8, 8, 1)

def forward(self, x):
    x = self.stem(x)
    boxes = self.boxes
    if boxes.size(0) == 0:
        return x
    return self.extra(x)

@property
def boxes(self):
    return torch.zeros(0, 4)
"""


@pytest.mark.parametrize("filters", [True, False])
def test_what_only_an_empty_batch_leaves_out(repository: Repository, filters: bool) -> None:
    config = repository("Positives", POSITIVES, "type='Positives'")
    dataset = f"dict(type='CocoDataset', filter_cfg=dict(filter_empty_gt={filters}))"
    config.write_text(config.read_text().replace("batch_size=2", f"batch_size=2, dataset={dataset}"))
    expected = {} if filters else {"unused model.backbone.type": "possible"}
    assert facts(config) == expected


def test_several_classes_of_one_name_are_only_possible(repository: Repository) -> None:
    code = HEADER.format(name="SideNet") + textwrap.indent(SIDE, "    ")
    config = repository("SideNet", SIDE, "type='SideNet', use_side_fusion=False", other_code=code)
    (fact,) = setup_of(config).facts
    assert fact.confidence == "possible"
    assert "several classes are registered as SideNet" in fact.evidence[-1]


def test_what_the_config_imports_decides_between_classes_of_one_name(repository: Repository) -> None:
    code = HEADER.format(name="SideNet") + textwrap.indent(SIDE, "    ")
    config = repository("SideNet", SIDE, "type='SideNet', use_side_fusion=False", other_code=code)
    text = config.read_text()
    for module in ("model_code", "other_code"):
        config.write_text(f"custom_imports = dict(imports=['{module}'])\n{text}")
        (fact,) = setup_of(config).facts
        assert fact.confidence == "likely"
        assert fact.evidence[0].startswith(module)


def test_data_decides(repository: Repository) -> None:
    body = SIDE.replace("if self.use_side_fusion else x", "if x.max() > 3 else x")
    config = repository("SideNet", body, "type='SideNet'")
    assert set(facts(config).values()) == {"possible"}
    (finding,) = mmfix.check(str(config)).findings
    assert [remedy.name for remedy in finding.remedies] == ["find-unused"]  # static graph must not vary


def test_a_script_that_handles_the_key_itself_leaves_everything_open(repository: Repository) -> None:
    config = repository("SideNet", SIDE, "type='SideNet'")
    tools = config.parent.parent / "tools"
    tools.mkdir()
    (tools / "train.py").write_text(
        "from mmengine.config import Config\nfrom mmengine.runner import Runner\n\n"
        "cfg = Config.fromfile('x.py')\ncfg.setdefault('find_unused_parameters', True)\n"
        "Runner.from_cfg(cfg).train()\n"
    )
    report = mmfix.check(str(config))
    # nor does that script import the model
    assert {(finding.code, finding.confidence) for finding in report.findings} == {
        ("MMF102", "possible"),
        ("MMF207", "likely"),
    }
    assert "tools/train.py:5" in report.configs[0].unknown[0]


def test_what_could_not_be_followed_is_said(repository: Repository) -> None:
    report = mmfix.check(str(repository("SideNet", SIDE, "type='NowhereNet'")))
    assert report.configs[0].unread == "no class registered as NowhereNet was found in source"
    assert "1 config: source followed in part (NowhereNet is not here)\n" in str(report)


CHILD = """
import torch.nn as nn
from mmengine.registry import MODELS
from elsewhere.models import {base}


@MODELS.register_module()
class ChildNet({base}):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", None)
        self.stem = nn.Conv2d(3, 8, 1)
        self.spare = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return {forward}
"""


def test_a_base_class_without_source_is_said(repository: Repository) -> None:
    """What the base does is not known, so nothing of the class can be called unused: and that is said."""
    code = CHILD.format(base="FarNet", forward="self.refine(self.stem(x))")
    config = repository("SideNet", SIDE, "type='ChildNet'", child=code)
    report = mmfix.check(str(config)).configs[0]
    assert report.findings == ()
    assert report.unread == "ChildNet: its base class elsewhere.models.FarNet was not found in source"


def test_the_methods_of_a_class_whose_base_has_no_source_are_read(repository: Repository) -> None:
    config = repository(
        "SideNet", SIDE, "type='ChildNet'", child=CHILD.format(base="F", forward="self.stem(x)")
    )
    (fact,) = setup_of(config).facts
    assert fact.confidence == "likely"
    assert "backbone.spare" in fact.why


WRAPPED_CLASS = """
def __init__(self):
    super().__init__()
    from {library} import {name}
    self.inner = {made}

def forward(self, x):
    return self.inner(x)
"""


@pytest.mark.parametrize(
    ("library", "name", "made", "said"),
    [
        ("elsewhere", "FarNet", "FarNet(3)", "elsewhere.FarNet"),
        (
            "transformers",
            "AutoModel",
            "AutoModel.from_pretrained('x')",
            "transformers.AutoModel.from_pretrained",
        ),
        ("elsewhere", "FarNet", "nn.ModuleList([FarNet(3)])[0]", "elsewhere.FarNet"),
        ("transformers", "AutoConfig", "AutoConfig.from_pretrained('x')", ""),
        ("numpy", "zeros", "zeros(3)", ""),
    ],
)
def test_a_part_of_a_package_that_is_not_here_is_said(
    repository: Repository, library: str, name: str, made: str, said: str
) -> None:
    body = WRAPPED_CLASS.format(library=library, name=name, made=made)
    unread = mmfix.check(str(repository("OwnNet", body, "type='OwnNet'"))).configs[0].unread
    assert unread == (f"{said}, which OwnNet uses, was not found in source" if said else "")


def test_a_syntax_error_in_the_model_is_named(repository: Repository) -> None:
    config = repository("SideNet", SIDE, "type='LateNet'", late="register_module\ndef (:\n")
    assert "late.py:2" in mmfix.check(str(config)).configs[0].unread


def test_nothing_is_imported(repository: Repository, tmp_path: Path) -> None:
    planted = f"open({str(tmp_path / 'imported')!r}, 'w').close()\n"
    config = repository("SideNet", SIDE, "type='SideNet'", planted=planted)
    code = tmp_path / "model_code.py"
    code.write_text(f"{planted}import planted\n{code.read_text()}")
    report = mmfix.check(str(config))
    assert [finding.code for finding in report.findings] == ["MMF102"]
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize(
    "source",
    [
        "def broken(:\n",
        "print 'python 2'\n",
        "x = '\0'\n",
        "class A(A): pass\n",
        "from model_code import *\n",
    ],
)
def test_bad_source_beside_the_model_harms_nobody(repository: Repository, source: str) -> None:
    config = repository("SideNet", SIDE, "type='SideNet'", aside=source + "# register_module\n")
    code = config.parent.parent / "model_code.py"
    code.write_text(code.read_text().replace("import torch\n", "import torch\nfrom aside import *\n", 1))
    assert facts(config) == {"unused model.backbone.use_side_fusion": "likely"}


@pytest.mark.parametrize(
    ("base", "registry", "followed"), [(MMCV1, True, False), (MMCV1, False, True), (MMENGINE, True, True)]
)
def test_source_of_another_era_is_not_followed(
    base: str, registry: bool, followed: bool, tmp_path: Path
) -> None:
    """An mmcv 1.x config beside mmdet 3: what its classes do there is not what this config trains."""
    package = tmp_path / "mmdet"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "version.py").touch()
    if registry:
        (package / "registry.py").touch()
    (package / "net.py").write_text(
        "import torch.nn as nn\n"
        "from mmengine.registry import MODELS\n"
        "@MODELS.register_module()\n"
        "class OddNet(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.late = nn.Linear(2, 2)\n"
        "        self.head = nn.Linear(2, 2)\n"
        "    def forward(self, inputs, data_samples=None, mode='loss'):\n"
        "        return dict(loss=self.head(inputs).sum())\n"
        "    def forward_train(self, img, **kwargs):\n"
        "        return dict(loss=self.head(img).sum())\n"
    )
    (tmp_path / "setup.py").touch()
    config = tmp_path / "configs" / "a.py"
    config.parent.mkdir()
    config.write_text(base + "model = dict(type='OddNet')\n")

    setup = read(Reader().load(str(config)))

    assert ("another era" in setup.unread) is not followed
    assert bool(setup.facts_of("unused")) is followed


MMCV_NAMES = """
def __init__(self, kind="plain"):
    super().__init__()
    import mmfix_names
    if mmfix_names.is_str(kind):
        self.stem = nn.Conv2d(3, 8, 1)
    self.spare = nn.Conv2d(8, 8, 1)
    self.forward_stem = mmfix_names.jit(self._stem)

def _stem(self, x):
    return self.stem(x)

def forward(self, x):
    return self.forward_stem(x)
"""


def test_names_that_a_package_has_from_a_submodule_by_a_star(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``mmcv.is_str`` is ``from .utils import *``, and ``mmcv.utils`` is known by heart, not read."""
    config = repository("OwnNet", MMCV_NAMES.replace("mmfix_names", "mmcv"), "type='OwnNet'")
    package = config.parent.parent / "site" / "mmcv"
    (package / "utils").mkdir(parents=True)
    (package / "__init__.py").write_text("from .utils import *\n")
    (package / "utils" / "__init__.py").write_text(
        "from .misc import is_str, jit\n__all__ = ['is_str', 'jit']\n"
    )
    (package / "utils" / "misc.py").write_text("def is_str(x): return 1\n\ndef jit(func=None): return func\n")
    monkeypatch.syspath_prepend(str(package.parent))
    report = mmfix.check(str(config)).configs[0]
    assert [(item.code, item.confidence) for item in report.findings] == [("MMF102", "likely")]
    assert "backbone.spare" in report.findings[0].message
    assert report.unread == ""


RELEASED = """
import torch.nn as nn
from mmengine.model import BaseModule
from mmengine.registry import MODELS


@MODELS.register_module()
class ToyHead(BaseModule):
    def __init__(self):
        super().__init__()
        self.cls = nn.Conv2d(8, 2, 1){extra}

    def forward(self, x):
        return self.cls(x)

    def loss(self, x):
        score = self(x)
        losses = dict()
        if (x > 0).any():
            losses["loss_cls"] = score.mean()
        return losses
"""
FORKED = """
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from {package}.models.head import ToyHead


@MODELS.register_module()
class OwnHead(ToyHead):
    def __init__(self):
        super().__init__()
        self.extra = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        {forward}


@MODELS.register_module()
class OwnDetector(BaseModel):
    def __init__(self, head):
        super().__init__()
        self.head = MODELS.build(head)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        return self.head.loss(inputs)
"""
ALWAYS, MAYBE = (
    "return self.cls(self.extra(x))",
    "return self.cls(self.extra(x) if x.sum() > 0.5 else x)",
)


@pytest.fixture(params=["installed", "carried"])
def forked(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """A head of one's own over one of a released package, which is installed or lies in the repository."""
    from mmfix.repository import carried

    table = {"mmtoy": {"models/head.py": "ToyHead.cls", "models/neck.py": "ToyNeck"}}
    monkeypatch.setattr(carried, "_released", lambda: table)
    for cached in (carried._names, carried._recognise):
        cached.cache_clear()

    def make(forward: str, kind: str = "OwnHead", extra: str = "") -> Path:
        repository = tmp_path / "repo"
        if request.param == "installed":
            package = tmp_path / "site" / "mmtoy"
            monkeypatch.syspath_prepend(str(package.parent))
        else:
            package = repository / "toy_of_old"
        for name, text in (
            ("__init__", ""),
            ("version", "__version__ = '2.25.3'\n"),
            ("models/__init__", ""),
            ("models/head", RELEASED.format(extra=extra and f"\n        {extra}")),
            ("models/neck", "class ToyNeck: pass\n"),
        ):
            path = package / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (repository / "configs").mkdir(parents=True)
        (repository / "setup.py").touch()
        (repository / "own.py").write_text(FORKED.format(package=package.name, forward=forward))
        config = repository / "configs" / "a.py"
        config.write_text(f"{TRAINABLE}model = dict(type='OwnDetector', head=dict(type='{kind}'))\n")
        return config

    yield make
    for cached in (carried._names, carried._recognise):
        cached.cache_clear()


def test_what_a_released_loss_does_about_an_empty_batch_is_not_told_of_a_head_over_it(
    forked: Callable[..., Path], request: pytest.FixtureRequest
) -> None:
    assert facts(forked(ALWAYS)) == {}


def test_the_released_head_itself(forked: Callable[..., Path]) -> None:
    assert facts(forked(ALWAYS, "ToyHead")) == {}


def test_what_the_own_head_makes_uncertain_is_told(forked: Callable[..., Path]) -> None:
    (fact,) = setup_of(forked(MAYBE)).facts
    assert (fact.kind, fact.confidence) == ("unused", "possible")


def test_the_repository_carries_a_package_is_said_once(tmp_path: Path, forked: Callable[..., Path]) -> None:
    config = forked(ALWAYS)
    (config.parent / "b.py").write_text(config.read_text())
    text = str(mmfix.check(str(config.parent)))
    carried = (tmp_path / "repo" / "toy_of_old").is_dir()
    assert text.count("this repository carries mmtoy 2.25.3 in") == int(carried)
    assert carried is ("toy_of_old/\n" in text)


def test_a_part_that_the_fork_added_to_a_released_class_is_its_own(
    forked: Callable[..., Path], tmp_path: Path
) -> None:
    config = forked(ALWAYS, "ToyHead", extra="self.added = nn.Conv2d(8, 2, 1)")
    head = tmp_path / "repo" / "toy_of_old" / "models" / "head.py"
    if not head.is_file():
        pytest.skip("nobody adds to an installed package")
    text = head.read_text().replace("losses = dict()", "losses = dict(loss_all=score.mean())")
    head.write_text(text.replace("= score.mean()", "= self.added(x).mean()"))
    (fact,) = setup_of(config).facts
    assert "head.added" in fact.why


def test_a_part_that_may_not_be_there_is_not_called_followed(tmp_path: Path) -> None:
    """Whether it trains is not known, so the account says that it cannot be told."""
    source = """
import os
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class MaybeNet(BaseModel):
    def __init__(self):
        super().__init__()
        if os.environ.get('WIDE'):
            self.part = nn.Linear(3, 3)
        else:
            self.part = nn.Linear(3, 4)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return dict(loss=self.part(inputs).sum())
"""
    (tmp_path / ".git").mkdir()
    (tmp_path / "maybe.py").write_text(source)
    config = tmp_path / "a.py"
    config.write_text(f"{TRAINABLE}model = dict(type='MaybeNet')\n")
    code = code_reading(mmfix.load(str(config)), "mmengine", "Runner")
    assert code is not None
    assert [built.waited_for for built in code.reading.built] == [0]
    assert code.tells_nothing
    assert code.untold == ("MaybeNet",)
