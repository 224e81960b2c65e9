"""Cure configs in the base that sets the value, with all configs that inherit it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Callable, Container, Dict, List, Optional, Sequence, Set, Tuple

from mmfix.config.family import repository_root
from mmfix.config.keypath import KeyPath, format_key
from mmfix.config.reader import Reader
from mmfix.errors import MmfixError, PatchError
from mmfix.findings import Override
from mmfix.jobs.accounting import unfit
from mmfix.jobs.checking import judge_document, problem_of
from mmfix.jobs.heirs import Heir, Heirs
from mmfix.jobs.patching import Options, choose, written
from mmfix.jobs.places import NOT_IN_BASE, about_elsewhere, about_heirs, places_of
from mmfix.jobs.selecting import Selection, reader_for, select
from mmfix.patches import Verifier, before_block, planned, set_in_one_file
from mmfix.project.held import held
from mmfix.python.links import inside, is_installed
from mmfix.remedies.next import what_to_look_for
from mmfix.results.patched import PatchResult
from mmfix.results.place import display_path
from mmfix.training import era, is_trainable
from mmfix.wording import say

_MOST_NAMED = 5


@dataclass
class _Wish:
    """What configs want of a base.

    Attributes:
        overrides: The values that are to be changed in it.
        remedies: The cures.
        asked: The configs.
    """

    overrides: Dict[KeyPath, Override] = field(default_factory=dict)
    remedies: Dict[str, None] = field(default_factory=dict)
    asked: List[str] = field(default_factory=list)

    def add(self, path: str, remedies: Sequence[str], overrides: Sequence[Override]) -> None:
        """Take in what one config wants.

        Raises:
            PatchError: Another one wants another value.
        """
        for override in overrides:
            if self.overrides.setdefault(override.key, override).value != override.value:
                raise PatchError(
                    say(
                        "configs that inherit this base want two values of {key}",
                        key=format_key(override.key),
                    ),
                    hint=say("name one of them, or leave --edit-base away"),
                )
        self.remedies.update(dict.fromkeys(remedies))
        self.asked.append(path)


def edit_bases(
    selection: Selection, options: Options, jobs: int = 1, tick: Optional[Callable[[], None]] = None
) -> Tuple[Selection, Tuple[PatchResult, ...]]:
    """Change values in the bases that set them, for configs all of whose cures stand in one base.

    A base is written when every config that inherits it and would change by that is cured of something, or
    ``options.all_heirs`` is set, and none gets a new error or warning.

    Args:
        selection: The configs; those that were not named, only a base of theirs, want something of that base.
        options: What is wanted.
        jobs: In how many processes they are judged.
        tick: Called ten times a second.

    Returns:
        What is left to be patched otherwise, and a result for each base and for what needs nothing more.
    """
    heirs = Heirs(selection.paths, options.settings, jobs, tick)
    wishes, refused = _wishes(selection, options)
    results = [PatchResult(base, base, error=problem_of(error, base)) for base, error in refused.items()]
    texts: Dict[str, str] = {}
    settled: Dict[str, PatchResult] = {}
    changed: Set[str] = set()
    with Verifier() as verifier:
        for base, wish in sorted(wishes.items()):
            found: List[Heir] = []
            try:
                result = _edit(base, wish, options, verifier, heirs, texts, found)
            except MmfixError as error:
                result = PatchResult(base, base, error=problem_of(error, base))
            results.append(replace(result, heirs=tuple(heir.path for heir in found)))
            if result.error is None and not result.changed:
                continue  # the configs are patched instead
            changed.update(heir.path for heir in found if result.changed)
            for heir in (*(Heir(path) for path in wish.asked), *found):
                left = heir.left if result.error is None else (*heir.left, *heir.cured)
                if heir.path in selection.paths:
                    settled[heir.path] = PatchResult(
                        heir.path, heir.path, left=left, fail_on=options.settings.fail_on
                    )
    rest = replace(
        selection,
        paths=tuple(path for path in selection.paths if path not in settled),
        inherited=tuple(path for path in selection.inherited if path not in changed),
        reader=reader_for(options.settings) if options.write else selection.reader,
    )
    return rest, (*results, *settled.values())


def edit_base_of(path: str, options: Options) -> Optional[PatchResult]:
    """The same for one config; None where no base can be changed for it.

    Raises:
        MmfixError: Its base is not changed, and why.
    """
    selection = select([path], settings=options.settings)
    wishes, refused = _wishes(selection, options)
    for error in refused.values():
        raise error
    for base, wish in wishes.items():
        found: List[Heir] = []
        heirs = Heirs(selection.paths, options.settings, 1, None)
        with Verifier() as verifier:
            result = _edit(base, wish, options, verifier, heirs, {}, found)
        if result.changed:
            return replace(result, heirs=tuple(heir.path for heir in found))
    return None


def _wishes(selection: Selection, options: Options) -> Tuple[Dict[str, _Wish], Dict[str, PatchError]]:
    """What the configs of a selection want of their bases, by base; and why some of these cannot have it."""
    wishes: Dict[str, _Wish] = {}
    refused: Dict[str, PatchError] = {}
    for path in (*selection.paths, *selection.inherited):
        bases = None if path in selection.paths else selection.bases
        try:
            base, remedies, overrides = _wish(path, selection.reader, options, bases)
        except MmfixError:
            continue  # it is told where the config itself is patched
        try:
            if base:
                wishes.setdefault(base, _Wish()).add(path, remedies, overrides)
        except PatchError as error:
            error.path = base
            refused[base] = error
    return {base: wish for base, wish in wishes.items() if base not in refused}, refused


def _wish(
    path: str, reader: Reader, options: Options, bases: Optional[Container[str]]
) -> Tuple[str, Tuple[str, ...], Tuple[Override, ...]]:
    """The base that sets all values that the cures of a config change, and these; empty without one."""
    document = reader.load(path)
    document = before_block(document, reader) if options.remedy else document
    nothing: Tuple[str, Tuple[str, ...], Tuple[Override, ...]] = "", (), ()
    if unfit(document) is not None or not is_trainable(document) or document.missing:
        return nothing
    settings = held(options.settings, path).settings
    choice = choose(judge_document(document, settings).findings, options.remedy, settings)
    base = set_in_one_file(document, choice.overrides)
    if base in ("", document.path) or (bases is not None and base not in bases):
        return nothing
    return base, choice.remedies, choice.overrides


def _edit(
    base: str,
    wish: _Wish,
    options: Options,
    verifier: Verifier,
    heirs: Heirs,
    texts: Dict[str, str],
    found: List[Heir],
) -> PatchResult:
    """Change a base, with all that inherit it.

    Args:
        texts: Of bases that were changed before, the texts; this one's comes to them.
        found: Gets the configs that change.

    Raises:
        MmfixError: It is not changed, and why.
    """
    _require_own(base, wish.asked)
    settings = options.settings
    reader = reader_for(settings, texts)
    document = reader.load(base)
    overrides = tuple(wish.overrides.values())
    made = planned(document, overrides, reader, True, True)
    if made.elsewhere:
        return PatchResult(base, base, notes=about_elsewhere(document, made, NOT_IN_BASE))
    if options.no_loader:
        made = planned(document, overrides, reader, False, True)
    after = made.data.decode("utf-8")
    found += heirs.of(base, texts, after, overrides)
    _require_cured(base, wish, found, options.all_heirs)
    then = {**texts, base: after}
    confirmed_by = ""
    if options.loads:
        first = {path: text.encode("utf-8") for path, text in {**texts, base: document.text}.items()}
        last = {path: text.encode("utf-8") for path, text in then.items()}
        for heir in found:
            if not heir.problem:
                config = reader.load(heir.path)
                confirmed_by = verifier.verify_heir(config, first, last, heir.overrides, era(config))
    before = document.text.encode("utf-8")
    if options.write:
        written(base, made.data, before)
    texts[base] = after
    example = reader_for(settings, then).load(wish.asked[0])
    return PatchResult(
        base,
        base,
        before,
        made.data,
        written=options.write and made.data != before,
        remedies=tuple(wish.remedies),
        overrides=overrides,
        confirmed_by=confirmed_by,
        fail_on=settings.fail_on,
        look_for=what_to_look_for(example, tuple(wish.remedies)),
        places=places_of(made.places),
        notes=about_heirs(found),
    )


def _require_own(base: str, asked: Sequence[str]) -> None:
    """Refuse to edit what is not of the repository of the configs that want it.

    Raises:
        PatchError: It is not.
    """
    real = os.path.realpath(base)
    root = repository_root(base)
    if real != os.path.join(os.path.realpath(root), os.path.relpath(base, root)):
        raise PatchError(
            say("is a link to {file}, and is not changed under this name", file=display_path(real)),
            base,
            hint=say(
                "let configs inherit the file itself; without --edit-base, the config itself is patched"
            ),
        )
    for path in asked:
        if is_installed(real) or not inside(real, os.path.realpath(repository_root(path))):
            raise PatchError(
                say("is not changed: it is no file of the repository of {config}", config=display_path(path)),
                base,
                hint=say("without --edit-base, the config itself is patched"),
            )


def _require_cured(base: str, wish: _Wish, heirs: Sequence[Heir], all_heirs: bool) -> None:
    """Refuse a change that a config that inherits the base has no use for, or suffers from.

    Raises:
        PatchError: There is one.
    """
    by_hand = say("without --edit-base, the configs that you name are patched themselves")
    for heir in heirs:
        if heir.beside:
            message = say(
                "is not changed: {config} would also change in {key}",
                config=display_path(heir.path),
                key=heir.beside,
            )
            raise PatchError(message, base, hint=by_hand)
    changed = {heir.path: {item.key for item in heir.overrides} for heir in heirs}
    for path in wish.asked:
        for key in wish.overrides:
            if key not in changed.get(path, ()):
                message = say(
                    "is not changed: that would not set {key} in {config}",
                    key=format_key(key),
                    config=display_path(path),
                )
                raise PatchError(message, base, hint=by_hand)
    caused = [heir for heir in heirs if heir.caused]
    if caused:
        codes = ", ".join(sorted({finding.code for heir in caused for finding in heir.caused}))
        raise PatchError(
            say("is not changed: that would cause {rules} in {configs}", rules=codes, configs=_named(caused)),
            base,
            hint=by_hand,
        )
    idle = [heir for heir in heirs if not heir.cured]
    if idle and not all_heirs:
        raise PatchError(
            say(
                "is not changed: it cures nothing in {count} of the {total} configs that would change: "
                "{names}",
                count=len(idle),
                total=len(heirs),
                names=_named(idle),
            ),
            base,
            hint=f"{say('--all-heirs changes it all the same')}; {by_hand}",
        )


def _named(heirs: Sequence[Heir]) -> str:
    shown = ", ".join(display_path(heir.path) for heir in heirs[:_MOST_NAMED])
    if len(heirs) > _MOST_NAMED:
        return say("{names} and {count} more", names=shown, count=len(heirs) - _MOST_NAMED)
    return shown
