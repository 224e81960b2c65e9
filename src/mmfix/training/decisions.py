"""Facts whose deciding key the config tells better than the code: teachers, schedules, checkpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator, List, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.names import type_name
from mmfix.training.parts import Part
from mmfix.training.types import CheckpointSite, ModelFact
from mmfix.training.unused import teachers
from mmfix.wording import say

# Classes that freeze in the first training steps: type -> key of `train_cfg`.
_SCHEDULES = {
    "BasicVSR": ("fix_iter", "mmagic 1.2.0 mmagic/models/editors/basicvsr/basicvsr.py:99"),
    "EDVR": ("tsa_iter", "mmagic 1.2.0 mmagic/models/editors/edvr/edvr.py:66"),
}
_START = "backbone_start_train_epoch"
_STARTS_AT = {"SiamRPNBackboneUnfreezeHook": 10}  # the default
_HOOK_EVIDENCE = say(
    "mmtrack 0.14.0 mmtrack/models/backbones/sot_resnet.py: trainable at the wrap, frozen in train()"
)


def with_decisions(
    document: ConfigDocument,
    parts: List[Part],
    sites: Tuple[CheckpointSite, ...],
    facts: Tuple[ModelFact, ...],
) -> Tuple[ModelFact, ...]:
    """The facts, with one for each trainable teacher and each freeze schedule, at the key that decides.

    What gets no gradient because of a checkpoint whose input has none is left out: the checkpoint says it.
    """
    facts = tuple(fact for fact in facts if not any(_is_cut_off(fact, site) for site in sites))
    for teacher in teachers(parts):
        same = [fact for fact in facts if fact.kind == "unused" and _is_about(teacher, fact)]
        if same:  # else the code was read, and its teacher does get gradients
            facts = _settled(teacher, same, facts)
    for schedule in _schedules(document, parts):
        same = [fact for fact in facts if fact.kind == "toggled" and fact.scope == schedule.scope]
        facts = _settled(schedule, same, facts)
    return facts


def _is_cut_off(fact: ModelFact, site: CheckpointSite) -> bool:
    within = site.key[:-1]
    return (
        site.input_has_grad is False
        and site.reentrant is not False
        and fact.kind == "unused"
        and fact.scope[: len(within)] == within != ()
        and fact.no_result
    )


def _settled(known: ModelFact, same: List[ModelFact], facts: Tuple[ModelFact, ...]) -> Tuple[ModelFact, ...]:
    """One fact for ``known`` and what was read of the same; ``likely`` if one of them is."""
    evidence = (line for fact in (known, *same) for line in fact.evidence)
    sure = any(fact.confidence != "possible" for fact in (known, *same))
    one = replace(known, confidence="likely" if sure else "possible", evidence=tuple(dict.fromkeys(evidence)))
    return (one, *(fact for fact in facts if fact not in same))


def _is_about(teacher: ModelFact, fact: ModelFact) -> bool:
    if fact.key == teacher.key:
        return True
    inside = fact.scope[: len(teacher.scope)] == teacher.scope
    return inside and any("teacher" in name.split(".") for name in fact.modules)


def _schedules(document: ConfigDocument, parts: List[Part]) -> Iterator[ModelFact]:
    """Freeze schedules of known classes and hooks."""
    for part in parts:
        if part.name in _SCHEDULES and "type" in part.node:
            yield from _schedule(document, part)
        if part.name == "SOTResNet" and part.node.get("unfreeze_backbone", True) is not False:
            frozen = part.node.get("frozen_stages", -1)
            if type(frozen) is int and frozen >= 0:
                yield from _hooks(document, part)


def _schedule(document: ConfigDocument, part: Part) -> Iterator[ModelFact]:
    name, evidence = _SCHEDULES[part.name or ""]
    key: KeyPath = (*part.path, "train_cfg", name)
    steps = document.get(key, None)
    if steps is None and part.path == ("model",):  # MMEditing 0.x has train_cfg beside the model
        key = ("train_cfg", name)
        steps = document.get(key, None)
    generator = part.node.get("generator")
    if part.name == "EDVR" and not (isinstance(generator, dict) and generator.get("with_tsa")):
        return
    if _is_positive(steps):
        why = say(
            "{part} freezes a part of its generator for the first {steps} iterations ({key}).",
            part=part.label,
            steps=steps,
            key=name,
        )
        yield _toggled(key, part, why, evidence)


def _hooks(document: ConfigDocument, part: Part) -> Iterator[ModelFact]:
    """A backbone that a hook lets train from some epoch on: until then it gets no gradient."""
    hooks = document.get(("custom_hooks",), None)
    places: List[Tuple[KeyPath, Any]] = [(("optimizer_config",), document.get(("optimizer_config",), None))]
    if isinstance(hooks, (list, tuple)):
        places += [(("custom_hooks", index), hook) for index, hook in enumerate(hooks)]
    for key, hook in places:
        name = type_name(hook.get("type")) if isinstance(hook, dict) else None
        epoch = hook.get(_START, _STARTS_AT.get(name or "")) if isinstance(hook, dict) else None
        if _is_positive(epoch):
            why = say(
                "{part} stays frozen until epoch {epoch}, when {hook} lets it train.",
                part=part.label,
                epoch=epoch,
                hook=name or say("a hook"),
            )
            yield _toggled((*key, _START), part, why, _HOOK_EVIDENCE)


def _toggled(key: KeyPath, part: Part, why: str, evidence: str) -> ModelFact:
    return ModelFact("toggled", key, part.label, "possible", why, (evidence,), part.path)


def _is_positive(value: Any) -> bool:
    return type(value) is int and value > 0
