"""The labels of the planted model files are true: measured with torch, by gradient and under DDP."""

from __future__ import annotations

import copy
import importlib
import logging
import random
from collections import Counter
from types import SimpleNamespace
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, Set

import pytest
from planted.cases import CASES, FOLDER, Case, marks
from planted_reading import reading_of

from mmfix.model.types import NEVER, SOMETIMES

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]

POSITIVES = (1, 1, 1, 1, 1, 1, 0, 1, 1)  # objects in each image, step by step; one batch has none
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """One thread, for tensors this small; without the page that ``init_weights()`` logs for each model."""
    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def build(case: Case) -> Any:
    """The model of ``case``, as the framework of its era builds it."""
    importlib.import_module(f"planted.{case.file}")
    if case.era == "mmcv1":
        registry = importlib.import_module("planted.mmcv1_base").DETECTORS
    else:
        registry = importlib.import_module("mmengine.registry").MODELS
    random.seed(0)
    torch.manual_seed(0)
    return registry.build(copy.deepcopy(case.model))


def batch(case: Case, step: int, positives: int) -> Dict[str, Any]:
    """What the dataloader of that era gives: two images of 8 x 8 pixels."""
    structures = importlib.import_module("mmengine.structures")
    images = torch.randn(2, 3, 8, 8)
    labels = torch.tensor([step % 3] * positives, dtype=torch.long)
    if case.era == "mmcv1":
        masks = {"gt_masks": torch.zeros(2, 1, 8, 8)} if case.masks else {}
        return {"img": images, "img_metas": [{}, {}], "gt_bboxes": [], "gt_labels": labels, **masks}
    sample = structures.BaseDataElement()
    sample.gt_instances = structures.InstanceData(labels=labels, bboxes=torch.zeros(positives, 4))
    if case.views:
        return {
            "inputs": dict.fromkeys(case.views, images),
            "data_samples": {view: [sample, sample] for view in case.views},
        }
    return {"inputs": images, "data_samples": [sample, sample]}


def total_loss(case: Case, model: Any, data: Dict[str, Any]) -> Any:
    """The loss of one training step, by the code of the framework."""
    if case.era == "mmcv1":
        return model.train_step(data, None)["loss"]
    data = model.data_preprocessor(data, True)
    return model.parse_losses(model._run_forward(data, mode="loss"))[0]


def names_of(model: Any) -> Dict[str, Any]:
    """Every dotted parameter name, also the second name of a shared one."""
    return dict(model.named_parameters(remove_duplicate=False))


def largest(model: Any, labels: Dict[str, str], wanted: str) -> Set[str]:
    """The largest subtrees whose labelled parameters all have the label ``wanted``."""
    found: Set[str] = set()

    def walk(prefix: str, module: Any) -> None:
        inside = [labels[name] for name in names if name.startswith(f"{prefix}.")]
        if prefix and inside and all(label == wanted for label in inside):
            found.add(prefix)
            return
        for name, _ in module.named_parameters(recurse=False):
            path = f"{prefix}.{name}" if prefix else name
            if labels.get(path) == wanted:
                found.add(path)
        for name, child in module.named_children():
            walk(f"{prefix}.{name}" if prefix else name, child)

    names = list(labels)
    walk("", model)
    return found


