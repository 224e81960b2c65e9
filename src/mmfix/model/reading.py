"""``read_model``: build a model in the abstract, and follow one training step of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Set, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.config.names import type_name, type_scope
from mmfix.model.absent import absent_parts
from mmfix.model.deciding import Configs
from mmfix.model.knowledge import answers
from mmfix.model.knowledge.openmmlab import registries as openmmlab
from mmfix.model.knowledge.openmmlab.configs import value_of
from mmfix.model.knowledge.openmmlab.losses import summed
from mmfix.model.knowledge.torch import order, parts
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.parting import watches
from mmfix.model.machine.values import (
    GIVEN,
    Function,
    Instance,
    Opaque,
    Param,
    PyDict,
    Registry,
)
from mmfix.model.observations import Homes, checkpoints, late_freezes, toggles
from mmfix.model.phases import failure_of, run_phase
from mmfix.model.steps import any_step, call_with_data, method_of
from mmfix.model.types import Built, ModelReading, Submodule
from mmfix.model.uneven import LeftOut
from mmfix.model.verdicts import judge, reached
from mmfix.python.deep import deeply
from mmfix.python.place import Problem
from mmfix.python.signatures import signature_of
from mmfix.repository.library import Library
from mmfix.wording import say

_RECURSION = 6000


def read_model(
    model: Mapping[str, Any],
    library: Library,
    era: str,
    scope: Optional[str] = None,
    wraps_first: bool = True,
    named: Tuple[str, ...] = (),
    seconds: Optional[float] = None,
    beside: Optional[Mapping[str, Any]] = None,
) -> ModelReading:
    """What the source of a model says about one training step.

    Args:
        model: The resolved ``model`` of a config.
        library: Where source is looked for.
        era: ``mmengine`` or ``mmcv1``.
        scope: The config's ``default_scope``.
        wraps_first: The model is wrapped before ``init_weights()``, as MMEngine's Runner does
            (``mmengine/runner/runner.py: train``); its FlexibleRunner does it the other way round
            (``mmengine/_strategy/single_device.py: prepare``), and so did ``tools/train.py`` with mmcv 1.x.
        named: The modules that the config has imported.
        seconds: CPU time that it may take; None for :data:`mmfix.model.machine.budget.MOST_SECONDS`.
        beside: Arguments that the builder gives unless ``model`` has them: the ``train_cfg`` and
            ``test_cfg`` at the top of a config (``mmdet/models/builder.py: build_detector``,
            ``mmedit/models/builder.py: build_model``, both of the mmcv 1.x era).

    What cannot be followed is in ``problems``; nothing is raised, imported or run.
    """
    m = Machine(library, answers, scope, era, named, seconds)
    m.beside = beside or {}

    def read() -> ModelReading:
        reading = _read(m, model, wraps_first and era != "mmcv1")
        return replace(reading, unmade=_unmade(m, model, reading.built))

    try:
        return deeply(read, _RECURSION)
    except Exception as error:
        reason = failure_of(error)
        problems = (*m.problems, Problem(reason))
        return _without_verdicts(m, problems, reason)


def _read(m: Machine, model: Mapping[str, Any], wraps_first: bool) -> ModelReading:
    config = value_of(m, model, ("model",))
    more = PyDict({name: value_of(m, value, (name,)) for name, value in m.beside.items()})
    root, why = run_phase(
        m, "build", lambda: openmmlab.build(m, Registry("MODELS", m.default_scope or ""), config, more)
    )
    if not isinstance(root, Instance):
        reason = why or (
            m.problems[-1].reason if m.problems else say("the model's class was not found in source")
        )
        return _without_verdicts(m, tuple(m.problems), reason)
    walked = list(parts.walk(m, root))
    absent = absent_parts(m, walked)
    all_built = not m.problems
    if not wraps_first:
        before = m.edits
        run_phase(m, "init_weights", lambda: _method(m, root, "init_weights", []))
        if m.edits != before:  # which of the parts it runs for depends on what is loaded
            m.doubt(say("init_weights() makes or freezes parameters before the wrap"))
        walked = list(parts.walk(m, root))
    names, unordered = order.trainable(m, walked)
    m.before_wrap = False
    trainable = {  # in the order of the model, not by their addresses
        param: None
        for _, item in walked
        for _, param in parts.own_params(item)
        if param.requires_grad is True
    }
    frozen: Dict[Param, str] = {}
    if wraps_first:
        run_phase(m, "init_weights", lambda: _method(m, root, "init_weights", []))
        frozen.update((param, "init_weights") for param in trainable if not param.requires_grad)
    run_phase(m, "train", lambda: _method(m, root, "train", [True]))
    frozen.update((param, "train") for param in trainable if not param.requires_grad and param not in frozen)
    idle = {param for _, param in parts.all_params(m, root) if param.requires_grad is False}
    watches.append(m.watch)
    try:
        followed, why = run_phase(m, "step", lambda: any_step(m, root))
    finally:
        watches.pop()
    loss, uneven = followed or (None, LeftOut())
    if isinstance(loss, Opaque) and not loss.may and trainable and not frozen:
        loss, why = None, say("no parameter was seen to reach the loss")  # nobody trains such a model
    if m.astray and isinstance(loss, Opaque) and not any(loss.must & param.bit for param in trainable):
        loss, why = None, m.astray  # nothing can be told of any part
    configs: Configs = {}
    _dicts({**m.beside, "model": model}, (), configs)
    homes = Homes(m, root, configs)
    toggled = {param for param in trainable if any(param.bit == bit for _, bit in m.toggled)}
    waited_for = trainable.keys() - frozen.keys() - toggled
    submodules: Tuple[Submodule, ...] = ()
    if isinstance(loss, Opaque):
        optional = _optional(m, root)
        hanging = _hanging(m, root, loss, waited_for, optional)
        submodules = judge(m, root, waited_for, loss, configs, optional, hanging, uneven)
    return ModelReading(
        submodules=submodules,
        late_freezes=late_freezes(m, homes, frozen, order.names_of(m, walked)),
        toggles=toggles(m, homes),
        checkpoints=checkpoints(m, homes),
        built=_built(m, root, waited_for, idle, absent),
        problems=tuple(m.problems),
        gave_up="" if isinstance(loss, Opaque) else why or say("the training step could not be followed"),
        files=m.files,
        all_built=all_built,
        ambiguous=tuple(sorted(m.ambiguous.items())),
        trainable=names,
        unordered=unordered,
        reached=reached(m, root, waited_for, loss),
        same_losses=m.same_losses is True and isinstance(loss, Opaque),
        unfinished=m.out_of_time,
    )


def _without_verdicts(m: Machine, problems: Tuple[Problem, ...], reason: str) -> ModelReading:
    return ModelReading(
        (), (), (), (), (), problems, reason, m.files, unordered=reason, unfinished=m.out_of_time
    )


def _unmade(m: Machine, model: Mapping[str, Any], made: Tuple[Built, ...]) -> Tuple[Tuple[KeyPath, str], ...]:
    """The file of the class that each dict with a ``type`` names, where that dict made no module."""
    configs: Configs = {}
    _dicts(model, ("model",), configs)
    found: Dict[KeyPath, str] = {}
    for key in configs.keys() - {built.key for built in made}:
        kind = configs[key].get("type")
        name = type_name(kind)
        if name:
            candidates = m.library.find(name, type_scope(kind) or m.default_scope).candidates
            found.update((key, item.path) for item in candidates[:1])
    return tuple(sorted(found.items(), key=lambda item: tuple(map(str, item[0]))))


def _optional(m: Machine, root: Instance) -> FrozenSet[str]:
    """Arguments of ``forward_train`` that the data pipeline may leave out."""
    method = method_of(m, root, "forward_train")
    if m.era != "mmcv1" or not isinstance(method, Function):
        return frozenset()
    signature = signature_of(method.node.args)
    return frozenset(signature.positional[len(signature.positional) - len(signature.defaults) :])


def _hanging(
    m: Machine, root: Instance, loss: Opaque, waited_for: Set[Param], optional: FrozenSet[str]
) -> int:
    """What the loss depends on only as long as the data pipeline leaves out none of ``optional`` (bits)."""
    unsure = loss.may & ~loss.must & ~m.escaped
    method = method_of(m, root, "forward_train")
    if not isinstance(method, Function) or not any(param.bit & unsure for param in waited_for):
        return 0
    if not optional or set(signature_of(method.node.args).positional[1:]) - optional:
        return 0  # the input is given in any case
    kept = m.escaped, m.used.copy(), list(m.checkpoints), list(m.toggled), list(m.problems)
    given = {name: Opaque(0, 0, GIVEN) for name in optional}
    found, _ = run_phase(m, "step", lambda: summed(m, call_with_data(m, root, "forward_train", given)))
    m.escaped, m.used, m.checkpoints, m.toggled, m.problems = kept
    return unsure & found.must if isinstance(found, Opaque) else 0


def _dicts(value: Any, path: KeyPath, found: Configs) -> None:
    if isinstance(value, Mapping):
        found[path] = value
    items = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in items:
        if isinstance(item, (Mapping, list)):
            _dicts(item, (*path, key), found)


def _built(
    m: Machine, root: Instance, waited_for: Set[Param], idle: Set[Param], absent: Dict[Instance, str]
) -> Tuple[Built, ...]:
    found: Dict[KeyPath, Built] = {}
    unknown: Dict[KeyPath, str] = {}
    params: Dict[KeyPath, Set[Param]] = {}
    keys: Dict[str, KeyPath] = {}
    for name, module in parts.walk(m, root):
        key = module.key or keys.get(name.rpartition(".")[0], ("model",))
        keys[name] = key
        params.setdefault(key, set()).update(param for _, param in parts.own_params(module))
        if module in absent:
            unknown.setdefault(key, absent[module])
        if module.key is not None and module.key not in found:
            place = module.cls.place if isinstance(module.cls, ClassInfo) else None
            found[module.key] = Built(module.key, name, module.cls.name, place)
    return tuple(
        replace(
            built,
            parameters=len(params[built.key]),
            frozen=len(params[built.key] & idle),
            waited_for=len(params[built.key] & waited_for),
            unknown=unknown.get(built.key, ""),
        )
        for built in found.values()
    )


def _method(m: Machine, root: Instance, name: str, args: List[Any]) -> Any:
    method = m.attribute(root, name, None)
    return None if method is None else m.call(method, args, {})
