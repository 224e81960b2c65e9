"""A handler takes what the real function takes, under the same names, and no more."""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, Tuple

import pytest

from mmfix.model.knowledge import calls, members
from mmfix.model.knowledge.openmmlab import registries
from mmfix.model.knowledge.python import containers
from mmfix.model.knowledge.torch import container_methods

_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

#: What a handler takes beside the real function.
MORE: Dict[str, FrozenSet[str]] = {
    # in the real function's **kwargs
    "torch.utils.checkpoint.checkpoint": frozenset({"preserve_rng_state"}),
    # newer or older versions of the library have it
    "torch.linspace": frozenset({"pin_memory"}),
    "numpy.linspace": frozenset({"device"}),
    # MMEngine's BaseModel.cpu has them, torch's Module.cpu does not
    "BaseModule.cpu": frozenset({"args", "kwargs"}),
    # code of the mmcv 1.x era hands over the path of weights
    "BaseModule.init_weights": frozenset({"pretrained"}),
    # its class makes an object through __new__, which inspect does not see
    "torch.no_grad": frozenset({"orig_func"}),
    # by name for a ConfigDict; a dict takes them by position
    "dict.get": frozenset({"key", "default"}),
    "dict.setdefault": frozenset({"key", "default"}),
    # mmcv 1.x hands it the name of a logger
    "BaseModule._dump_init_info": frozenset({"logger_name"}),
    # its build_func decides: build_from_cfg and the like take this one
    "Registry.build": frozenset({"default_args"}),
}
#: What the real function takes and the handler does not.
LESS: Dict[str, FrozenSet[str]] = {"Registry.build": frozenset({"args", "kwargs"})}

#: Where inspect knows no signature: Python's documentation, as a function.
WRITTEN: Dict[str, Callable[..., Any]] = {
    "builtins.range": lambda start, stop=0, step=1, /: None,
    "builtins.zip": lambda *iterables, strict=False: None,
    "builtins.map": lambda function, iterable, /, *iterables: None,
    "builtins.filter": lambda function, iterable, /: None,
    "builtins.set": lambda iterable=(), /: None,
    "builtins.frozenset": lambda iterable=(), /: None,
    "builtins.dict": lambda mapping=(), /, **kwargs: None,
    "collections.OrderedDict": lambda mapping=(), /, **kwargs: None,
    "builtins.min": lambda arg, /, *args, key=None, default=None: None,
    "builtins.max": lambda arg, /, *args, key=None, default=None: None,
    "builtins.int": lambda x=0, /, base=10: None,
    "builtins.bool": lambda object=False, /: None,
    "builtins.next": lambda iterator, default=None, /: None,
    "builtins.iter": lambda object, sentinel=None, /: None,
    "builtins.getattr": lambda object, name, default=None, /: None,
    "builtins.type": lambda object, bases=(), dict=None, /: None,
    "functools.partial": lambda func, /, *args, **keywords: None,
    "functools.reduce": lambda function, iterable, initial=None, /: None,
    "itertools.chain": lambda *iterables: None,
    "itertools.product": lambda *iterables, repeat=1: None,
    "torch.linspace": lambda start, end, steps=100, *, out=None, dtype=None, layout=None, device=None,
    requires_grad=False: None,
    "builtins.object.__setattr__": lambda obj, name, value, /: None,
    "dict.items": lambda: None,
    "dict.keys": lambda: None,
    "dict.values": lambda: None,
    "dict.clear": lambda: None,
    "dict.copy": lambda: None,
    "dict.update": lambda mapping=(), /, **kwargs: None,
    "dict.pop": lambda key, default=None: None,
    "str.join": lambda iterable, /: None,
    # mmcv 1.x and 2.x, mmcv/cnn/bricks
    "openmmlab.build_norm_layer": lambda cfg, num_features, postfix="": None,
    "openmmlab.build_conv_layer": lambda cfg, *args, **kwargs: None,
    "openmmlab.build_activation_layer": lambda cfg: None,
    "openmmlab.build_padding_layer": lambda cfg, *args, **kwargs: None,
    "openmmlab.build_dropout": lambda cfg, default_args=None: None,
    "openmmlab.build_upsample_layer": lambda cfg, *args, **kwargs: None,
    # methods of single layers, and of mmcv 1.x's detectors
    "BaseModule.reset_parameters": lambda: None,
    "BaseModule._reset_parameters": lambda: None,
    "BaseModule._parse_losses": lambda losses: None,
}  # fmt: skip
#: Names of our own, for calls with an unknown number of arguments.
_OURS = frozenset({"builtins.zip_open", "itertools.chain_open"})


