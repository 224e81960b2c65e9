"""How training scripts get their DDP arguments, modelled on public repositories."""

# ruff: noqa: E501 - a row of the table is a script

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from mmfix.scripts import functions, read_training_script
from mmfix.scripts.types import TrainingScript

FUP = ("find_unused_parameters",)


def write(root: Path, **files: str) -> None:
    """Files by path, ``/`` written as ``__`` and without ``.py``: ``tools__train``; ``INIT``: ``__init__``."""
    for name, text in files.items():
        path = root / (name.replace("__", "/").replace("INIT", "__init__") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")


def script_of(root: Path, **files: str) -> Optional[TrainingScript]:
    write(root, **files)
    return read_training_script([str(root)])


def function(body: str, parameters: str = "model, cfg, distributed=False") -> str:
    return f"def train_model({parameters}):\n" + textwrap.indent(textwrap.dedent(body), "    ")


CALL = "model = MMDistributedDataParallel(model.cuda(), find_unused_parameters={})\n"
VARIABLE = CALL.format("fup")


GET_TRUE = CALL.format("cfg.get('find_unused_parameters', True)")
MANDATORY = CALL.format("cfg.find_unused_parameters")


@pytest.mark.parametrize(
    ("body", "key", "default"),
    [
        ("fup = cfg.get('find_unused_parameters', False)\n" + VARIABLE, FUP, False),
        ("fup = cfg.get('find_unused_parameters', True)\n" + VARIABLE, FUP, True),
        ("fup = cfg.get('find_unused_parameters')\n" + VARIABLE, FUP, False),
        (CALL.format("cfg.get('find_unused_parameters', default=True)"), FUP, True),
        (CALL.format("True"), None, True),
        (CALL.format("False"), None, False),
        ("model = MMDistributedDataParallel(model.cuda())\n", None, False),
        (MANDATORY, FUP, None),
        (CALL.format("cfg['find_unused_parameters']"), FUP, None),
        (CALL.format("getattr(cfg, 'find_unused_parameters', True)"), FUP, True),
        (CALL.format("bool(cfg.get('find_unused_parameters', True))"), FUP, True),
        (CALL.format("cfg.train.get('fup', True)"), ("train", "fup"), True),
        (CALL.format("cfg.get('train', {}).get('fup', True)"), ("train", "fup"), True),
        (CALL.format("cfg.find_unused_parameters if 'find_unused_parameters' in cfg else True"), FUP, True),
        (CALL.format("'find_unused_parameters' in cfg and cfg.find_unused_parameters"), FUP, False),
        (CALL.format("True if cfg.get('find_unused_parameters') else False"), FUP, False),
        (CALL.format("cfg.get('find_unused_parameters') or False"), FUP, False),
        ("fup = False\nif cfg.get('find_unused_parameters'):\n    fup = True\n" + VARIABLE, FUP, False),
        ("fup = True\nif hasattr(cfg, 'find_unused_parameters'):\n    fup = cfg.find_unused_parameters\n" + VARIABLE,
         FUP, True),
        # only the distributed branch counts
        ("fup = False\nif distributed:\n    fup = cfg.get('find_unused_parameters', True)\n" + VARIABLE, FUP, True),
        ("if not distributed:\n    fup = 1\nelse:\n    fup = cfg.get('find_unused_parameters')\n" + VARIABLE,
         FUP, False),
        # the script writes the key itself
        ("cfg.find_unused_parameters = True\n" + CALL.format("cfg.get('find_unused_parameters', False)"), None, True),
        ("cfg.setdefault('find_unused_parameters', True)\n" + MANDATORY, FUP, True),
        ("if cfg.get('find_unused_parameters') is None:\n    cfg.find_unused_parameters = True\n"
         + MANDATORY, FUP, True),
        # keyword tables
        ("words = dict(find_unused_parameters=cfg.get('find_unused_parameters', True))\n"
         "model = MMDistributedDataParallel(model, **words)\n", FUP, True),
        ("words = {}\nwords['find_unused_parameters'] = True\nmodel = MMDistributedDataParallel(model, **words)\n",
         None, True),
        ("words = dict(device_ids=[0])\nwords.update(find_unused_parameters=True)\n"
         "model = MMDistributedDataParallel(model, **words)\n", None, True),
        ("words = {}\nif cfg.get('find_unused_parameters'):\n    words['find_unused_parameters'] = True\n"
         "model = MMDistributedDataParallel(model, **words)\n", FUP, False),
        # a config that went through a function, and a part of it
        ("cfg = compat_cfg(cfg)\n" + GET_TRUE, FUP, True),
        ("train = cfg.train_settings\n" + CALL.format("train.get('fup', False)"), ("train_settings", "fup"), False),
        # two copies that agree
        ("if cfg.get('adversarial'):\n    " + GET_TRUE
         + "else:\n    " + GET_TRUE, FUP, True),
        ("try:\n    fup = cfg.find_unused_parameters\nexcept AttributeError:\n    raise\n" + VARIABLE, FUP, None),
    ],
)  # fmt: skip
def test_what_reaches_the_wrapper(tmp_path: Path, body: str, key: Any, default: Any) -> None:
    script = script_of(tmp_path, pkg__apis__train=function(body))
    assert script is not None
    assert script.problems == ()
    assert script.find_unused is not None
    assert (script.find_unused.key, script.find_unused.default) == (key, default)
    assert script.find_unused.negated is False
    assert (script.wrapper, script.runner, script.static_graph) == ("MMDistributedDataParallel", None, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "if cfg.get('a'):\n    fup = True\nelse:\n    fup = cfg.get('b')\n" + VARIABLE,
            "depends on a condition",
        ),
        (
            "if os.environ.get('A'):\n    fup = True\nelse:\n    fup = False\n" + VARIABLE,
            "depends on a condition",
        ),
        (CALL.format("args.find_unused_parameters"), "command line"),
        (CALL.format("detect(model)"), "comes out of detect()"),
        ("model = MMDistributedDataParallel(model, **words)\n", "**kwargs"),
        ("words = {}\nwords[name] = True\nmodel = MMDistributedDataParallel(model, **words)\n", "**kwargs"),
        (
            "if cfg.get('a'):\n    " + CALL.format("True") + "else:\n    " + CALL.format("cfg.get('b')"),
            "condition",
        ),
        (CALL.format("True") + CALL.format("False"), "several places wrap the model"),
        ("for fup in cfg.values():\n    pass\n" + VARIABLE, "fup is not followed"),
        ("try:\n    fup = True\nexcept KeyError:\n    fup = False\n" + VARIABLE, "depends on a condition"),
    ],
)
def test_what_cannot_be_told_is_a_problem(tmp_path: Path, body: str, reason: str) -> None:
    script = script_of(tmp_path, pkg__apis__train=function(body))
    assert script is not None
    assert script.find_unused is None
    (problem,) = script.problems
    assert reason in problem.reason
    assert problem.place is not None