def tensors_in(value: Any) -> Iterator[Any]:
    """The tensors in what a module gives."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from tensors_in(item)


class Steps:
    """Runs a model's training steps and keeps what happened to its parameters."""

    def __init__(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self.repeated: Set[str] = set()
        self.checkpoints: List[SimpleNamespace] = []
        self.watch_checkpoints(monkeypatch)

        model = build(case)
        if case.era == "mmcv1":
            model.init_weights()
        self.model = model
        self.names = names_of(model)
        self.at_wrap = {name for name, param in self.names.items() if param.requires_grad}
        if case.era != "mmcv1":
            model.init_weights()
        model.train()
        self.frozen_late = {name for name in self.at_wrap if not self.names[name].requires_grad}
        self.watch_calls()
        self.flags: Dict[str, Set[bool]] = {name: set() for name in self.at_wrap}
        self.got: Dict[str, Set[bool]] = {name: set() for name in self.at_wrap}
        for step, positives in enumerate(POSITIVES):
            model.zero_grad(set_to_none=True)
            self.calls.clear()
            loss = total_loss(case, model, batch(case, step, positives))
            loss.backward()
            for name in self.at_wrap:
                self.flags[name].add(self.names[name].requires_grad)
                self.got[name].add(self.names[name].grad is not None)
            self.repeated |= {name for name, count in self.calls.items() if count > 1}

    def watch_calls(self) -> None:
        """Counts the runs of each submodule that a gradient comes back through.

        The run that counts of a reentrant checkpoint is the one in its backward pass.
        """

        def hook(name: str) -> Callable[..., None]:
            def count(module: Any, _: Any, output: Any) -> None:
                if not any(param.requires_grad for param in module.parameters()):
                    return
                run: Set[str] = set()

                def back(_: Any) -> None:
                    if not run:
                        run.add(name)
                        self.calls[name] += 1

                for tensor in tensors_in(output):
                    if tensor.requires_grad:
                        tensor.register_hook(back)

            return count

        for name, module in self.model.named_modules():
            if name:
                module.register_forward_hook(hook(name))

    def watch_checkpoints(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Notes every checkpoint call of torch, reentrant or not, and whether its input needs a gradient."""
        real = torch.utils.checkpoint.CheckpointFunction
        real_generator = torch.utils.checkpoint._checkpoint_without_reentrant_generator

        def note(reentrant: bool, inputs: Any) -> None:
            needs = any(isinstance(value, torch.Tensor) and value.requires_grad for value in inputs)
            self.checkpoints.append(SimpleNamespace(reentrant=reentrant, input_needs_grad=needs))

        def apply(function: Any, preserve: bool, *inputs: Any) -> Any:
            if not torch.is_grad_enabled():  # leaves no graph
                return real.apply(function, preserve, *inputs)
            note(True, inputs)
            return real.apply(function, preserve, *inputs)

        def generator(function: Any, *arguments: Any, **keywords: Any) -> Any:
            note(False, arguments)
            return real_generator(function, *arguments, **keywords)

        monkeypatch.setattr(torch.utils.checkpoint, "CheckpointFunction", SimpleNamespace(apply=apply))
        monkeypatch.setattr(torch.utils.checkpoint, "_checkpoint_without_reentrant_generator", generator)

    def labels(self) -> Dict[str, str]:
        """What became of every parameter that DDP would wait for."""
        labels = {}
        for name in self.at_wrap:
            if name in self.frozen_late and self.flags[name] == {False}:
                labels[name] = "late"
            elif len(self.flags[name]) > 1 or self.flags[name] == {False}:
                labels[name] = "toggled"
            else:
                labels[name] = {
                    frozenset({True}): "used",
                    frozenset({False}): NEVER,
                }.get(frozenset(self.got[name]), SOMETIMES)
        return labels

    def outermost_repeated(self) -> FrozenSet[str]:
        """The repeated submodules that lie in no other repeated one."""
        return frozenset(
            name for name in self.repeated if not any(name.startswith(f"{other}.") for other in self.repeated)
        )


@EVERY_CASE
def test_labels(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps(case, monkeypatch)
    labels = steps.labels()
    verdicts = (NEVER, SOMETIMES)
    measured = {name: verdict for verdict in verdicts for name in largest(steps.model, labels, verdict)}
    assert measured == case.truth
    assert largest(steps.model, labels, "late") == case.late_freeze
    assert largest(steps.model, labels, "toggled") == case.toggled
    assert steps.outermost_repeated() == case.repeated
    kinds = {call.reentrant for call in steps.checkpoints}
    assert kinds == ({case.checkpoint.reentrant} if case.checkpoint else set())
    if case.checkpoint and case.checkpoint.guarded:
        assert all(call.input_needs_grad for call in steps.checkpoints)


def test_an_unguarded_checkpoint_is_told_by_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in CASES if case.name == "cp-unguarded-after-frozen")
    assert {call.input_needs_grad for call in Steps(case, monkeypatch).checkpoints} == {False}


class TrainStep(torch.nn.Module):
    """What mmcv 1.x wraps: its wrapper runs ``train_step`` in the place of ``forward``."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, data: Any) -> Any:
        """The loss of a step."""
        return self.model.train_step(data, None)["loss"]


def run_under_ddp(case: Case) -> str:
    """OK, UNUSED or READY_TWICE: what DDP says within the steps."""
    model = build(case)
    if case.era == "mmcv1":
        model.init_weights()
    trained = TrainStep(model) if case.era == "mmcv1" else model
    wrapped = torch.nn.parallel.DistributedDataParallel(trained, broadcast_buffers=False)
    if case.era != "mmcv1":
        model.init_weights()
    wrapped.train()
    try:
        for step, positives in enumerate(POSITIVES):
            data = batch(case, step, positives)
            if case.era == "mmcv1":
                loss = wrapped(data)
            else:
                data = model.data_preprocessor(data, True)
                loss = model.parse_losses(wrapped(**data, mode="loss"))[0]
            loss.backward()
    except RuntimeError as error:
        if "Expected to have finished reduction" in str(error):
            return "UNUSED"
        if "Expected to mark a variable ready only once" in str(error):
            return "READY_TWICE"
        raise
    return "OK"


@EVERY_CASE
@pytest.mark.usefixtures("gloo")
def test_ddp_agrees(case: Case) -> None:
    assert run_under_ddp(case) == case.outcome


#: Cases whose order is not certain from the source alone: a class that is not known, a norm that is one of
#: two, a recurrent layer, ``init_weights()`` that freezes before the wrap, entries taken out of a list.
UNORDERED = {
    "plugin", "conditional-class", "library-layers", "old-init-weights-freeze", "container-children",
    "container-children-spare", "stacked-levels-only-last", "library-children", "weight-before-forward",
}  # fmt: skip


@EVERY_CASE
def test_the_order_that_is_read_is_the_order_ddp_counts_in(case: Case) -> None:
    model = build(case)
    if case.era == "mmcv1":
        model.init_weights()
    reading = reading_of(case.name)
    assert (reading.trainable is None) is bool(reading.unordered) is (case.name in UNORDERED)
    if reading.trainable is not None:
        real = [name for name, param in model.named_parameters() if param.requires_grad]
        assert list(reading.trainable) == real


@EVERY_CASE
def test_every_label_has_its_line(case: Case) -> None:
    found = marks(case.file)
    for name, verdict in case.expected.items():
        assert found["created", name]
        if verdict != NEVER:  # what is never used may have no line that uses it
            assert found["used", name]
    for name in case.late_freeze:
        assert found["frozen", name]
    for name in case.toggled:
        assert found["toggled", name]
    assert case.checkpoint is None or found["checkpoint", ""]


def test_the_table_is_complete() -> None:
    others = {"__init__", "case", "cases", "helpers", "mmcv1_base"}
    stems = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("cases_")}
    assert stems - others == {case.file for case in CASES}
    assert len({case.name for case in CASES}) == len(CASES)