def _real(dotted: str) -> Any:
    """What a dotted name stands for, here; None where it is not installed."""
    if dotted.startswith("openmmlab."):
        name = dotted.partition(".")[2]
        homes = ("mmengine.registry", "mmengine.config", "mmengine.logging", "mmengine.hub", "mmcv.cnn")
        places = [(home, name) for home in homes]
    else:
        names = dotted.split(".")
        places = [(".".join(names[:cut]), ".".join(names[cut:])) for cut in range(len(names) - 1, 0, -1)]
    for module, name in places:
        try:
            return functools.reduce(getattr, name.split("."), importlib.import_module(module))
        except (ImportError, AttributeError):
            continue
    return None


def _rows() -> Iterator[Tuple[str, Callable[..., Any], Any, int]]:
    """Name, handler, the real one (None: not here), and how many parameters of the handler are ours."""
    for dotted, run in calls.CALLS.items():
        if dotted not in _OURS:
            yield dotted, run, _real(dotted), 1
    for dotted, run in calls.PASSING.items():
        yield dotted, run, _real(dotted), 2
    for name, run in containers.LIST.items():
        yield f"list.{name}", run, getattr(list, name), 2
    for name in (
        "get",
        "setdefault",
        "fromkeys",
        "items",
        "keys",
        "values",
        "clear",
        "copy",
        "update",
        "pop",
    ):
        if name in containers.DICT:
            yield f"dict.{name}", containers.DICT[name], getattr(dict, name), 2
    yield "str.join", containers._join_text, str.join, 2
    for name, run in members._MODULE.items():
        yield (
            f"BaseModule.{name}",
            run,
            _real(f"mmengine.model.BaseModule.{name}") or _real(f"mmengine.model.BaseModel.{name}"),
            2,
        )
    for kind, table in container_methods.CONTAINERS.items():
        for name, run in table.items():
            yield f"{kind}.{name}", run, _real(f"torch.nn.{kind}.{name}"), 2
    for name, run in registries.METHODS.items():
        yield f"Registry.{name}", run, _real(f"mmengine.registry.Registry.{name}"), 2


ROWS = {row[0]: row for row in _rows()}


def _signature(name: str, real: Any) -> List[inspect.Parameter]:
    if name in WRITTEN:
        return list(inspect.signature(WRITTEN[name]).parameters.values())
    found = list(inspect.signature(real).parameters.values())
    unbound = inspect.isfunction(real) or inspect.ismethoddescriptor(real)
    is_method = unbound and found and found[0].name == "self"
    return found[1:] if is_method else found


def _fits(inner: List[inspect.Parameter], outer: List[inspect.Parameter], but: FrozenSet[str]) -> List[str]:
    """What ``inner`` takes and ``outer`` does not."""
    wrong = []
    by_place = [item for item in outer if item.kind in _BY_PLACE]
    by_name = {item.name: item for item in outer if item.kind in _BY_NAME}
    kinds = {item.kind for item in outer}
    for place, item in enumerate(inner):
        if item.name in but:
            continue
        if item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD):
            if item.kind not in kinds:
                wrong.append(f"{item}")
            continue
        if item.kind in _BY_PLACE and place >= len(by_place) and item.VAR_POSITIONAL not in kinds:
            wrong.append(f"{item.name} by position")
        if item.kind is item.POSITIONAL_OR_KEYWORD and by_place[place : place + 1] != [
            by_name.get(item.name)
        ]:
            wrong.append(f"{item.name} in place {place} and by name")
        if item.kind is item.KEYWORD_ONLY and item.name not in by_name and item.VAR_KEYWORD not in kinds:
            wrong.append(f"{item.name} by name")
        match = by_name.get(item.name) or (by_place[place] if place < len(by_place) else None)
        if item.default is not item.empty and match is not None and match.default is match.empty:
            wrong.append(f"{item.name} left out")
    return wrong


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_signature_is_the_real_one(name: str) -> None:
    _, run, real, ours = ROWS[name]
    if real is None and name not in WRITTEN:
        pytest.skip("not installed here")
    try:
        expected = _signature(name, real)
    except ValueError:
        pytest.skip("Python says no signature of it")
    found = list(inspect.signature(run).parameters.values())[ours:]
    assert not _fits(expected, found, LESS.get(name, frozenset())), "the handler takes less"
    assert not _fits(found, expected, MORE.get(name, frozenset())), "the handler takes more"


def test_every_handler_is_compared() -> None:
    """Where torch and MMEngine are installed, each has a counterpart."""
    pytest.importorskip("torch")
    pytest.importorskip("mmengine")
    assert not {name for name, _, real, _ in ROWS.values() if real is None and name not in WRITTEN}
