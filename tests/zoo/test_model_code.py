"""Promise: what is read from model source agrees with what real models did, on official configs.

The truth is in `bench/gradients.json`: `bench/gradients.py` built the models and looked at their gradients.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional, Sequence, Tuple

import pytest
from zoo_helpers import SHARDS

import mmfix
from mmfix.config.document import ConfigDocument
from mmfix.config.family import walk
from mmfix.config.reader import Reader
from mmfix.config.values import TreeDict
from mmfix.errors import ConfigError
from mmfix.findings import Finding
from mmfix.repository import state
from mmfix.rules import judge
from mmfix.rules.common import UNUSED
from mmfix.training import is_trainable, read
from mmfix.training.types import TrainingSetup

pytestmark = pytest.mark.zoo

#: Wheels whose configs are judged, and the package inside.
PACKAGES = {
    "mmdet-3.3.0": "mmdet",
    "mmsegmentation-1.2.2": "mmseg",
    "mmpretrain-1.2.0": "mmpretrain",
    "mmpose-1.3.2": "mmpose",
    "mmaction2-1.2.0": "mmaction",
    "mmagic-1.2.0": "mmagic",
}
#: Wheels that are only read.
SOURCES = ("mmengine-0.10.7", "mmcv-lite-2.1.0")
#: Confidences that count: what is only possible is a pattern.
SURE = ("proven", "certain", "likely")

TRUTH: Dict[str, Dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "bench" / "gradients.json").read_text(encoding="utf-8")
)

#: Configs that need the key and are not asked to have it back: the beginning of the name, and why.
NOT_SEEN = {
    "mmpretrain/swav/": "a hook freezes the parameter, and hooks are not read",
    "mmpose/wholebody_2d_keypoint/dwpose/": "student and teacher are paths to other configs, which the "
    "model opens when it is built",
    "mmaction/multimodal/vindlu/": "the encoders are classes of transformers, which are not read",
}
#: Likely findings on configs that ship without the key, and on configs that ship it without need.
FALSE_ALARMS = {
    f"mmagic/basicvsr_pp/basicvsr-pp_c64n7_4xb2-300k_vimeo90k-{kind}.py": "requires_grad is switched while "
    "step_counter < fix_iter; fix_iter is -1, so never, but the value of a buffer is not followed"
    for kind in ("bd", "bi")
}


def configs(folder: Path, name: str, shard: int = 0, shards: int = 1) -> Iterator[Tuple[str, ConfigDocument]]:
    """Trainable configs of an unpacked wheel, each with the name it has in `bench/gradients.json`."""
    package = PACKAGES[name]
    root = folder / package / ".mim" / "configs"
    reader = Reader()
    for path in list(walk(str(root)))[shard::shards]:
        try:
            document = reader.load(path)
        except ConfigError:
            continue
        if is_trainable(document) and not document.missing:
            yield f"{package}/{Path(path).relative_to(root).as_posix()}", document


def stripped(document: ConfigDocument) -> Optional[ConfigDocument]:
    """The config without what switches unused parameters or a static graph on; None where nothing does."""
    tree = TreeDict(document.tree)
    wrapper = tree.get("model_wrapper_cfg")
    wrapper = wrapper if isinstance(wrapper, dict) else {}
    keys = [key for key in ("find_unused_parameters", "static_graph") if wrapper.get(key)]
    if not keys and not tree.get("find_unused_parameters"):
        return None
    tree.pop("find_unused_parameters", None)
    if keys:
        tree["model_wrapper_cfg"] = {key: value for key, value in wrapper.items() if key not in keys}
    return replace(document, tree=tree)


def asks_for_it(findings: Sequence[Finding]) -> Optional[Finding]:
    """The surest finding that says DDP will stop for want of a gradient; None if there is none."""
    order = (*SURE, "possible")
    asking = [finding for finding in findings if UNUSED in finding.message]
    return min(asking, key=lambda finding: order.index(finding.confidence), default=None)


def judged(document: ConfigDocument) -> Tuple[TrainingSetup, Tuple[Finding, ...]]:
    """What `mmfix check` works with, and what it finds."""
    setup = read(document)
    return setup, judge(setup)


def needs_it(config: str) -> Optional[bool]:
    """Whether DDP stops without the key, as measured; None if that was not measured."""
    unused = TRUTH["ship_the_key"].get(config, {}).get("unused")
    return None if unused is None else unused > 0


@pytest.fixture
def everything(zoo: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """All packages side by side, as where they are installed."""
    for name in (*SOURCES, *PACKAGES):
        monkeypatch.syspath_prepend(str(zoo(name)))
    state.look_again()  # a walk is good for some seconds, and for one sys.path
    return zoo


@pytest.mark.parametrize(
    ("name", "need", "least"),
    [
        ("mmdet-3.3.0", 2, 2),
        ("mmpretrain-1.2.0", 12, 11),
        ("mmpose-1.3.2", 11, 4),
        ("mmaction2-1.2.0", 12, 10),
        ("mmagic-1.2.0", 9, 9),
    ],
)
def test_a_key_that_is_needed_is_asked_for(
    everything: Callable[[str], Path], name: str, need: int, least: int
) -> None:
    asked, missed, wrong = [], [], []
    for config, document in configs(everything(name), name):
        without = stripped(document)
        needed = None if without is None else needs_it(config)
        if without is None or needed is None:
            continue
        finding = asks_for_it(judged(without)[1])
        sure = finding is not None and finding.confidence in SURE
        if needed:
            (asked if sure else missed).append(config)
        elif sure:
            wrong.append(config)
    assert len(asked) + len(missed) == need
    assert [config for config in missed if not config.startswith(tuple(NOT_SEEN))] == []
    assert len(asked) >= least
    assert [config for config in wrong if config not in FALSE_ALARMS] == []


def test_measured_configs_are_all_there(everything: Callable[[str], Path]) -> None:
    shipping = {
        config
        for name in PACKAGES
        for config, document in configs(everything(name), name)
        if stripped(document) is not None
    }
    assert shipping == set(TRUTH["ship_the_key"])


#: Here a part of the configs; bench/model_code.py does all of them.
_ONE_IN = 6


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("name", ["mmdet-3.3.0", "mmsegmentation-1.2.2"])
def test_healthy_configs_stay_quiet(everything: Callable[[str], Path], name: str, shard: int) -> None:
    tried, wrong = 0, []
    for config, document in configs(everything(name), name, shard, SHARDS * _ONE_IN):
        if stripped(document) is None:
            tried += 1
            about_ddp = (finding for finding in judged(document)[1] if finding.code < "MMF2")
            wrong += [(config, finding) for finding in about_ddp if finding.confidence in SURE]
    assert tried >= 100 // _ONE_IN
    assert [entry for entry in wrong if entry[0] not in FALSE_ALARMS] == []


def test_false_alarms_are_rare() -> None:
    leaves = 790 + 681  # trainable configs of mmdet 3.3.0 and mmsegmentation 1.2.2
    assert sum(config not in TRUTH["ship_the_key"] for config in FALSE_ALARMS) <= 0.01 * leaves


def test_a_stock_detector_in_a_config_of_ones_own(
    zoo: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an installed package does with an empty batch is nobody's finding, wherever the config lies."""
    for name in ("mmdet-3.3.0", "mmcv-lite-2.1.0", "mmengine-0.10.7"):
        monkeypatch.syspath_prepend(str(zoo(name)))
    stock = zoo("mmdet-3.3.0") / "mmdet/.mim/configs/faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "configs").mkdir()
    config = tmp_path / "configs" / "mine.py"
    config.write_text(f"_base_ = {str(stock)!r}\n")
    (report,) = mmfix.check(str(config)).configs
    assert (report.findings, report.unread) == ((), "")