MAIN = """
    from {package} import {name}

    def main():
        cfg = Config.fromfile(args.config)
        if args.launcher == 'none':
            distributed = False
        else:
            distributed = True
        model = build_model(cfg.model)
        {name}(model, datasets, cfg, distributed=distributed)

    if __name__ == '__main__':
        main()
"""
DETECTOR = """
    from mmcv.parallel import MMDistributedDataParallel

    def {name}(model, dataset, cfg, distributed=False):
        # put model on gpus
        if distributed:
            find_unused_parameters = cfg.get('find_unused_parameters', {default})
            model = MMDistributedDataParallel(
                model.cuda(),
                broadcast_buffers=False,
                find_unused_parameters=find_unused_parameters)
        else:
            model = MMDataParallel(model)
"""


def main(package: str, name: str = "train_model") -> str:
    return MAIN.format(package=package, name=name)


def detector(default: object, name: str = "train_model") -> str:
    return DETECTOR.format(default=default, name=name)


def test_voxformer_the_plugin_behind_a_dispatcher(tmp_path: Path) -> None:
    dispatcher = """
        from .mmdet_train import custom_train_detector
        from mmseg.apis import train_segmentor

        def custom_train_model(model, dataset, cfg, distributed=False):
            if cfg.model.type in ['EncoderDecoder3D']:
                assert False
            else:
                custom_train_detector(model, dataset, cfg, distributed=distributed)
    """
    entry = """
        def main():
            cfg = Config.fromfile(args.config)
            if cfg.plugin:
                from projects.plugin.voxformer.apis.train import custom_train_model
            custom_train_model(model, datasets, cfg, distributed=distributed)

        if __name__ == '__main__':
            main()
    """
    script = script_of(
        tmp_path,
        tools__train=entry,
        projects__plugin__voxformer__apis__train=dispatcher,
        projects__plugin__voxformer__apis__mmdet_train=detector(True, "custom_train_detector"),
        # not reached: an older copy
        projects__other__apis__mmdet_train=detector(False, "custom_train_detector"),
    )
    assert script is not None
    assert script.find_unused is not None
    assert (script.find_unused.key, script.find_unused.default) == (FUP, True)
    assert script.where(script.find_unused.place) == "projects/plugin/voxformer/apis/mmdet_train.py:7"
    assert script.problems == ()


