"""No handler fails, whatever it is given: it follows the call, or the arguments are not those it takes."""

from __future__ import annotations

import inspect
import random
from pathlib import Path
from typing import Any, Callable, Iterator, List, Tuple

import pytest
from abstract_values import KINDS, machine

from mmfix.model.knowledge import calls, members
from mmfix.model.knowledge.openmmlab import registries
from mmfix.model.knowledge.python import containers
from mmfix.model.knowledge.torch import checkpoints, container_methods, tensors
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.values import MISSING, GaveUp, Method, NativeClass, NativeRef, Raised
from mmfix.model.own_step import optimizer

pytestmark = pytest.mark.slow

#: What is called, and the handler behind it.
Target = Tuple[Callable[[Machine], Any], Callable[..., Any]]


def _function(dotted: str) -> Callable[[Machine], Any]:
    return lambda m: NativeRef(dotted)


def _method(receiver: str, name: str, run: Callable[..., Any]) -> Target:
    return (lambda m: Method(name, KINDS[receiver](m), run)), run


def _targets() -> Iterator[Tuple[str, Target]]:
    for table in (calls.CALLS, calls.PASSING):
        for dotted, run in table.items():
            yield dotted, (_function(dotted), run)
    for name, run in calls.BY_LAST_NAME.items():
        yield name, (_function(f"lib.{name}"), run)
    for dotted in (
        "math.sqrt", "builtins.pow", "builtins.abs", "builtins.round", "builtins.format", "re.sub",
        "operator.mul", "numpy.ceil", "torch.cat", "torch.zeros", "torch.nn.init.normal_",
        "torch.add_", "lib.init", "lib.made", "torch.nn.Conv2d",
    ):  # fmt: skip
        yield dotted, (_function(dotted), lambda m, a=1, b=2, c=3: None)
    for receiver in ("list", "open list"):
        for name, run in containers.LIST.items():
            yield f"{receiver}.{name}", _method(receiver, name, run)
    for receiver in ("dict", "dict with a rest", "dict with a maybe"):
        for name, run in containers.DICT.items():
            yield f"{receiver}.{name}", _method(receiver, name, run)
    for receiver, name in (
        ("tuple", "index"), ("text", "format"), ("text", "split"), ("bytes", "decode"), ("set", "union"),
        ("one", "to_bytes"), ("float", "is_integer"), ("range", "count"),
    ):  # fmt: skip
        yield f"{receiver}.{name}", _method(receiver, name, containers.python_method(name))
    yield "text.join", _method("text", "join", containers._join_text)
    yield "one.item", _method("one", "item", containers._itself)
    for receiver in ("module", "lost module"):
        for name, run in members._MODULE.items():
            yield f"{receiver}.{name}", _method(receiver, name, run)
    for receiver, kind in (
        ("modules", "ModuleList"), ("no modules", "ModuleList"), ("sequence", "Sequential"),
        ("module dict", "ModuleDict"), ("module dict", "ParameterDict"), ("modules", "ParameterList"),
    ):  # fmt: skip
        for name, run in container_methods.CONTAINERS[kind].items():
            yield f"{receiver}.{name} of a {kind}", _method(receiver, name, run)
    yield "param.requires_grad_", _method("param", "requires_grad_", tensors._requires_grad_)
    for name, run in {**registries.METHODS, "name": registries.registry_method("name")}.items():
        yield f"registry.{name}", _method("registry", name, run)
    for name in ("update_params", "backward", "scale_loss"):
        run = optimizer().items[name].run
        yield f"optimizer.{name}", _method("bag", name, run)
    yield "a segment of a checkpoint", _method("list", "segment", checkpoints._chain([]).run)
    module = NativeClass("torch.nn.Module", True)
    yield "Module.train", _method("class", "train", members.unbound(module, "train"))
    for receiver in ("layer", "sequence", "modules"):
        yield f"{receiver}()", (KINDS[receiver], lambda m, x: None)


TARGETS = dict(_targets())


def _shapes(run: Callable[..., Any], names: List[str], pick: random.Random) -> Iterator[Any]:
    """Names of values by position and by keyword: every kind in every place."""
    parameters = list(inspect.signature(run).parameters.values())[1:]
    keywords = [
        item.name for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)
    ]
    yield [], {}
    for count in range(1, min(len(parameters), 2) + 2):
        for place in range(count):
            for name in names:
                args = [pick.choice(names) for _ in range(count)]
                args[place] = name
                yield args, {}
    for keyword in [*keywords, "other"]:
        for name in names if keyword != "other" else names[:5]:
            args = [pick.choice(names) for _ in range(pick.randrange(len(parameters) + 1))]
            more = {item: pick.choice(names) for item in keywords if pick.random() < 0.3}
            yield args, {**more, keyword: name}


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_no_handler_fails(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMFIX_DEBUG", "1")  # a failure is raised, not said
    function, run = TARGETS[target]
    pick = random.Random(target)
    m = machine(tmp_path)
    for count, (args, kwargs) in enumerate(_shapes(run, list(KINDS), pick)):
        if count % 200 == 0:
            m = machine(tmp_path, "step" if count % 400 else "build")
        called = function(m)
        rest = KINDS[pick.choice(("unknown", "tensor"))](m) if pick.random() < 0.2 else MISSING
        where = f"{target} {args} {kwargs} {rest}"
        try:
            m.call(
                called,
                [KINDS[name](m) for name in args],
                {key: KINDS[name](m) for key, name in kwargs.items()},
                rest,
            )
        except (Raised, GaveUp):
            pass
        except Exception as error:
            raise AssertionError(where) from error
        assert (m.frames, m.trail, m.conditional) == ([], [], 0), where
