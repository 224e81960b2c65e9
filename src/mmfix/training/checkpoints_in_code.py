"""Checkpoint calls read from the model's source, beside what the table of classes knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Optional, Tuple

from mmfix.config.keypath import KeyPath
from mmfix.model.types import CheckpointUse
from mmfix.training.at_hand import kept_site
from mmfix.training.doubts import doubt_of, doubts
from mmfix.training.parts import Part
from mmfix.training.reading import CodeReading
from mmfix.training.switches import off_value
from mmfix.training.types import CheckpointSite


def with_code(sites: List[CheckpointSite], parts: List[Part], code: CodeReading) -> List[CheckpointSite]:
    """The sites, corrected and completed by what was read.

    A call that was followed says more than the name of a key: whether it is reentrant, guarded, and what its
    input is. It may also be on by default, or always. Of a call that was not followed, the file of its class
    says more than a table of other files.
    """
    uses: Dict[KeyPath, List[CheckpointUse]] = {}
    for use in code.reading.checkpoints:
        uses.setdefault(use.switch or (*use.key, "type"), []).append(use)
    by_path = {part.path: part for part in parts}
    corrected = [_corrected(site, uses.pop(site.key, []), by_path[site.key[:-1]], code) for site in sites]
    added = [
        _site(key, found, by_path[key[:-1]].node if key[:-1] in by_path else {}, code)
        for key, found in uses.items()
    ]
    doubtful = doubts(code, parts)
    return [_if_sure(site, doubtful) for site in (*corrected, *added) if site is not None]


def _if_sure(site: CheckpointSite, doubtful: Dict[KeyPath, str]) -> CheckpointSite:
    """The site, without calls where it is open which of several classes makes them."""
    if all(doubt_of(call.key, doubtful) is None for call in site.calls):
        return site
    return replace(site, calls=(), in_doubt=True)


def _corrected(
    site: CheckpointSite, uses: List[CheckpointUse], part: Part, code: CodeReading
) -> Optional[CheckpointSite]:
    if not uses:
        return kept_site(site, part, code)
    if site.known and not code.own:  # the table was made from this code
        return replace(site, input_has_grad=_input_has_grad(uses, site.input_has_grad))
    return replace(
        site,
        reentrant=_reentrant(uses),
        guarded=all(use.guarded for use in uses),
        evidence=code.where(uses[0].place),
        known=True,
        input_has_grad=_input_has_grad(uses, site.input_has_grad),
        counts_layers=any(use.library == "fairscale" for use in uses),
        explicit=any(use.reentrant is True for use in uses),
        calls=_reentrant_calls(uses),
    )


def _site(key: KeyPath, uses: List[CheckpointUse], node: Dict[Any, Any], code: CodeReading) -> CheckpointSite:
    """A checkpoint that no key of the config switches on: its class does by default, or always."""
    switch = uses[0].switch
    in_config = key[-1] in node and switch is not None
    value = node[key[-1]] if in_config else True
    return CheckpointSite(
        key=key,
        value=value,
        in_config=in_config,
        off=off_value(value, None) if switch is not None else None,
        type_name=uses[0].class_name,
        reentrant=_reentrant(uses),
        guarded=all(use.guarded for use in uses),
        evidence=code.where(uses[0].place),
        known=True,
        input_has_grad=_input_has_grad(uses, None),
        counts_layers=any(use.library == "fairscale" for use in uses),
        explicit=any(use.reentrant is True for use in uses),
        calls=_reentrant_calls(uses),
    )


def _reentrant_calls(uses: List[CheckpointUse]) -> Tuple[CheckpointUse, ...]:
    """The calls that a cure would change."""
    return tuple(use for use in uses if use.reentrant is not False)


def _reentrant(uses: List[CheckpointUse]) -> Optional[bool]:
    """``use_reentrant`` left out is reentrant (torch 2.13 torch/utils/checkpoint.py: checkpoint)."""
    return any(use.reentrant is not False for use in uses)


def _input_has_grad(uses: List[CheckpointUse], otherwise: Optional[bool]) -> Optional[bool]:
    found: Tuple[Optional[bool], ...] = tuple(use.input_has_grad for use in uses if not use.guarded)
    if any(has_grad is False for has_grad in found):
        return False
    return True if found and all(found) else otherwise
