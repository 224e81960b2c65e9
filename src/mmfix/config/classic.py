"""Classic configs: ``_base_ = [...]`` and plain Python text; JSON and YAML share the inheritance."""

from __future__ import annotations

import ast
import os.path as osp
import re
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.eras import is_of_mmcv1, top_level_names
from mmfix.config.finish import add_work, check_size, finish
from mmfix.config.imports import BASE_KEY, is_base_assignment, is_lazy
from mmfix.config.interpreter.core import evaluate
from mmfix.config.interpreter.decisions import Decisions, Stops, every_way
from mmfix.config.interpreter.state import Run
from mmfix.config.interpreter.statements import run_module
from mmfix.config.joined import Joined
from mmfix.config.keypath import format_key
from mmfix.config.merge import MergeConflict, add_scope, merge, resolve_references
from mmfix.config.origin import Blame, MissingBase, Origin, Unknown
from mmfix.config.packages import NotInstalled, external_config
from mmfix.config.source import Source
from mmfix.config.values import TreeDict, TreeList, hook
from mmfix.errors import ConfigError
from mmfix.wording import say


class BaseRef(NamedTuple):
    """One entry of ``_base_``.

    Attributes:
        entry: As the config has it.
        path: The file it names; empty for one of a package that is not here.
        scope: The registry scope, if it is of another package.
        line: Where it stands.
    """

    entry: str
    path: str
    scope: Optional[str]
    line: Optional[int]


#: What stands for a base: its document, and where it was missing from; one of them may be None.
Found = Tuple[Optional[ConfigDocument], Optional[MissingBase]]


def read_classic(source: Source, load: Callable[[BaseRef, Source], Found]) -> ConfigDocument:
    """Resolve a classic, JSON or YAML config (``mmengine/config/config.py: Config._file2dict``).

    Args:
        load: Loads a base, given its entry and the file that has it.

    Raises:
        ConfigError: As MMEngine would fail (but for a base that is not there), or a bound was hit.
    """
    data: Any = None
    if source.tree is None:
        from mmfix.config.data import read_data  # JSON and YAML configs are rare

        data = read_data(source)
    base: Optional[TreeDict] = None
    files: List[str] = [source.path]
    references = base_files(source, data)
    missing: List[MissingBase] = []
    work = 0
    for reference in references:
        document, gone = load(reference, source)
        if gone is not None:
            missing.append(gone)
        if document is None:
            tree = TreeDict()
            tree.missing = () if gone is None else (gone,)
        else:
            work = add_work(work, document.work, source.path)
            files.extend(path for path in document.files if path not in files)
            missing.extend(item for item in document.missing if item not in missing)
            tree = document.tree if reference.scope is None else add_scope(document.tree, reference.scope)
        base = _join(base, tree, source, reference)
    if base is None:
        base = TreeDict(config=True)
    if source.tree is not None:
        own, base, tree, more = _evaluate(source, base)
        kind = "classic"
    else:
        own, more = finish(data, source.path)
        tree = _resolve(own, base, source)
        kind = "json" if source.path.endswith(".json") else "yaml"
    return ConfigDocument(
        path=source.path,
        kind=kind,
        text=source.text,
        tree=tree,
        own=own,
        base=base if references else None,
        inherited=base if references else None,
        files=tuple(files),
        missing=tuple(missing),
        work=add_work(work, more, source.path),
    )


def _join(base: Optional[TreeDict], tree: TreeDict, source: Source, reference: BaseRef) -> TreeDict:
    result = TreeDict(config=True) if base is None else base
    twice = sorted(str(key) for key in result.keys() & tree.keys())
    if twice:
        raise ConfigError(
            say("the bases set the same key twice: {keys}", keys=", ".join(twice)),
            source.path,
            reference.line,
            say("MMEngine allows each top-level key in one base only; move it to one of them"),
        )
    result.update(tree)
    result.blames.update(tree.blames)
    result.missing = tuple(dict.fromkeys((*result.missing, *tree.missing)))
    return result


#: `_base_` other than in `_base_ = ` and in paths such as '../_base_/models/x.py': worth a closer look.
_MAY_USE_BASE = re.compile(r"_base_(?!/)(?!\s*=[^=])")


def _uses_base(source: Source) -> bool:
    """The file's own code reads or changes `_base_`."""
    assert source.tree is not None
    if source.code.isascii() and not _MAY_USE_BASE.search(source.code):
        return False
    mentioned = assigned = 0
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id == BASE_KEY:
            if isinstance(node.ctx, ast.Load):
                return True
            mentioned += 1
        elif isinstance(node, ast.Assign) and is_base_assignment(node):
            assigned += 1
    return mentioned > assigned


def _evaluate(source: Source, shared: TreeDict) -> Tuple[TreeDict, TreeDict, TreeDict, int]:
    """The file's own config dict, the bases as its code left them, both merged, and the work that it was."""
    assert source.tree is not None
    body = source.tree.body
    uses_base = _uses_base(source)

    def follow(decisions: Decisions) -> Tuple[TreeDict, TreeDict, TreeDict, int]:
        base = hook(shared, fresh=True) if uses_base else shared  # the file's code can see it, and change it
        names = TreeDict()
        names[BASE_KEY] = base
        run = Run(source, names, decisions=decisions)
        try:
            run_module(run, body)
        finally:
            decisions.steps = run.steps
        names.pop(BASE_KEY, None)
        if base is not shared:
            base = _followed(base)
            check_size(base, source.path)
        own, nodes = finish(names, source.path, keep_functions=_kept(source))
        return own, base, _resolve(own, base, source), run.steps + nodes

    found, why = every_way(follow)
    if why is None:
        return found[0]
    joined = Joined(why)
    *trees, works = zip(*found)
    own, base, tree = map(joined.of, trees)
    return own, base, tree, max(works)