@pytest.mark.parametrize("default", [True, False])
def test_pose_forks_with_a_package_of_their_own(tmp_path: Path, default: bool) -> None:
    script = script_of(
        tmp_path,
        tools__train=main("mmpose.apis"),
        mmpose__apis__INIT="from .test import single_gpu_test\nfrom .train import *\n",
        mmpose__apis__train=detector(default),
    )
    assert script is not None
    assert script.find_unused is not None
    assert script.find_unused.default is default
    assert script.wrapper == "MMDistributedDataParallel"


def test_two_train_functions_of_which_one_is_called(tmp_path: Path) -> None:
    both = textwrap.dedent(detector(True, "train_segmentor")) + textwrap.dedent(
        detector(False, "train_detector")
    )
    files = {"mmdet3d__apis__train": both, "mmdet3d__apis__INIT": "from .train import train_detector\n"}
    script = script_of(tmp_path / "a", tools__train=main("mmdet3d.apis", "train_detector"), **files)
    assert script is not None
    assert script.find_unused is not None
    assert script.find_unused.default is False
    # without a script that calls one, they disagree
    script = script_of(tmp_path / "b", **files)
    assert script is not None
    assert script.find_unused is None
    assert "they differ" in script.problems[0].reason


def test_the_library_decides_when_the_repository_has_no_train_function(tmp_path: Path) -> None:
    """CMT, PETR: ``from mmdet3d.apis import train_model`` of the installed mmdet3d."""
    script = script_of(
        tmp_path, tools__train=main("mmdet3d.apis"), projects__plugin__apis__mmdet_train=detector(True)
    )
    assert script == TrainingScript(str(tmp_path))


def test_a_checkout_inside_the_repository(tmp_path: Path) -> None:
    script = script_of(
        tmp_path, tools__train=main("mmdet3d.apis.train"), mmdetection3d__mmdet3d__apis__train=detector(True)
    )
    assert script is not None
    assert script.find_unused is not None
    assert script.find_unused.default is True


def test_a_helper_of_the_repository(tmp_path: Path) -> None:
    helper = """
        from torch.nn.parallel import DistributedDataParallel

        def create_ddp_model(model, *, fp16_compression=False, **kwargs):
            if comm.get_world_size() == 1:
                return model
            if 'device_ids' not in kwargs:
                kwargs['device_ids'] = [0]
            return DistributedDataParallel(model, **kwargs)
    """
    trainer = """
        from .defaults import create_ddp_model

        class Trainer:
            def build_model(self):
                model = build_model(self.cfg.model)
                return create_ddp_model(
                    model.cuda(), broadcast_buffers=False,
                    find_unused_parameters=self.cfg.find_unused_parameters)
    """
    entry = (
        "from pkg.engines.train import TRAINERS\nTRAINERS.build(dict(type=cfg.train.type, cfg=cfg)).train()\n"
    )
    script = script_of(
        tmp_path, tools__train=entry, pkg__engines__defaults=helper, pkg__engines__train=trainer
    )
    assert script is not None
    assert script.find_unused is not None
    assert (script.find_unused.key, script.find_unused.default) == (FUP, None)
    assert script.wrapper == "DistributedDataParallel"
    assert script.problems == ()


