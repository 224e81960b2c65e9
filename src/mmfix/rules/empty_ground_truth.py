"""Images without ground truth in the training of a two-stage detector.

## What it does

Finds `filter_empty_gt=False` below `data.train` (mmcv 1.x) or `train_dataloader.dataset` (MMEngine),
where the model has an RPN, RoI or mask head. Under MMEngine only if a part of these heads was read
to be used only sometimes, or a head returns `x.sum() * 0` where there is no positive (RTMDet-Ins), and
`find_unused_parameters` is off.

## Why it is bad

A batch in which one GPU has no box may skip a branch there and not on the others. In the mmcv 1.x
era the ranks then have different losses, and the run stops with `loss log variables are different
across GPUs!`. MMEngine does not compare them: the skipped parameters have no gradient, and the run
stops with `Expected to have finished reduction in the prior iteration`, or hangs. It happens late,
when such a batch comes.

## Example

```python
data = dict(train=dict(type='CocoDataset', filter_empty_gt=False))
model = dict(type='MaskRCNN')
```

## Cure

- `filter-empty-gt`: `filter_empty_gt=True`. Background images are then left out: review.
- `find-unused`: `find_unused_parameters=True` copes with skipped parameters; not with different losses
  in the mmcv 1.x era.
- Or let the head return zero losses that use its parameters, `sum(x.sum() * 0 for x in ...)`.

## How it is known

`mmdet/models/detectors/base.py: _parse_losses` of mmdet 2.x compares the losses of the ranks. The
heads of mmdet return zero losses; heads of your own may not: never more than `possible`. A note in the
mmcv 1.x era, a warning where a part of a head was read to be used only sometimes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator, List, Tuple

from mmfix.config.keypath import KeyPath, format_key
from mmfix.ddp import Outcome, Traits, Unused
from mmfix.findings import Finding, Remedy
from mmfix.remedies import filter_empty, solve
from mmfix.rules.common import UNUSED, ends_in, find_unused_text, make
from mmfix.rules.rule import MMCV1, Case, Rule, Wrappers
from mmfix.training.filtering import lets_empty_in
from mmfix.training.types import ModelFact, TrainingSetup
from mmfix.wording import say

_CASES = (
    Case(
        "mmcv 1.x",
        """
data['train'] = dict(type='RepeatDataset', times=3, dataset=dict(type='MyDataset', filter_empty_gt=False))
model = dict(type='MyTwoStage', backbone=dict(type='ResNet', depth=50), roi_head=dict(type='MyRoIHead'))
""",
        "note possible",
        base=MMCV1,
    ),
    Case(
        "a head that is used only sometimes",
        """
train_dataloader['dataset'] = dict(type='CocoDataset', filter_cfg=dict(filter_empty_gt=False))
model = dict(type='MyTwoStage', roi_head=dict(type='MyRoIHead', with_auxiliary_branch=True))
""",
        "warning possible",
    ),
    Case(
        "a stock head of mmdet 2.x",
        """
data['train'] = dict(type='CocoDataset', filter_empty_gt=False)
model = dict(type='FasterRCNN', backbone=dict(type='ResNet', depth=50), roi_head=dict(type='StandardRoIHead'))
""",
        "note possible",
        base=MMCV1,
    ),
    Case(
        "one stage",
        """
data['train'] = dict(type='CocoDataset', filter_empty_gt=False)
model = dict(type='DeformableDETR', backbone=dict(type='ResNet', depth=50), bbox_head=dict(type='MyHead'))
""",
        base=MMCV1,
    ),
    Case(
        "filtered",
        """
data['train'] = dict(type='CocoDataset', filter_empty_gt=True)
model = dict(type='FasterRCNN', backbone=dict(type='ResNet', depth=50), roi_head=dict(type='StandardRoIHead'))
""",
        base=MMCV1,
    ),
    Case(
        "MMEngine, nothing read that is skipped",
        """
train_dataloader['dataset'] = dict(type='CocoDataset', filter_cfg=dict(filter_empty_gt=False))
model = dict(type='FasterRCNN', roi_head=dict(type='StandardRoIHead'))
""",
    ),
)

_HEADS = ("rpn_head", "roi_head", "mask_head")
_COMPARED = say(
    "mmdet 2.28.2 mmdet/models/detectors/base.py:208: _parse_losses compares the losses of the ranks"
)


def check(setup: TrainingSetup) -> Iterator[Finding]:
    """At most one finding, at the first dataset that lets such images in; it brings its own cures."""
    keys = list(lets_empty_in(setup.document, setup.era))
    heads = _heads(setup)
    if not keys or not heads or setup.wrapper != "ddp":
        return
    facts = skipped_without_boxes(setup)
    skipped = bool(facts)
    cures: Tuple[Remedy, ...] = (filter_empty(keys),)
    if skipped:
        constant = ("static-graph",)  # the graph depends on the batch
        cures = (*(cure for cure in solve(setup) if cure.name not in constant), *cures)
        message = say(
            "{key}=False lets images without ground truth in. {why} Where a rank has no box, its parameters "
            "may get no gradient, and {setting}: it may stop the run with {error}.",
            key=format_key(keys[0]),
            why=" ".join(fact.why for fact in facts),
            setting=find_unused_text(setup),
            error=UNUSED,
        )
        evidence = tuple(line for fact in facts for line in fact.evidence)
    elif setup.era == "mmcv1" and not setup.same_losses:
        message = say(
            "{key}=False lets images without ground truth in. If {head} then skips a loss on one rank, the "
            "run stops with 'loss log variables are different across GPUs!'. Filter such images, or return "
            "zero losses.",
            key=format_key(keys[0]),
            head=format_key(heads[0]),
        )
        evidence = (_COMPARED,)
    else:
        return
    finding = make(
        RULE, setup, key=keys[0], severity="warning" if skipped else "note", confidence="possible",
        message=message, evidence=evidence,
    )  # fmt: skip
    yield replace(finding, remedies=cures)


def skipped_without_boxes(setup: TrainingSetup) -> Tuple[ModelFact, ...]:
    """Parts of heads that may be skipped where images without ground truth get in: one cause, told here."""
    heads = _heads(setup) if any(lets_empty_in(setup.document, setup.era)) else []
    if not ends_in(setup.settings, Traits(unused=Unused.SOMETIMES), Outcome.UNUSED):
        return ()
    facts = (fact for fact in setup.facts_of("unused") if fact.confidence == "possible")
    return tuple(fact for fact in facts if any(fact.scope[: len(head)] == head for head in heads))


def _heads(setup: TrainingSetup) -> List[KeyPath]:
    """The parts of the model that read boxes and masks of a few samples."""
    found = [fact.scope for fact in setup.facts_of("unused") if fact.no_positive]
    stack: List[Tuple[KeyPath, Any]] = [(("model",), setup.document.get(("model",), None))]
    while stack:
        path, node = stack.pop()
        if not isinstance(node, dict):
            continue
        for key, item in node.items():
            if key in _HEADS and item:
                found.append((*path, key))
            elif key in ("detector", "student", "model"):
                stack.append(((*path, key), item))
    return found


RULE = Rule(
    code="MMF115",
    name="empty-ground-truth",
    summary=say("Images without ground truth may stop a two-stage detector, late, when one rank has no box."),
    predicts=Traits(unused=Unused.SOMETIMES),
    wrappers=Wrappers.ANY,
    own_cures=True,
    cases=_CASES,
    check=check,
    page=__doc__,
)
