"""What the model's own source says, where it can be found."""

from __future__ import annotations

import os.path as osp
import re
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.values import absent
from mmfix.model.remembered import read_remembered
from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES, LateFreeze, ModelReading, Submodule
from mmfix.openmmlab import packages
from mmfix.python.links import as_seen_from
from mmfix.python.place import ABSENT, BROKEN, Place
from mmfix.repository.importing import named_modules
from mmfix.repository.roots import config_package, source_roots
from mmfix.training.era import MMCV1
from mmfix.training.filtering import leaves_empty_out, lets_none_in
from mmfix.training.parts import Part, default_package
from mmfix.training.script import trains_first
from mmfix.training.types import ModelFact

if TYPE_CHECKING:
    from mmfix.repository.carried import Carried

_MOST_NAMES = 3
#: A class, or a base class, whose source is not here.
_MISSING_CLASS = re.compile(
    r"no class registered as (\S+) was found in|base class (\S+) was not found in|^(\S+), which \S+ uses,"
)


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
        absent = (problem.reason for problem in self.reading.problems if problem.kind == ABSENT)
        found = (_MISSING_CLASS.search(reason) for reason in absent)
        return tuple(dict.fromkeys(_short(match[match.lastindex or 0]) for match in found if match))

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
        reading = ModelReading((), (), (), (), (), (), f"the {stranger} found here is of another era")
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


def facts_from_code(code: CodeReading, parts: List[Part]) -> List[ModelFact]:
    """Unused parameters, late freezing, toggles and repeated use, as read: at most ``likely``."""
    return [*_unused(code), *_late(code, parts), *_toggled(code), *_reused(code)]


def _unused(code: CodeReading) -> List[ModelFact]:
    facts = []
    for verdict, left_to in ((NEVER, ""), (SOMETIMES, "chance"), (SOMETIMES, "count"), (SOMETIMES, "")):
        sure = verdict == NEVER or left_to != ""
        groups: Dict[KeyPath, List[Submodule]] = {}
        for item in code.reading.submodules:
            if (item.verdict, item.left_to) != (verdict, left_to):
                continue
            # in released code this is what an empty batch does, and it was thought of
            if sure or (_is_own(code, item) and not (item.when_full and code.no_empty)):
                groups.setdefault(item.decided_by or (*item.key, "type"), []).append(item)
        for key, items in (_of_one_cause(groups) if verdict == SOMETIMES else groups).items():
            whys = {item.why for item in items}
            why = whys.pop() if len(whys) == 1 else "not used"
            counts = [item.parameters for item in items]  # 0: not certain
            facts.append(
                ModelFact(
                    kind="unused",
                    key=key,
                    type_name=items[0].owner,
                    confidence="likely" if sure else "possible",
                    why=f"{items[0].owner} makes {_names(items)}, {_clause(why, len(items))}.",
                    evidence=_lines(code, items),
                    scope=_shared([item.key for item in items]),
                    varies=verdict == SOMETIMES,
                    inside=all(_is_inside(code, item) for item in items),
                    modules=tuple(item.name for item in items),
                    count=sum(counts) if all(counts) else 0,
                    places=_made_at(code, items) if verdict == NEVER else (),
                )
            )
    return facts


def _made_at(code: CodeReading, items: List[Submodule]) -> Tuple[Place, ...]:
    """The lines that make some parts; none where it is open which of several classes is meant."""
    places = [item.created for item in items if item.created is not None]
    return () if code.reading.ambiguous or len(places) < len(items) else tuple(places)


def _is_inside(code: CodeReading, item: Submodule) -> bool:
    child, _, rest = item.name.partition(".")
    return rest != "" and child in code.reading.reached


def _of_one_cause(groups: Dict[KeyPath, List[Submodule]]) -> Dict[KeyPath, List[Submodule]]:
    """Parts of one class of which no key decides are one group: one early return drops them all."""
    merged: Dict[KeyPath, List[Submodule]] = {}
    beside: Dict[Tuple[str, str], List[KeyPath]] = {}
    for key, items in groups.items():
        if key[-1] == "type" and items[0].decided_by is None:
            holder = (items[0].owner, items[0].name.rpartition(".")[0])
            beside.setdefault(holder, []).append(key)
        else:
            merged[key] = items
    for keys in beside.values():
        shared = keys[0] if len(keys) == 1 else (*_shared([key[:-1] for key in keys]), "type")
        merged.setdefault(shared, []).extend(item for key in keys for item in groups[key])
    return merged


def _shared(keys: List[KeyPath]) -> KeyPath:
    """What several key paths begin with."""
    found = keys[0]
    for key in keys[1:]:
        same = [one == other for one, other in zip(found, key)]
        found = found[: same.index(False) if False in same else len(same)]
    return found