def test_opentad_static_graph_from_the_config(tmp_path: Path) -> None:
    script = script_of(
        tmp_path,
        tools__train="""
            from torch.nn.parallel import DistributedDataParallel

            def main():
                cfg = Config.fromfile(args.config)
                use_static_graph = getattr(cfg.solver, 'static_graph', False)
                model = DistributedDataParallel(
                    model,
                    find_unused_parameters=False if use_static_graph else True,
                    static_graph=use_static_graph)

            if __name__ == '__main__':
                main()
        """,
    )
    assert script is not None
    assert script.find_unused is not None
    assert script.static_graph is not None
    assert (script.find_unused.key, script.find_unused.default) == (("solver", "static_graph"), True)
    assert script.find_unused.negated
    assert script.find_unused.value(True) is False
    assert (script.static_graph.key, script.static_graph.default) == (("solver", "static_graph"), False)
    assert script.static_graph.value(1) is True
    assert script.wrapper == "DistributedDataParallel"


RUNNER = """
    from mmengine.runner import Runner
    from mmengine.registry import RUNNERS

    def main():
        cfg = Config.fromfile(args.config)
        if 'runner_type' not in cfg:
            runner = Runner.from_cfg(cfg)
        else:
            runner = RUNNERS.build(cfg)
        {more}
        runner.train()

    if __name__ == '__main__':
        main()
"""


@pytest.mark.parametrize(
    ("more", "static"),
    [
        ("", None),
        ("runner.model._set_static_graph()", (None, True)),
        (
            "if cfg.get('use_static_graph', False): runner.model._set_static_graph()",
            (("use_static_graph",), False),
        ),
    ],
)
def test_mmengine(tmp_path: Path, more: str, static: Any) -> None:
    script = script_of(tmp_path, tools__train=RUNNER.format(more=more))
    assert script is not None
    assert (script.runner, script.find_unused, script.problems) == ("mmengine", None, ())
    found = script.static_graph
    assert (found and (found.key, found.default)) == static


def test_static_graph_on_the_command_line_is_a_problem(tmp_path: Path) -> None:
    script = script_of(
        tmp_path, tools__train=RUNNER.format(more="if args.static: runner.model._set_static_graph()")
    )
    assert script is not None
    assert script.static_graph is None
    assert "condition that mmfix does not follow" in script.problems[0].reason


def test_released_train_functions(zoo: Any) -> None:
    for name, package in (("mmdet-2.28.2", "mmdet"), ("mmsegmentation-0.30.0", "mmseg")):
        script = read_training_script([str(zoo(name))])
        assert script is not None
        assert script.find_unused is not None
        assert (script.find_unused.key, script.find_unused.default) == (FUP, False)
        assert script.where(script.find_unused.place).startswith(f"{package}/apis/train.py:")
        assert script.wrapper == "MMDistributedDataParallel"
        assert script.problems == ()
    # what is installed with a package is no script of the user's repository
    assert read_training_script([str(zoo("mmdet-3.3.0") / "mmdet" / ".mim")]) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def main(:\n", "syntax error"),
        ("print 'python 2'\n", "is Python 2 code"),
        ("x = " + "(" * 5000 + ")" * 5000 + "\n", ""),
        ("x = 1\0\n", ""),
        ("# " + "x" * 1_000_001 + "\n", "larger than"),
    ],
    ids=["syntax", "python 2", "nested", "null", "large"],
)
def test_a_script_that_cannot_be_read(tmp_path: Path, text: str, reason: str) -> None:
    script = script_of(tmp_path, tools__train=text, pkg__apis__train=detector(True))
    assert script is not None
    assert script.find_unused is None
    (problem,) = script.problems
    assert problem.place is not None
    assert reason in problem.reason


def test_no_script(tmp_path: Path) -> None:
    assert read_training_script([]) is None
    assert read_training_script([str(tmp_path), str(tmp_path / "missing")]) is None
    (tmp_path / "tools" / "train").mkdir(parents=True)
    assert script_of(tmp_path, pkg__apis__test="model = MMDistributedDataParallel(model)\n") is None


