"""The model of a config as a tree: which dict makes which module, and what training does to it."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, Optional

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName
from mmfix.errors import MmfixError
from mmfix.model.knowledge.openmmlab.registries import torch_layer
from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES, USED, Built, Submodule
from mmfix.python.place import ABSENT, Place
from mmfix.remedies.graph import NONREENTRANT_MODULE, custom_imports
from mmfix.repository.importing import named_modules
from mmfix.repository.library import Library
from mmfix.repository.registries import is_helper
from mmfix.repository.roots import config_package
from mmfix.results.model import (
    IN_MODEL,
    NOT_FOLLOWED,
    NOT_FOUND,
    NOT_IN_MODEL,
    Checkpoint,
    CodeLine,
    Freezing,
    ModelPart,
    ModelRow,
    ModelTree,
)
from mmfix.results.place import display_place
from mmfix.training.era import era
from mmfix.training.parts import Part, model_parts
from mmfix.training.reading import CodeReading, code_reading
from mmfix.training.top_level import meant_by, read_keys
from mmfix.training.wrapping import runner_kind
from mmfix.wording import say

_WORST_FIRST = (NEVER, SOMETIMES, CANNOT_TELL)
#: Packages of layers, which builders such as ``build_norm_layer`` make from parts of a dict.
_LAYERS = ("mmcv", "mmengine", "torch")
#: Keys of dicts that such builders take, and of layers put into a backbone.
_LAYER_KEYS = ("norm_cfg", "act_cfg", "conv_cfg", "upsample_cfg", "padding_cfg", "dropout_layer", "plugins")


def set_instead(document: ConfigDocument, key: Optional[str]) -> str:
    """What a config sets under a misspelt name in place of a key; empty where it does not."""
    kind = era(document)
    for name in document.tree if key in read_keys(kind) else ():
        if meant_by(str(name), kind) == key:
            origin = document.origin((name,))
            if origin is None:
                return say("it sets {key} instead, which nobody reads", key=name)
            place = display_place(origin.path, origin.line)
            return say("{place} sets {key} instead, which nobody reads", place=place, key=name)
    return ""


def model_tree(document: ConfigDocument) -> ModelTree:
    """What the source of a config's model says, config dict by config dict.

    Raises:
        MmfixError: The config has no model, or the model could not be known.
    """
    generation = era(document)
    code = code_reading(document, generation, runner_kind(document, generation, []))
    if code is None:
        raise _no_model(document)
    view = _View(code, document)
    problems: Dict[str, Optional[CodeLine]] = {}
    for item in code.reading.problems:
        problems.setdefault(item.reason, view.line(item.place))
    gave_up = code.reading.gave_up
    return ModelTree(
        document.path,
        document.kind,
        generation,
        tuple(view.rows()),
        tuple(item for item in problems.items() if not gave_up or not item[0].endswith(gave_up)),
        gave_up,
    )


def _no_model(document: ConfigDocument) -> MmfixError:
    model = document.tree.get("model")
    if isinstance(model, Unknown):
        return MmfixError(say("the model cannot be known: {why}", why=model.reason), document.path)
    return MmfixError(
        say("there is no model in this config"), document.path, hint=say("name a config that has one")
    )


class _View:
    """One config and what was read from the source of its model."""

    def __init__(self, code: CodeReading, document: ConfigDocument) -> None:
        self._code = code
        self._document = document
        self._library = Library(code.roots)
        self._scope = config_package(document.path)
        self._named = named_modules(document.path, document.tree)
        self._built = {built.key: built for built in code.reading.built}
        self._not_found = {item.name for item in code.reading.problems if item.kind == ABSENT}
        self._nonreentrant = NONREENTRANT_MODULE in custom_imports(document)

    def line(self, place: Optional[Place]) -> Optional[CodeLine]:
        """A place as people see it."""
        return None if place is None else self._line_at(place)

    def _line_at(self, place: Place) -> CodeLine:
        return CodeLine(self._code.where(place).rpartition(":")[0], place.line)

    def rows(self) -> Iterator[ModelRow]:
        """In the order of the config."""
        parts = model_parts(self._document, [])
        absent: Dict[KeyPath, str] = {}
        for part in parts:
            built = self._built.get(part.path)
            if built is not None:
                yield self._row(built)
                continue
            row = self._absent(part, self._owner(part.path, absent))
            if row is not None:
                absent[part.path] = row.exists
                yield row
        paths = {part.path for part in parts}
        for key, built in self._built.items():
            if key not in paths:
                yield self._row(built)

    def _owner(self, key: KeyPath, absent: Dict[KeyPath, str]) -> str:
        """Whether the nearest module above is in the model."""
        for end in range(len(key) - 1, 0, -1):
            if key[:end] in self._built:
                return IN_MODEL
            if key[:end] in absent:
                return absent[key[:end]]
        return NOT_FOLLOWED

    def _absent(self, part: Part, owner: str) -> Optional[ModelRow]:
        """A dict that made no module; None if it was not to make one: a helper, a layer of mmcv or torch."""
        kind = part.node.get("type")
        if part.name is None or kind is None or torch_layer(part.name) is not None:
            return None
        found = self._library.find(part.name, part.package or self._scope, named=self._named).candidates
        if not found:
            # an owner may look a layer up without a registry, as mmdet does with `roi_layer`
            missed = owner != IN_MODEL or part.name in self._not_found
            row = ModelRow(part.path, part.name, None, NOT_FOUND)
            return row if missed and not self._is_importable(kind) else None
        best = found[0]
        if is_helper(best.registry) or best.module.partition(".")[0] in _LAYERS:
            return None
        if any(str(step).endswith(_LAYER_KEYS) for step in part.path):
            return None
        followed = self._code.reading.all_built and owner in (IN_MODEL, NOT_IN_MODEL)
        exists = NOT_IN_MODEL if followed else NOT_FOLLOWED
        return ModelRow(part.path, part.name, self.line(Place(best.path, best.line)), exists)

    def _is_importable(self, kind: Any) -> bool:
        """True for an imported name that is in the source, in a registry or not."""
        if not isinstance(kind, LazyName):
            return False
        module, _, name = kind.path.rpartition(".")
        return self._library.where(module, name) is not None

    def _row(self, built: Built) -> ModelRow:
        reading = self._code.reading
        parts = [item for item in reading.submodules if self._is_at(item.key, built)]
        return ModelRow(
            key=built.key,
            class_name=built.class_name,
            defined=self.line(built.place),
            exists=IN_MODEL,
            verdict=self._verdict(built, parts),
            parameters=built.parameters,
            frozen=built.frozen,
            parts=(*self._unknown(built), *(self._part(item, built.name) for item in parts)),
            checkpoints=tuple(self._checkpoints(built)),
            freezings=tuple(self._freezings(built)),
        )

    def _unknown(self, built: Built) -> Iterator[ModelPart]:
        """The module itself, where something in it is not known and nothing that is known is trained."""
        if built.unknown and self._verdict(built, ()) == CANNOT_TELL:
            yield ModelPart("", built.class_name, CANNOT_TELL, built.unknown, None, None, None)

    def _is_at(self, key: KeyPath, built: Built) -> bool:
        """Whether ``built`` has the nearest row at or above ``key``."""
        while key not in self._built and len(key) > 1:
            key = key[:-1]
        return key == built.key

    def _below(self, built: Built) -> List[Built]:
        return [other for key, other in self._built.items() if key[: len(built.key)] == built.key]

    def _verdict(self, built: Built, parts: Iterable[Submodule]) -> Optional[str]:
        if all(other.parameters == other.frozen for other in self._below(built)):
            return CANNOT_TELL if built.unknown else None
        for item in self._code.reading.submodules:
            if item.name and (built.name == item.name or built.name.startswith(f"{item.name}.")):
                return item.verdict
        found = {item.verdict for item in parts}
        for verdict in _WORST_FIRST:
            if verdict in found:
                return verdict
        judged = any(other.waited_for for other in self._below(built))
        return USED if judged and not self._code.reading.gave_up else CANNOT_TELL

    def _part(self, item: Submodule, above: str) -> ModelPart:
        name = item.name
        if above:
            name = "" if name == above else name[len(above) + 1 :] if name.startswith(f"{above}.") else name
        return ModelPart(
            name,
            item.class_name,
            item.verdict,
            item.why,
            self.line(item.created),
            self.line(item.used),
            item.decided_by,
        )

    def _checkpoints(self, built: Built) -> Iterator[Checkpoint]:
        for item in self._code.reading.checkpoints:
            if self._is_at(item.key, built):
                kind = item.library
                if kind == "torch":
                    reentrant = not self._nonreentrant if item.reentrant is None else item.reentrant
                    kind = "reentrant" if reentrant else "non-reentrant"
                yield Checkpoint(kind, item.switch, self._line_at(item.place))

    def _freezings(self, built: Built) -> Iterator[Freezing]:
        for late in self._code.reading.late_freezes:
            if self._is_at(late.key, built):
                yield Freezing(late.phase, self.line(late.place), late.decided_by)
        for toggle in self._code.reading.toggles:
            if self._is_at(toggle.key, built):
                yield Freezing("step", self.line(toggle.place), toggle.decided_by)
