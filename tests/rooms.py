"""The rooms of the package: what each is for, and which others it may import.

The one place where this is said: `test_architecture.py` holds the code to it, and `bench/architecture.py`
makes the map in docs/architecture.md from it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, Set, Tuple

SOURCE = Path(__file__).resolve().parents[1] / "src" / "mmfix"


@dataclass(frozen=True)
class Room:
    """A folder or a file of the package.

    Attributes:
        job: Its one job.
        imports: Rooms it may import. A room inside another one is named in full, and is no part of that one.
        libraries: What else it imports that is worth a word.
    """

    job: str
    imports: str = ""
    libraries: str = ""


#: From the ground up. Every room may import `errors` and `wording`.
ROOMS: Dict[str, Room] = {
    "wording": Room("a template with named fields -> a sentence that people read"),
    "printable": Room("text from outside -> text that a terminal only shows"),
    "errors": Room("what goes wrong, as one line for people", "printable"),
    "openmmlab": Room("the packages of OpenMMLab: names, distributions, eras; `openmmlab.json`"),
    "traces": Room("temporary files and folders that are gone afterwards, also after a kill -9"),
    "keeper": Room("the process above those that run a config: nothing that they start is left"),
    "turns": Room("which of several processes is given which item next"),
    "workers": Room(
        "several processes that do one thing to many items: results as they come, none is lost",
        "turns",
        "multiprocessing, where there is more than one",
    ),
    "python": Room(
        "files that others wrote, and Python text without running it: what the readers of configs, models "
        "and scripts share"
    ),
    "config": Room(
        "a config file -> a resolved tree in which every value knows the line that set it, "
        "and what it overrode",
        "python config.interpreter openmmlab",
        "PyYAML for YAML configs",
    ),
    "config.interpreter": Room(
        "the code of a config -> its values in Python's own containers; what would need running is Unknown",
        "python config",
    ),
    "git": Room(
        "what git knows of a repository: what it ignores, what has changed; nothing in there is run",
        "python",
    ),
    "ddp": Room("settings and traits of the autograd graph -> what the reducer does"),
    "repository": Room(
        "a name in a config -> the file and class it stands for, without importing anything",
        "python traces openmmlab __init__",
    ),
    "model": Room(
        "the class behind a `type` -> what its source says of one training step; kept until the "
        "source changes",
        "python config repository model.machine model.knowledge model.knowledge.torch "
        "model.knowledge.openmmlab",
    ),
    "model.machine": Room(
        "the abstract interpreter: values, joins, expressions, statements, calls, classes; knows no library",
        "python config repository",
    ),
    "model.knowledge": Room(
        "what the machine is handed: which library name is answered by what",
        "model.machine model.knowledge.torch model.knowledge.python model.knowledge.openmmlab",
    ),
    "model.knowledge.torch": Room(
        "torch: layers, modules, tensors, checkpoints, the order of parameters", "python model.machine"
    ),
    "model.knowledge.python": Room(
        "Python's own functions and containers", "model.machine model.knowledge.torch"
    ),
    "model.knowledge.openmmlab": Room(
        "MMEngine and mmcv: registries, builders, the sum of the losses, configs that a model opens",
        "config model.machine model.knowledge.torch",
    ),
    "scripts": Room(
        "the repository's own `tools/train.py` -> what it hands to DDP", "python config repository"
    ),
    "training": Room(
        "what the framework will really do with this config: era, runner, wrapper, effective DDP arguments, "
        "checkpoints, late freezing",
        "python config ddp repository model scripts openmmlab",
    ),
    "findings": Room("the words shared by all below: `Finding`, `Remedy`, `Override`", "python config"),
    "remedies": Room(
        "a setup -> the cheapest overrides whose predicted outcome is OK",
        "python config ddp repository scripts training findings",
    ),
    "rules": Room(
        "one file a rule: identity, documentation, cases, check; attaches the remedies",
        "config ddp training findings remedies",
    ),
    "patches": Room(
        "overrides -> text -> verified -> atomically written; and undo",
        "python config findings printable traces keeper openmmlab",
        "a framework's loader, in a child process",
    ),
    "settings": Room("what a caller may choose: one frozen `Settings`"),
    "project": Room(
        "what a repository says to mmfix: its settings file, comments that ignore findings, a baseline",
        "python rules settings __init__",
        "tomllib or tomli, where there is a settings file",
    ),
    "proofs": Room(
        "what rehearsals found, as plain data; the proof file; a setup and findings in the light of a proof",
        "python config ddp repository training findings remedies rules patches traces",
    ),
    "results": Room(
        "what the public functions return: plain data that knows no format",
        "printable python config findings report.text",
    ),
    "codemods": Room(
        "a cure in the user's own code: one file each; edited in memory, all written or nothing, undone",
        "traces python model findings remedies patches results",
        "LibCST, when a cure in code is asked for",
    ),
    "diagnosis": Room(
        "a training log -> what happened, which parameters, which key, which cure; `evidence.py` judges it "
        "with the config",
        "config ddp training findings remedies rules patches proofs results",
    ),
    "diagnosis.log": Room("a log, read in one pass within bounded memory", "diagnosis"),
    "diagnosis.kinds": Room(
        "one file an error: its signs, what it means, its cures",
        "config ddp repository training findings remedies diagnosis openmmlab",
    ),
    "report": Room(
        "results -> what people and CI servers read, one file a format",
        "printable config findings rules results report.text report.json __init__",
    ),
    "report.text": Room(
        "results -> text, one file a result", "config findings printable proofs report results"
    ),
    "report.json": Room(
        "results -> JSON, one file a result", "config findings proofs report results __init__"
    ),
    "prove": Room(
        "one rehearsal: the parent (`supervise`, `outside`, `assemble`, `verdict`) and what runs in each "
        "rank (`worker`, `loop`, `wrapping`, `counting`, `watch`)",
        "config ddp proofs traces keeper openmmlab prove.inputs prove.ops",
        "torch and the frameworks, in the ranks only",
    ),
    "prove.inputs": Room("made-up batches for a model", "prove openmmlab", "as above"),
    "prove.ops": Room("plain-torch stand-ins for compiled operators", "", "as above"),
    "kept": Room(
        "a report -> kept until something changes that it rests on; and back",
        "python config repository project proofs findings results",
    ),
    "jobs": Room(
        "whole jobs: judge files, patch files, patch a config in memory, explain, rehearse, show, compare",
        "traces workers python config git ddp repository model model.knowledge.openmmlab training findings "
        "remedies rules patches project proofs results kept codemods diagnosis diagnosis.log diagnosis.kinds "
        "settings report report.text prove",
    ),
    "api": Room("the public functions", "workers config patches project results settings jobs"),
    "attach": Room("`with mmfix.explaining(cfg)`", "api printable"),
    "terminal": Room("colour and progress on a terminal", "printable results report.text"),
    "cli_options": Room(
        "options that several commands take", "project settings report terminal workers", "click"
    ),
    "cli_about": Room(
        "the commands about mmfix itself, `rules`, `rule`, `completion`, and `--version`",
        "rules report.json jobs terminal cli_options __init__",
        "click",
    ),
    "cli_comparing": Room(
        "the command that compares configs, `diff`",
        "report.text report.json jobs terminal cli_options",
        "click",
    ),
    "cli_judging": Room(
        "the command that judges configs, `check`",
        "workers results settings report report.text jobs terminal cli_options",
        "click",
    ),
    "cli_patching": Room(
        "the command that cures configs, `patch`",
        "workers results settings report jobs terminal cli_options cli_judging",
        "click",
    ),
    "cli_project": Room(
        "the command about what a repository says, `settings`",
        "settings report.text report.json jobs terminal cli_options",
        "click",
    ),
    "cli_runs": Room(
        "the commands about a run, `prove` and `explain`",
        "results report report.text report.json jobs terminal cli_options",
        "click",
    ),
    "cli_showing": Room(
        "the command that shows what a config resolves to, `show`",
        "errors config report.text report.json jobs terminal cli_options",
        "click",
    ),
    "cli": Room(
        "the entry point: finds the command that was typed, and loads no other",
        "printable jobs terminal cli_about cli_comparing cli_judging cli_patching cli_project cli_runs "
        "cli_showing",
        "click",
    ),
    "nonreentrant": Room("the switch to non-reentrant checkpoints", "", "torch, when called"),
    "nonreentrant_checkpoint": Room("the module for `custom_imports` that throws it", "nonreentrant"),
    "__main__": Room("`python -m mmfix`", "cli"),
}


@lru_cache(maxsize=None)
def files(source: Path = SOURCE) -> Tuple[Tuple[Path, str, ast.Module], ...]:
    """Each file of the package, its dotted name without ``mmfix.``, and its syntax tree."""
    return tuple(_files(source))


def _files(source: Path) -> Iterator[Tuple[Path, str, ast.Module]]:
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        dotted = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        yield path, dotted, ast.parse(path.read_text(encoding="utf-8"))


def room_of(dotted: str) -> str:
    """The innermost room that a module is in, itself if it is one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in ROOMS:
            return ".".join(parts[:length])
    return parts[0]


