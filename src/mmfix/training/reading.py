"""What the model's own source says, where it can be found."""

from __future__ import annotations

import os.path as osp
from typing import TYPE_CHECKING, Any, Dict, Iterable, NamedTuple, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.model.remembered import read_remembered
from mmfix.model.types import CANNOT_TELL, ModelReading
from mmfix.openmmlab import packages
from mmfix.python.links import as_seen_from
from mmfix.python.place import ABSENT, BROKEN, Place
from mmfix.repository.importing import named_modules
from mmfix.repository.roots import config_package, source_roots
from mmfix.training.era import MMCV1
from mmfix.training.filtering import leaves_empty_out, lets_none_in
from mmfix.training.parts import default_package
from mmfix.training.script import trains_first
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.repository.carried import Carried

_MOST_NAMES = 3


class CodeReading(NamedTuple):
    """A reading, and what is needed to speak of it.

    Attributes:
        reading: What was read.
        roots: The directories the source was looked for in.
        own: The source is the user's own repository, not an installed package.
        no_empty: Every training dataset leaves images without ground truth out.
        carried: The released packages that the source lies in, where they are in that repository.
    """

    reading: ModelReading
    roots: Tuple[str, ...]
    own: bool
    no_empty: bool = False
    carried: Tuple[Carried, ...] = ()

    def where(self, place: Optional[Place]) -> str:
        """``mmdet/models/backbones/swin.py:468``: a line, from the repository or what the package lies in."""
        if place is None:
            return ""
        return f"{as_seen_from(self.roots, place.path)}:{place.line}"

    @property
    def unread(self) -> str:
        """Why the training step could not be followed to its end; empty when it was."""
        problems = self.reading.problems
        missing = [problem.reason for problem in problems if problem.kind == ABSENT]
        broken = self.broken if missing else ()
        return next(iter([*broken, *missing]), self.reading.gave_up)

    def is_own(self, path: str, name: str = "", line: int = 0) -> bool:
        """Whether code is the user's own: not installed, and not a released package's that lies beside it.

        Args:
            path: A file.
            name: A class or function in it.
            line: Where that makes the attribute in question.
        """
        below = tuple(root.rstrip(osp.sep) + osp.sep for root in self.roots)
        if not self.own or not path.startswith(below) or "site-packages" in path:
            return False
        return not any(carried.has(path, name, line) for carried in self.carried)

    @property
    def not_here(self) -> Tuple[str, ...]:
        """The classes and base classes that have no source here: ``NewBEV``, ``ResLayer (mmdet3d)``."""
        names = (problem.name for problem in self.reading.problems if problem.kind == ABSENT)
        return tuple(dict.fromkeys(_short(name) for name in names if name))

    @property
    def broken(self) -> Tuple[str, ...]:
        """The source files that cannot be read, where a class is not here: it may be in one of them."""
        found = (problem for problem in self.reading.problems if problem.kind == BROKEN)
        return tuple(f"{self.where(problem.place)}: {problem.reason}" for problem in found)

    @property
    def untold(self) -> Tuple[str, ...]:
        """The parts of which the source does not tell whether the loss reaches them: ``FPN.convs``."""
        lost = [item for item in self.reading.submodules if item.verdict == CANNOT_TELL]
        names = [f"{item.owner}.{_own_name(item.name)}" for item in lost if item.name]
        return tuple(dict.fromkeys([*self._unknown.values(), *names]))

    @property
    def tells_nothing(self) -> bool:
        """Whether no part of the model has a verdict: none can be told, or no parameter of it is known."""
        blind = any(item.verdict == CANNOT_TELL and not item.name for item in self.reading.submodules)
        known = any(built.parameters and built.key not in self._unknown for built in self.reading.built)
        return bool(self.reading.gave_up) or blind or not known

    @property
    def _unknown(self) -> Dict[KeyPath, str]:
        """Config dicts with parameters of which it is not known whether they train, and the class of each."""
        told = {item.key for item in self.reading.late_freezes} | {item.key for item in self.reading.toggles}
        return {
            built.key: built.class_name
            for built in self.reading.built
            if built.parameters > built.frozen and not built.waited_for and built.key not in told
        }

    def is_built(self, key: KeyPath) -> bool:
        """Whether the class behind a config dict was found in source and made."""
        return any(built.key == key and built.place is not None for built in self.reading.built)


def _own_name(name: str) -> str:
    """``cls_branches.0`` of ``head.cls_branches.0``: the last name that says something, and what is below."""
    parts = name.split(".")
    start = next((at for at in range(len(parts) - 1, 0, -1) if not parts[at].isdigit()), 0)
    return ".".join(parts[start:])


def _short(dotted: str) -> str:
    """``MVXTwoStageDetector (mmdet3d)`` for the full name of a class; a plain name stays."""
    package, _, rest = dotted.partition(".")
    return f"{rest.rpartition('.')[2]} ({package})" if rest else dotted


def code_reading(
    document: ConfigDocument, era: str, runner: str, seconds: Optional[float] = None
) -> Optional[CodeReading]:
    """What the source of a config's model says; None for a config without a model that is a dict.

    Args:
        document: The config.
        era: Its era.
        runner: The kind of its runner.
        seconds: CPU time that the reading may take; None for the default.
    """
    model = document.tree.get("model")
    if not isinstance(model, dict):
        return None
    roots = source_roots(document.path, document.tree, document.homes, document.roots)
    package = config_package(document.path)
    scope = default_package(document) or package
    named = named_modules(document.path, document.tree)
    reading = read_remembered(
        model, roots, era, scope, runner != "FlexibleRunner", named, seconds, _beside(document, era)
    )
    stranger = of_another_era(reading.files, era)
    if stranger:
        reading = ModelReading(
            (), (), (), (), (), (), say("the {package} found here is of another era", package=stranger)
        )
    if reading.late_freezes and trains_first(document, runner):
        reading = reading.trained_first
    own = package is None
    filters = lets_none_in if era == MMCV1 else leaves_empty_out
    carried = _carried(reading.files, roots) if own else ()
    return CodeReading(reading, roots, own, filters(document.tree), carried)


def _carried(files: Tuple[str, ...], roots: Tuple[str, ...]) -> Tuple[Carried, ...]:
    if not files:
        return ()
    from mmfix.repository.carried import carried_among  # needed only where source was read

    return carried_among(files, roots)


def _beside(document: ConfigDocument, era: str) -> Dict[str, Any]:
    """What the builders of the mmcv 1.x era hand to the model from the top of the config."""
    found = {name: document.tree.get(name) for name in ("train_cfg", "test_cfg")}
    return {name: value for name, value in found.items() if isinstance(value, dict) and era == MMCV1}


def of_another_era(files: Iterable[str], era: str) -> str:
    """The package among the source files that is not of the config's era; empty when there is none.

    From their MMEngine era on, packages have a module ``registry`` (mmdet 3.0, mmsegmentation 1.0, ...).
    """
    of_both = {each.name for each in packages().values() if each.configs and len(each.eras) > 1}
    folders: Dict[str, str] = {}
    for file in files:
        for name in of_both.intersection(file.split(osp.sep)):
            folders[file[: file.index(f"{osp.sep}{name}{osp.sep}") + len(name) + 1]] = name
    for folder, name in folders.items():
        modern = any(osp.exists(osp.join(folder, module)) for module in ("registry.py", "registry"))
        if osp.isfile(osp.join(folder, "version.py")) and modern is (era == MMCV1):
            return name
    return ""