def _is_own(code: CodeReading, item: Submodule) -> bool:
    """Whether the user's own code makes or uses a part, and decides whether it is used."""
    made = item.created is not None and code.is_own(item.created.path, item.owner, item.created.line)
    used = item.used is not None and code.is_own(item.used.path)
    # in a class of a release that somebody added a part to, what else was added is not known
    home = (item.created.path, item.owner) if made and item.created is not None else None
    decides = any(not path or code.is_own(path, cls) or (path, cls) == home for path, cls in item.parted)
    return (made or used) and (decides or not item.parted)


def _clause(why: str, count: int) -> str:
    if why.startswith("its result"):
        return why if count == 1 else "whose results do not reach the loss"
    if why.startswith("whether"):
        return f"and {why}"
    return f"{why}" if not why.startswith("not used") else "which the training step does not use"


def _names(items: List[Submodule]) -> str:
    shown = ", ".join(
        f"{item.name} ({item.class_name})" if index == 0 else item.name
        for index, item in enumerate(items[:_MOST_NAMES])
    )
    more = len(items) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _lines(code: CodeReading, items: Iterable[Submodule]) -> Tuple[str, ...]:
    lines = []
    for item in list(items)[:_MOST_NAMES]:
        if item.created is not None:
            lines.append(f"{code.where(item.created)} makes {item.name}")
        if item.used is not None:
            lines.append(f"{code.where(item.used)} {_deed(item.why)} it")
    return tuple(lines)


def _deed(why: str) -> str:
    return "would use" if why.startswith("not used") else "uses"


def _late(code: CodeReading, parts: List[Part]) -> List[ModelFact]:
    values = {part.path: part.node for part in parts}
    groups: Dict[Tuple[KeyPath, str, str], List[LateFreeze]] = {}
    for item in code.reading.late_freezes:
        key = item.decided_by or (*item.key, "type")
        groups.setdefault((key, item.phase, item.class_name), []).append(item)
    facts = []
    for (key, phase, name), items in _with_their_key(groups).items():
        if absent(values.get(key[:-1]), key[-1]) is not None:
            continue  # a base that is not here alone could make it freeze
        when = "train()" if phase == "train" else "init_weights()"
        cause = ""
        if items[0].decided_by is not None:
            node = values.get(key[:-1], {})
            cause = f", because {key[-1]}={node[key[-1]]!r}" if key[-1] in node else f"; {key[-1]} decides"
        frozen = tuple(name for item in items for name in item.names)
        count = f"{len(frozen)} parameters" if len(frozen) > 1 else "a parameter"
        lines = [f"{code.where(item.place)} freezes after the wrap" for item in items if item.place]
        facts.append(
            ModelFact(
                kind="late-freeze",
                key=key,
                type_name=name,
                confidence="likely",
                why=f"{name} freezes {count} in {when}, after the DDP wrap{cause}.",
                evidence=tuple(lines[:_MOST_NAMES]),
                scope=items[0].key,
                modules=frozen,
                count=0 if code.reading.trainable is None else len(frozen),
                places=() if code.reading.ambiguous else tuple(filter(None, (item.place for item in items))),
            )
        )
    return facts


def _with_their_key(
    groups: Dict[Tuple[KeyPath, str, str], List[LateFreeze]],
) -> Dict[Tuple[KeyPath, str, str], List[LateFreeze]]:
    """Lines behind which no key was seen go to the key of the other lines of the same class."""
    found: Dict[Tuple[KeyPath, str, str], List[LateFreeze]] = {}
    for group, items in sorted(groups.items(), key=lambda item: item[1][0].decided_by is None):
        same = [other for other in found if other[1:] == group[1:] and found[other][0].key == items[0].key]
        found.setdefault(same[0] if same and items[0].decided_by is None else group, []).extend(items)
    return found


def _toggled(code: CodeReading) -> List[ModelFact]:
    return [
        ModelFact(
            kind="toggled",
            key=item.decided_by or (*item.key, "type"),
            type_name="",
            confidence="likely",
            why="The training step itself switches requires_grad of parameters.",
            evidence=(f"{code.where(item.place)} sets requires_grad while training",),
            scope=item.key,
        )
        for item in code.reading.toggles
    ]


def _reused(code: CodeReading) -> List[ModelFact]:
    return [
        ModelFact(
            kind="reused",
            key=item.switch or (*item.key, "type"),
            type_name=item.class_name,
            confidence="likely" if item.reused else "possible",
            why=f"In one training step the checkpoint in {item.class_name} "
            f"{'runs' if item.reused else 'may run'} a module more than once.",
            evidence=(f"{code.where(item.place)} {'runs' if item.reused else 'may run'} more than once",),
            scope=item.key,
        )
        for item in code.reading.checkpoints
        # in released packages a loop of unknown length was tried with more than one turn
        if item.reused or (item.reused is None and code.own)
    ]