@lru_cache(maxsize=None)
def imports_of(tree: ast.AST, source: Path = SOURCE, types_too: bool = True) -> Tuple[str, ...]:
    """The modules that code imports, inside functions too: ``torch.nn``, ``mmfix.config.reader``.

    Args:
        tree: The code.
        source: The package, to tell a module from a name in one.
        types_too: Also what is imported for type checkers only.
    """
    return tuple(_imports(tree, source, types_too))


def _imports(tree: ast.AST, source: Path, types_too: bool) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING" and not types_too:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                yield below if _is_module(below, source) else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif not isinstance(node, ast.expr):
            yield from _imports(node, source, types_too)


def _is_module(dotted: str, source: Path) -> bool:
    place = source.parent.joinpath(*dotted.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def rooms_imported(tree: ast.AST) -> Iterator[Tuple[str, str]]:
    """(room, module) for each import from the package itself."""
    for module in imports_of(tree):
        if module.split(".")[0] == "mmfix":
            yield room_of(module[len("mmfix.") :] or "__init__"), module


def circles(source: Path = SOURCE) -> Iterator[Tuple[str, ...]]:
    """Files that import each other in a circle at run time; imports inside functions count."""
    found = {f"mmfix.{dotted}": imports_of(tree, source, False) for _, dotted, tree in files(source)}
    graph = {name: {other for other in imported if other in found} for name, imported in found.items()}
    reach: Dict[str, Set[str]] = {}
    for start in graph:
        seen: Set[str] = set()
        stack = [start]
        while stack:
            new = graph[stack.pop()] - seen
            seen |= new
            stack += new
        reach[start] = seen
    circle = {tuple(sorted(name for name in reach[start] if start in reach[name])) for start in graph}
    yield from sorted(circle - {()})


def rows() -> Iterator[Tuple[str, str]]:
    """Name and cells of each row of the map, as Markdown."""
    for name, room in ROOMS.items():
        path = name.replace(".", "/")
        shown = f"{path}/" if (SOURCE / path).is_dir() else f"{path}.py"
        own = [f"`{other.replace('.', '/')}`" for other in room.imports.split() if other != "__init__"]
        yield shown, f"{room.job} | {', '.join([*own, *filter(None, [room.libraries])]) or 'nothing'}"
