"""What a rule is: its name, its page, its cases, its check, and what the rest of mmfix asks about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Callable, Iterable, Optional, Tuple, Union

from mmfix.ddp import Traits, outcome
from mmfix.findings import Finding
from mmfix.training.types import Rehearsed, TrainingSetup

#: What makes the configs of the cases trainable, in either era.
MMENGINE = """\
train_dataloader = dict(batch_size=2)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
"""
MMCV1 = """\
data = dict(samples_per_gpu=2, train=dict(type='CocoDataset'))
optimizer = dict(type='SGD', lr=0.01)
optimizer_config = dict(grad_clip=None)
runner = dict(type='EpochBasedRunner', max_epochs=12)
"""


@dataclass(frozen=True)
class Case:
    """A config and what the rule says about it: documentation and test in one.

    Attributes:
        name: What the case shows.
        text: The part of a classic config that matters.
        finds: Severity and confidence of the finding, ``error certain``; empty when the rule is silent.
        base: The part that makes it trainable, and of which era.
        rehearsed: What a rehearsal of it showed, for a rule that asks for one.
        launcher: As given to ``mmfix check --launcher``.
        inherits: More of a base file that ``text`` alone inherits; empty when both are one file.
        source: A module of the repository that it lies in.
    """

    name: str
    text: str
    finds: str = ""
    base: str = MMENGINE
    rehearsed: Optional[Rehearsed] = None
    launcher: Optional[str] = None
    inherits: str = ""
    source: str = ""

    @property
    def config(self) -> str:
        """The whole config; where it inherits, what ``base.py`` beside it does not have."""
        return f"_base_ = './base.py'\n{self.text}" if self.inherits else self.base + self.text


class Wrappers(Enum):
    """The wrappers of a model that a rule holds for.

    Attributes:
        DDP: One ``DistributedDataParallel`` around the whole model.
        EACH_CHILD: And one around each child, with what is sure of parts beside trained ones.
        FIND_UNUSED: Whatever passes ``find_unused_parameters`` on to DDP, where it is on.
        ANY: The rule looks at the wrapper itself.
        NONE: A run with one process, which needs none (``launcher='none'``).
        ALL: Every run, with or without one: the rule is not about DDP.
    """

    DDP = "ddp"
    EACH_CHILD = "each child"
    FIND_UNUSED = "find unused"
    ANY = "any"
    NONE = "none"
    ALL = "all"


@dataclass(frozen=True)
class Rule:
    """One rule, in a file of its own.

    Attributes:
        code: Stable, ``MMF101``.
        name: What people type after ``mmfix rule``; the name of the file, too.
        summary: One sentence.
        cases: Configs that it speaks of, and some that it does not.
        check: What it finds in a setup.
        page: Its documentation, the docstring of the file.
        predicts: The graph it speaks of, of which the outcome function says how the run ends; or how the run
            of a finding ends. None: it is not about how a run ends.
        wrappers: Those it holds for.
        own_cures: It attaches its cures itself; otherwise they are solved for the setup as a whole.
        dead_key: It is about a key that nobody reads: told whenever a run failed, since what the key asks
            for would have mattered.
        known: What its *likely* findings rest on, a clause, where that is not the source of the model.
        comes_late: It speaks of what comes in mid-training; a rehearsal that did not see it refutes nothing.
        last_resort: It says that something was seen and not why: left out where another rule says why.
    """

    code: str
    name: str
    summary: str
    cases: Tuple[Case, ...]
    check: Callable[[TrainingSetup], Iterable[Finding]]
    page: Optional[str]
    predicts: Union[Traits, Callable[[TrainingSetup, Finding], Optional[str]], None] = None
    wrappers: Wrappers = Wrappers.DDP
    own_cures: bool = False
    dead_key: bool = False
    known: str = ""
    comes_late: bool = False
    last_resort: bool = False

    @property
    def documentation(self) -> str:
        """Its page as Markdown: one sentence, then sections under ``##``."""
        from inspect import cleandoc  # which `check` does not need

        return cleandoc(self.page or self.summary)

    @property
    def traits(self) -> Optional[Traits]:
        """The graph it speaks of, where that is always the same."""
        return self.predicts if isinstance(self.predicts, Traits) else None

    def predicted(self, setup: TrainingSetup, finding: Finding) -> Optional[str]:
        """The outcome that a finding of this rule says the run will have; None if it speaks of no outcome."""
        if finding.severity == "note" or self.predicts is None:
            return None
        if isinstance(self.predicts, Traits):
            return outcome(setup.settings, self.predicts).value
        return self.predicts(setup, finding)
