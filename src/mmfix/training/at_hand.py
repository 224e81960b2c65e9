"""The user's own source behind the classes of a config: where it is at hand, no table speaks for it.

A row of a table was read off one file of one release or repository. A class of the same name in the user's
own files is another class, unless these files are a copy of that package.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import replace
from functools import lru_cache
from typing import Iterable, Iterator, List, Optional, Tuple

from mmfix.python.disk import stamp
from mmfix.python.place import Place
from mmfix.python.source import read_bytes
from mmfix.python.trees import dotted
from mmfix.repository.source import MODELS, parse_bytes
from mmfix.training.parts import Part
from mmfix.training.reading import CodeReading
from mmfix.training.types import CheckpointSite, ModelFact
from mmfix.training.unused import by_name
from mmfix.wording import say

#: The file that a line of evidence names, ``mmdet/models/backbones/swin.py``, and the release it is of.
_FILE = re.compile(r"(?:^|\s)([\w.-]+(?:/[\w.-]+)*\.py)\b")
_RELEASE = re.compile(r"(mm\w+) \d")
_FREEZING = re.compile("requires_grad|freez")


def own_file(part: Part, code: CodeReading) -> str:
    """The file of the user's repository that defines the class of a part; empty when there is none."""
    if part.name is None or "type" not in part.node:
        return ""
    for built in code.reading.built:
        if built.key == part.path and built.place is not None:
            return built.place.path if code.is_own(built.place.path) else ""
    file = next((file for key, file in code.reading.unmade if key == part.path), "")
    return file if file and code.is_own(file) else ""


def kept_facts(facts: Iterable[ModelFact], parts: List[Part], code: CodeReading) -> Iterator[ModelFact]:
    """The facts of tables, without those about another class than the one at hand."""
    by_path = {part.path: part for part in parts}
    for fact in facts:
        part = by_path.get(fact.key[:-1])
        file = "" if part is None else own_file(part, code)
        if (
            part is None
            or not file
            or by_name(fact.key) in fact.evidence
            or any(_is_copy(line, file) for line in fact.evidence)
        ):
            yield fact
        elif fact.kind == "late-freeze":
            line = _freezes_in_train(part.name or "", file, stamp(file))
            if line:  # the file at hand does what the table says of the other one
                where = code.where(Place(file, line))
                yield replace(
                    fact, confidence="likely", evidence=(say("{place} freezes after the wrap", place=where),)
                )


def kept_site(site: CheckpointSite, part: Part, code: CodeReading) -> Optional[CheckpointSite]:
    """A checkpoint that a table knows and no reading has followed, as the file at hand tells of it.

    Where that file calls a reentrant checkpoint, it says the same, and is the evidence. Where it calls none,
    a switch is no more than a name, and without a switch there is nothing to say.
    """
    file = own_file(part, code) if site.known else ""
    if not file:
        return site
    calls = _checkpoint_calls(file, stamp(file))
    line = next((line for line, reentrant in calls if reentrant), 0)
    if line:
        return replace(site, evidence=code.where(Place(file, line)))
    if not calls and _is_copy(site.evidence, file):
        return site  # the call is in another file of the same package
    if calls or site.key[-1] == "type" or not site.in_config:
        return None
    return replace(
        site, known=False, guarded=None, evidence=say("the name of the key {key}", key=site.key[-1])
    )


def module_of(file: str) -> Optional[ast.Module]:
    """The syntax tree of a source file; None where it cannot be read."""
    return _tree(file, stamp(file))


def _is_copy(evidence: str, file: str) -> bool:
    """Whether a file lies in the released package that evidence is about, or is the very file it names."""
    release, named = _RELEASE.match(evidence), _FILE.search(evidence)
    if release is not None and release.group(1) in file.split(os.sep):
        return True
    return named is not None and file.endswith(os.sep + named.group(1).replace("/", os.sep))


@lru_cache(maxsize=64)
def _tree(file: str, changed: Optional[str]) -> Optional[ast.Module]:
    data, problem = read_bytes(file, MODELS)
    return None if problem is not None else parse_bytes(data, file)[0]


@lru_cache(maxsize=64)
def _checkpoint_calls(file: str, changed: Optional[str]) -> Tuple[Tuple[int, bool], ...]:
    """The calls of a function named ``checkpoint`` in a file: their lines, and whether they are reentrant."""
    tree = _tree(file, changed)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
    return tuple(
        (
            call.lineno,
            not any(word.arg == "use_reentrant" and _is_false(word.value) for word in call.keywords),
        )
        for call in calls
        if dotted(call.func).rpartition(".")[2] == "checkpoint"
    )


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _freezes_in_train(name: str, file: str, changed: Optional[str]) -> int:
    """The line of a class's ``train()`` that freezes what its constructor does not; 0 without one."""
    tree = _tree(file, changed)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)] if tree is not None else []
    methods = {
        item.name: item
        for node in classes
        if node.name == name
        for item in node.body
        if isinstance(item, ast.FunctionDef)
    }
    if "train" not in methods:
        return 0
    made = {call for call, _ in _own_calls(methods["__init__"])} if "__init__" in methods else set()
    for call, line in _own_calls(methods["train"]):
        if call in methods and call not in made and _FREEZING.search(call):
            return line
    return 0


def _own_calls(method: ast.FunctionDef) -> Iterator[Tuple[str, int]]:
    """Names and lines of the methods of its own object that a method calls."""
    for node in ast.walk(method):
        if isinstance(node, ast.Call):
            owner, _, called = dotted(node.func).rpartition(".")
            if owner == "self":
                yield called, node.lineno
