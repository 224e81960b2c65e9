"""From what a log says, and the config of its run, to diagnoses."""

from __future__ import annotations

import os.path as osp
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, List, Optional, Tuple

from mmfix.ddp import Outcome
from mmfix.diagnosis.advice import GIVE_CONFIG, OTHER_RANKS, SHOW_NAMES
from mmfix.diagnosis.parameters import Named, Order, differ, named
from mmfix.diagnosis.shape import shape_of
from mmfix.diagnosis.types import CONSEQUENCE, WARNING, Judged, Kind, LogReading, Run, Sighting
from mmfix.diagnosis.unknown import nan_text
from mmfix.findings import CONFIDENCES, Remedy
from mmfix.results.diagnosis import Diagnosis
from mmfix.wording import mark, say

if TYPE_CHECKING:  # what judges a config is loaded when there is one
    from mmfix.diagnosis.configs import UsedConfig
    from mmfix.proofs.types import RemedyResult
    from mmfix.training.types import TrainingSetup

_DDP = frozenset(outcome.value for outcome in Outcome) - {Outcome.OK.value}


@dataclass(frozen=True)
class Known:
    """What is known of a run beside its log.

    Attributes:
        used: Its config.
        setup: What the framework does with it; None without a config.
        orders: Parameter orders of its model, best first.
        tried: What rehearsals of cures have shown.
        log: Path of the log; ``-`` or empty for a text.
        built: The model was built, or could not be, to name its parameters.
        unused: Parameters, or modules with them, that a rehearsal has seen without a gradient.
    """

    used: UsedConfig
    setup: Optional[TrainingSetup] = None
    orders: Tuple[Order, ...] = ()
    tried: Tuple[RemedyResult, ...] = ()
    log: str = ""
    built: bool = False
    unused: Tuple[str, ...] = ()


def told(reading: LogReading, run: int) -> Tuple[Sighting, ...]:
    """The sightings of a run that explain it: first causes, then warnings; what only follows if it is all."""
    found = [item for item in reading.sightings if item.run == run]
    causes = [item for item in found if item.ended]
    follows = [item for item in found if item.kind.role == CONSEQUENCE]
    warnings = (item for item in found if item.kind.role == WARNING and not item.ended)
    return (*(causes or follows[:1]), *warnings)


def diagnose(reading: LogReading, sighting: Sighting, known: Known) -> Optional[Diagnosis]:
    """The diagnosis of one sighting; None where its message is of something else."""
    used, setup, kind, run = known.used, known.setup, sighting.kind, reading.runs[sighting.run]
    document = used.document
    where = tuple(kind.places(document, sighting)) if kind.places is not None and document is not None else ()
    if kind.needs_place and not where:
        return None
    named_ = Named() if kind.of_losses else named(sighting, _fitting(setup, known.orders), document)
    if setup is not None:
        named_ = _doubting(named_, sighting, known, setup)
    varies = kind.outcome == Outcome.UNUSED.value and _varies(sighting, run, setup)
    variant = next((kind.variants[name] for name in kind.variants if name in sighting.fields), None)
    together = Judged((), () if setup is not None or variant else _general(kind), fits=True)
    if setup is not None and variant is None:
        together = _with_config(reading, sighting, named_, varies, known, setup)
    if setup is not None and variant is None and together.fits and not together.remedies:
        together = replace(together, remedies=_general(kind))
    if named_.notes and together.findings:
        together = _doubted(together)
    notes = [
        *used.notes,
        *named_.notes,
        *_notes(reading, sighting),
        *_about_config(sighting, known, together, named_),
    ]
    remedies = _for_torch(together.remedies, run, notes)
    hints = _left_to_do(kind.hints if variant is None else variant.hints, reading, sighting, used)
    if kind.left is not None and setup is not None and variant is None:
        hints = kind.left(setup)
    explanation = kind.explanation if variant is None else variant.explanation
    return Diagnosis(
        id=kind.id,
        title=kind.title,
        outcome=kind.outcome,
        confidence=_confidence(sighting, together, named_),
        explanation=" ".join([explanation, *_more(sighting, run, named_, varies)]),
        line=sighting.line,
        rank=sighting.rank,
        excerpt=sighting.excerpt,
        parameters=named_.parameters,
        warns=kind.role == WARNING and not sighting.ended,
        evidence=(*_evidence(run, named_), *together.weighed),
        places=() if document is None else tuple((key, document.origin(key)) for key in where),
        findings=together.findings,
        remedies=remedies,
        hints=() if any(item.overrides for item in remedies) or (setup and kind.general) else hints,
        config=used.shown,
        path="" if named_.notes else used.path,
        typed=used.typed,
        fits=together.fits,
        notes=tuple(dict.fromkeys(notes)),
    )


