"""``read``: a config -> what the framework will really do with it."""

from __future__ import annotations

from typing import List, Optional

from mmfix.config.document import ConfigDocument
from mmfix.training.checkpoints import checkpoint_sites
from mmfix.training.decisions import with_decisions
from mmfix.training.era import era as era_of
from mmfix.training.facts import model_facts
from mmfix.training.filtering import lets_empty_in
from mmfix.training.no_positives import partly_zero_losses
from mmfix.training.parts import model_parts
from mmfix.training.reading import code_reading
from mmfix.training.script import deciding_script, is_decided_elsewhere, script_files, trains_first
from mmfix.training.types import TrainingSetup
from mmfix.training.wrapping import accumulation, runner_kind, wrapping


def read(
    document: ConfigDocument, launcher: Optional[str] = None, seconds: Optional[float] = None
) -> TrainingSetup:
    """What matters to DistributedDataParallel in a resolved config.

    Args:
        document: The config.
        launcher: ``--launcher`` of ``tools/train.py``, which overwrites the config's own ``launcher``.
            ``'none'``: no wrapper. None: distributed.
        seconds: CPU time that reading the model's source may take; None for the reader's own bound.
    """
    unknown: List[str] = []
    era = era_of(document)
    runner = runner_kind(document, era, unknown)
    script = deciding_script(document, runner, unknown)
    wrapper, wrapper_key, find_unused, static_graph = wrapping(document, runner, unknown, script)
    steps = accumulation(document, wrapper, era, unknown)
    parts = model_parts(document, unknown)
    code = None if launcher == "none" else code_reading(document, era, runner, seconds)
    sites = checkpoint_sites(document, parts, era, runner, unknown, code)
    facts = model_facts(parts, era, code)
    if trains_first(document, runner):
        facts = tuple(fact for fact in facts if fact.kind != "late-freeze")
    if code is not None and any(lets_empty_in(document, era)):
        facts = (*facts, *partly_zero_losses(code))
    return TrainingSetup(
        document=document,
        era=era,
        runner=runner,
        wrapper="none" if launcher == "none" else wrapper,
        wrapper_key=wrapper_key,
        find_unused=find_unused,
        static_graph=static_graph,
        accumulation=steps,
        checkpoints=sites,
        facts=with_decisions(document, parts, sites, facts),
        unknown=tuple(unknown),
        decided_elsewhere=is_decided_elsewhere(document, runner),
        unread="" if code is None else code.unread,
        not_here=() if code is None else code.not_here,
        broken=() if code is None else code.broken,
        untold=() if code is None else code.untold,
        tells_nothing=code is None or code.tells_nothing,
        same_losses=code is not None and code.reading.same_losses,
        carried=() if code is None else code.carried,
        script=script,
        files=(*(() if code is None else code.reading.files), *script_files(document)),
        unfinished=code is not None and code.reading.unfinished,
    )