def test_the_root_that_holds_the_config_comes_first(tmp_path: Path) -> None:
    write(tmp_path / "a", pkg__apis__train=detector(False))
    write(tmp_path / "b", pkg__apis__train=detector(True))
    roots = [str(tmp_path / "a"), str(tmp_path / "b")]
    script = read_training_script(roots, str(tmp_path / "b" / "configs" / "x.py"))
    assert script is not None
    assert script.root == roots[1]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_no_permission(tmp_path: Path) -> None:
    write(tmp_path, tools__train=detector(True))
    (tmp_path / "tools" / "train.py").chmod(0)
    script = read_training_script([str(tmp_path)])
    assert script is not None
    assert "cannot be read" in script.problems[0].reason


def test_nothing_is_imported_and_circles_end(tmp_path: Path) -> None:
    planted = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    script = script_of(
        tmp_path,
        tools__train=planted + "from pkg.train_a import train_a\ntrain_a(cfg)\n",
        pkg__INIT=planted,
        pkg__train_a="from .train_b import train_b\ndef train_a(cfg):\n    train_b(cfg)\n",
        pkg__train_b="from .train_a import train_a\ndef train_b(cfg):\n    train_a(cfg)\n    "
        "DistributedDataParallel(m, find_unused_parameters=cfg.get('find_unused_parameters', True))\n",
        pkg__star="from .star import *\nfrom pkg.star import *\n",
    )
    assert script is not None
    assert script.find_unused is not None
    assert script.find_unused.default is True
    assert not (tmp_path / "ran").exists()


def test_work_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doubling = "".join(
        f"def train_{n}(cfg):\n    train_{n + 1}(cfg)\n    train_{n + 1}(cfg)\n" for n in range(40)
    )
    script = script_of(tmp_path / "calls", tools__train=doubling * 20 + "x = 1\n" * 20_000 + "train_0(cfg)\n")
    assert script is not None
    assert "longer than mmfix follows" in script.problems[0].reason
    monkeypatch.setattr(functions, "BOUNDS", functions.BOUNDS._replace(files=3))
    chain: Dict[str, str] = {f"train_{n}": f"from train_{n + 1} import *\n" for n in range(5)}
    script = script_of(
        tmp_path / "files", tools__train="from train_0 import train_x\ntrain_x(cfg)\n", **chain
    )
    assert script is not None
    assert "more than 3 files" in script.problems[0].reason


HOOK = """
class Fp16OptimizerHook(OptimizerHook):
    def after_train_iter(self, runner):
        allreduce_grads(weights)

class DistOptimizerHook(OptimizerHook):
    def after_train_iter(self, runner):
        {}
"""


@pytest.mark.parametrize(
    ("step", "wrapper", "more", "line"),
    [
        ("allreduce_grads(runner.model)", "MMDistributedDataParallel", "", 8),
        ("torch.distributed.all_reduce(flat)", "MMDistributedDataParallel", "", 8),
        # mmdet 1.2: the hooks are still there, and only that for half precision averages
        ("runner.optimizer.step()", "MMDistributedDataParallel", "", None),
        # torch's own wrapper has a reducer, whatever a hook does besides; so has what takes its arguments
        ("allreduce_grads(runner.model)", "DistributedDataParallel", "", None),
        (
            "allreduce_grads(runner.model)",
            "MMDistributedDataParallel",
            ", find_unused_parameters=cfg.get('find_unused_parameters', False)",
            None,
        ),
    ],
)
def test_a_hook_that_averages_the_gradients_where_the_wrapper_has_no_reducer(
    tmp_path, step, wrapper, more, line
):
    script = script_of(
        tmp_path,
        pkg__apis__train=(
            "from pkg.core import DistOptimizerHook, Fp16OptimizerHook\n"
            + function(
                f"model = {wrapper}(model.cuda(){more})\nhook = Fp16OptimizerHook(**cfg.fp16)\n"
                "hook = DistOptimizerHook(**cfg.optimizer_config)\n"
            )
        ),
        pkg__INIT="",
        pkg__apis__INIT="from .train import train_model\n",
        pkg__core__INIT="from .utils import *\n",
        pkg__core__utils__INIT="from .dist import DistOptimizerHook, Fp16OptimizerHook\n",
        pkg__core__utils__dist=HOOK.format(step),
        tools__train="from pkg.apis import train_model\ntrain_model(model, cfg, distributed=True)\n",
    )
    assert script is not None
    found = script.averages
    place = None if found is None else (os.path.basename(found.path), found.line)
    assert (script.wrapper, place) == (wrapper, line and ("dist.py", line))