def _left_to_do(
    hints: Tuple[str, ...], reading: LogReading, sighting: Sighting, used: UsedConfig
) -> Tuple[str, ...]:
    """The hints, without those that ask for what the text has."""
    there = {GIVE_CONFIG} if used.document is not None else set()
    there |= {OTHER_RANKS} if any(error.run == sighting.run for error in reading.errors) else set()
    there |= {SHOW_NAMES} if any(item.names for item in sighting.listed) else set()
    return tuple(hint for hint in hints if hint not in there)


def _doubting(named_: Named, sighting: Sighting, known: Known, setup: TrainingSetup) -> Named:
    """The parameters; in doubt where the source says that they are used, or freeze with others."""
    from mmfix.diagnosis.contradicted import contradicted
    from mmfix.diagnosis.fitting import lists_of

    lists = lists_of(sighting.listed, named_.parameters)
    why = contradicted(setup, sighting, named_, lists, known.unused)
    return replace(named_, notes=(*named_.notes, *why), fit=named_.fit and not why)


def _doubted(together: Judged) -> Judged:
    """No surer than possible: the log is of another model."""
    from mmfix.rules.common import at_most

    return replace(together, findings=tuple(at_most(item, "possible") for item in together.findings))


def _general(kind: Kind) -> Tuple[Remedy, ...]:
    return () if kind.general is None else kind.general()


def _with_config(
    reading: LogReading,
    sighting: Sighting,
    named_: Named,
    varies: bool,
    known: Known,
    setup: TrainingSetup,
) -> Judged:
    """The findings and cures of the config for a sighting."""
    from mmfix.diagnosis.evidence import Seen, judged
    from mmfix.diagnosis.fitting import lists_of
    from mmfix.rules import judge

    kind = sighting.kind
    own = () if kind.cures is None else kind.cures(setup, sighting)
    if kind.outcome not in _DDP:
        found = tuple(item for item in judge(setup) if item.code in kind.rules)
        more = tuple(dict.fromkeys(remedy for item in found for remedy in item.remedies))
        return Judged(found, (*own, *more), fits=True)
    warned = any(item.kind.outcome == Outcome.UNTRAINED.value for item in told(reading, sighting.run))
    seen = Seen(
        _ended_in(kind.outcome or "", setup),
        _place(known.log, sighting.line),
        sighting.excerpt,
        named_.parameters if named_.fit else (),
        varies,
        warned,
        reading.runs[sighting.run].reentrant,
        known.tried,
        lists_of(sighting.listed, named_.parameters),
        bool(sighting.alone),
    )
    return judged(setup, seen)


def _fitting(setup: Optional[TrainingSetup], orders: Tuple[Order, ...]) -> Tuple[Order, ...]:
    """No order under one DDP a child: each counts for itself (``seperate_distributed.py``)."""
    return () if setup is not None and setup.wrapper == "separate-ddp" else orders


def _ended_in(outcome: str, setup: TrainingSetup) -> str:
    """The outcome of a run that got that far: DDP stops one whose part stays untrained, if it counts."""
    settings = setup.settings
    counts = not (settings.find_unused_parameters or settings.static_graph)
    return Outcome.UNUSED.value if outcome == Outcome.UNTRAINED.value and counts else outcome


def _varies(sighting: Sighting, run: Run, setup: Optional[TrainingSetup]) -> bool:
    """Whether the unused set changes: a constant one stops the first iteration after a full one.

    With static graph only one that changes stops anything.
    """
    if setup is not None and setup.settings.static_graph:
        return True
    steps = 1 if setup is None else setup.settings.accumulation
    return differ(sighting.listed) or run.iterations > steps + 1


def _more(sighting: Sighting, run: Run, named_: Named, varies: bool) -> List[str]:
    """What this run adds to the explanation of its kind."""
    lines = []
    wanted = set(re.findall(r"\{(\w+)\}", sighting.kind.detail))
    if wanted and wanted <= set(sighting.fields):
        lines.append(say(sighting.kind.detail, **sighting.fields))
    lines += () if sighting.kind.more is None else sighting.kind.more(sighting)
    if sighting.kind.outcome == Outcome.UNUSED.value:
        if differ(sighting.listed):
            lines.append(say("The ranks name different parameters, so which are used depends on the data."))
        elif varies and run.iterations:
            lines.append(
                say(
                    "It came after {count} iterations or more, not in the second, so which parameters "
                    "are used changes: it depends on the data, or something switches parts on and off.",
                    count=run.iterations,
                )
            )
    if any(item.cut for item in sighting.listed):
        lines.append(say("torch lists the first 100 indices only."))
    indices = [item.index for item in named_.parameters if item.index is not None]
    if indices and not named_.confidence and sighting.kind.outcome == Outcome.UNUSED.value:
        lines.append(say("The indices are {shape}.", shape=shape_of(indices).text))
    if "clause_3" in sighting.fields:
        lines.append(say("Its third clause shows that find_unused_parameters was on."))
    if sighting.kind.outcome == Outcome.READY_TWICE.value and not named_.by_index:
        parts = dict.fromkeys(str(item.name).split(".")[0] for item in named_.parameters if item.name)
        if parts:
            lines.append(say("Look for the checkpoint in {modules}.", modules=", ".join(parts)))
    if run.reentrant and sighting.kind.outcome == Outcome.READY_TWICE.value:
        lines.append(say("The traceback goes through the backward pass of a reentrant checkpoint."))
    return lines