def _followed(base: TreeDict) -> TreeDict:
    """The bases; nothing that came from them is known where the file's code may have changed them anyhow."""
    if base.lost is None:
        return base
    reason, origin = base.lost.unknown.reason, base.lost.unknown.origin or Origin("", 1, 1)
    why = say("`_base_` is changed in a way that is not followed: {why}", why=reason)
    result = TreeDict(dict.fromkeys(base, Unknown(why, origin, ())), config=True)
    result.blames = dict(base.blames)
    result.missing = (*base.missing, MissingBase("", BASE_KEY, origin, why=why))
    return result


def _kept(source: Source) -> bool:
    """Whether modules and functions may stay: mmcv 1.x drops them; for MMEngine it is a lazy config."""
    return source.raw_tree is not None and is_lazy(source.raw_tree, source.path)


def _resolve(own: TreeDict, base: TreeDict, source: Source) -> TreeDict:
    tree = own
    if "_deprecation_" in tree or BASE_KEY in tree:
        tree = TreeDict({key: value for key, value in own.items() if key not in ("_deprecation_", BASE_KEY)})
        tree.blames = own.blames
    if source.references:
        try:
            tree = resolve_references(tree, source.references, base)
            check_size(tree, source.path)
        except (KeyError, TypeError) as error:
            raise Stops(
                say("{{{{ _base_.x }}}} names a key that no base has: {why}", why=error), source.path
            ) from error
    try:
        merged = merge(tree, base)
    except MergeConflict as conflict:
        blame = _blame_on_way(own, conflict.key)
        raise Stops(
            say(
                "{key} is a dict here but {kind} in the base",
                key=format_key(conflict.key),
                kind=_article(conflict.kind),
            ),
            source.path,
            None if blame is None else blame.origin.line,
            say("MMEngine refuses to merge them; add _delete_=True to the dict to replace the base's value"),
        ) from conflict
    for key in [key for key in merged if isinstance(key, str) and key.startswith("__")]:
        del merged[key]
    merged.config = True
    merged.missing = tuple(dict.fromkeys((*merged.missing, *own.missing)))
    return merged


def _article(kind: str) -> str:
    return {"NoneType": "None"}.get(kind, say("a {kind}", kind=kind))


def _blame_on_way(tree: Any, path: Tuple[Any, ...]) -> Optional[Blame]:
    found = None
    for part in path:
        if not isinstance(tree, TreeDict) or part not in tree:
            break
        found = tree.blames.get(part, found)
        tree = tree[part]
    return found


def base_files(source: Source, data: Any = None) -> List[BaseRef]:
    """The files that ``_base_`` names, in order.

    Source: ``mmengine/config/config.py``: ``_get_base_files``, ``_get_cfg_path``.

    Raises:
        ConfigError: ``_base_`` is not a list of file names, or cannot be evaluated alone.
    """
    line: Optional[int] = None
    if source.tree is not None:
        node = next((node for node in source.tree.body if is_base_assignment(node)), None)
        if node is None:
            return []
        line = node.lineno
        value = _evaluate_base(source, source.tree, node)
    else:
        value = data.get(BASE_KEY, [])
        blame = data.blames.get(BASE_KEY)
        line = None if blame is None else blame.origin.line
    entries = value if isinstance(value, list) else [value]
    references = []
    for position, entry in enumerate(entries):
        blame = value.blames[position] if isinstance(value, TreeList) else None
        entry_line = line if blame is None else blame.origin.line
        if isinstance(entry, Unknown) or not isinstance(entry, str):
            what = (
                entry.reason
                if isinstance(entry, Unknown)
                else say("it holds a {kind}", kind=type(entry).__name__)
            )
            raise ConfigError(
                say("`_base_` must be a file name or a list of them: {why}", why=what),
                source.path,
                entry_line,
            )
        references.append(_locate(entry, source, entry_line))
    return references


def _evaluate_base(source: Source, tree: ast.Module, node: Any) -> Any:
    """MMEngine evaluates the right-hand side alone: no other name of the file is known to it.

    mmcv 1.x has run the whole file before it looks (``mmcv/utils/config.py: _file2dict``).
    """
    run = Run(source, TreeDict())
    if is_of_mmcv1(top_level_names(tree)):
        run_module(run, tree.body[: tree.body.index(node)])
    try:
        value = evaluate(run, node.value, run.scope)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            say("`_base_` cannot be evaluated: {why}", why=error),
            source.path,
            node.lineno,
            say("MMEngine reads this line alone, so it must be plain strings"),
        ) from error
    if isinstance(value, tuple):
        raise ConfigError(
            say("`_base_` is a tuple; MMEngine takes a string or a list"), source.path, node.lineno
        )
    return value


def _locate(entry: str, source: Source, line: Optional[int]) -> BaseRef:
    if "::" in entry:
        try:
            path, scope = external_config(entry, source.path, line)
        except NotInstalled:
            return BaseRef(entry, "", entry.partition("::")[0], line)
        return BaseRef(entry, path, scope, line)
    return BaseRef(entry, osp.normpath(osp.join(osp.dirname(source.path), entry)), None, line)