def _evidence(run: Run, named_: Named) -> Tuple[str, ...]:
    lines = []
    if named_.source and named_.parameters:
        lines.append(say("parameters: {source}", source=named_.source))
    if run.torch:
        lines.append(say("the log says torch {version}", version=run.torch))
    return tuple(lines)


def _notes(reading: LogReading, sighting: Sighting) -> List[str]:
    """What else the log says: other errors, other runs."""
    notes = []
    hits = {item.line for item in reading.sightings}
    strange = [item for item in reading.errors if item.run == sighting.run and item.line not in hits]
    if strange and sighting.kind.role == CONSEQUENCE:
        if strange[0].rank is None:
            template = mark("the first error is in line {line}: {text}")
        else:
            template = mark("the first error of rank {rank} is in line {line}: {text}")
        notes.append(say(template, rank=strange[0].rank, line=strange[0].line, text=strange[0].text[:160]))
    elif strange and strange[0].line < sighting.line:
        first = strange[0]
        notes.append(
            say(
                "an error that mmfix does not know comes before, in line {line}: {text}",
                line=first.line,
                text=first.text[:160],
            )
        )
    nan = reading.runs[sighting.run].nan
    if nan and nan < sighting.line:
        notes.append(say("{message} This error may follow from it", message=nan_text(nan)))
    if len(reading.runs) > 1:
        notes.append(
            say(
                "this log has {count} runs; this is of run {number}",
                count=len(reading.runs),
                number=sighting.run + 1,
            )
        )
    return notes


def _about_config(sighting: Sighting, known: Known, together: Judged, named_: Named) -> List[str]:
    """Where the config and the message do not agree."""
    setup = known.setup
    if setup is None:
        return []
    notes = []
    settings, fields = setup.settings, sighting.fields
    if setup.wrapper == "separate-ddp" and sighting.listed:
        notes.append(
            say("each child has its own DDP here: indices begin anew in each, and names lack the child's own")
        )
    was = True if {"was_on", "clause_3"} & set(fields) else False if "was_off" in fields else None
    if was is not None and was is not settings.find_unused_parameters:
        notes.append(
            say(
                "find_unused_parameters was {before} in this run, as its message shows, and is {now} in "
                "this config",
                before=_switch(was),
                now=_switch(not was),
            )
        )
    elif not together.fits:
        notes.append(
            say(
                "this config cannot fail this way (find_unused_parameters is {find_unused}, "
                "static_graph {static_graph}, {count} checkpoints are known): is it really the config "
                "of this run?",
                find_unused=_switch(settings.find_unused_parameters),
                static_graph=_switch(settings.static_graph),
                count=len(setup.checkpoints),
            )
        )
    elif sighting.kind.outcome == Outcome.UNUSED.value and not together.findings and not named_.confidence:
        notes.append(say("nothing in the config says which parameters these are"))
        if setup.not_here:
            notes.append(
                say("{why}; explain it where the code lies, or with that on PYTHONPATH", why=setup.unread)
            )
    if not named_.confidence and not known.built and any(item.indices for item in sighting.listed):
        notes.append(say("--build names these parameters; it runs the config"))
    return notes


def _switch(value: bool) -> str:
    return say("on") if value else say("off")


def _confidence(sighting: Sighting, together: Judged, named_: Named) -> str:
    if named_.notes or (
        sighting.alone and not together.fits
    ):  # the log is of another model, or something else
        return "possible"
    of_kind = max(sighting.kind.confidence, sighting.alone or "proven", key=CONFIDENCES.index)
    levels = [finding.confidence for finding in together.findings if finding.severity != "note"]
    if sighting.kind.outcome in _DDP and named_.confidence:
        levels.append(named_.confidence)
    if not together.findings:
        levels.append(of_kind)
    return min(levels, key=CONFIDENCES.index, default=of_kind)


def _for_torch(remedies: Tuple[Remedy, ...], run: Run, notes: List[str]) -> Tuple[Remedy, ...]:
    """The cures that the log's torch can take."""
    if not remedies or not run.torch:
        return remedies
    from mmfix.remedies.releases import for_torch, too_old

    kept, gone = for_torch(remedies, run.torch)
    notes += [too_old(run.torch, gone)] if gone else []
    return kept


def _place(log: str, line: int) -> str:
    name = osp.basename(log) if log not in ("", "-") else say("the log")
    return f"{name}:{line}"
