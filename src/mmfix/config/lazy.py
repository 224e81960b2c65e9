"""Lazy configs: ``with read_base():`` and imported types.

Source: ``mmengine/config/config.py: Config._parse_lazy_import``.
"""

from __future__ import annotations

import ast
import os.path as osp
from typing import Callable, Dict, List, Set, Tuple

from mmfix.config.classic import Found
from mmfix.config.document import ConfigDocument
from mmfix.config.finish import add_work, finish
from mmfix.config.imports import is_base_assignment, is_builtin_module
from mmfix.config.interpreter.decisions import Decisions, every_way
from mmfix.config.interpreter.state import ModuleRef, Run, bind
from mmfix.config.interpreter.statements import run_module
from mmfix.config.joined import Joined
from mmfix.config.origin import Blame, MissingBase
from mmfix.config.packages import NotInstalled, package_root
from mmfix.config.source import Source
from mmfix.config.values import TreeDict, hook, whole_module
from mmfix.errors import ConfigError
from mmfix.wording import say


def read_lazy(source: Source, load: Callable[[str, str, Source, int], Found]) -> ConfigDocument:
    """Resolve a lazy config.

    Args:
        load: Loads a base as a lazy config, given the module, its file (empty for one of a package that is
            not here), the file that imports it and the line.

    Raises:
        ConfigError: As MMEngine would fail (but for a base that is not there), or a bound was hit.
    """
    assert source.raw_tree is not None
    # lazy configs know no {{ }}: MMEngine parses the text as it is
    source = Source(source.path, source.text, source.text, {}, source.raw_tree, source.raw_tree)
    body, base_imports = _take_read_base(source)
    files: List[str] = [source.path]
    bases: Dict[str, TreeDict] = {}
    imported: Set[str] = set()
    missing: List[MissingBase] = []
    work = 0
    for node in base_imports:
        module = _module(node)
        try:
            path = _base_path(module, source, node)
        except NotInstalled:
            path = ""
        document, gone = load(module, path, source, node.lineno)
        missing.extend([] if gone is None else [gone])
        if document is None:
            bases[module] = TreeDict()
            bases[module].missing = tuple(missing[-1:])
            continue
        files.extend(path for path in document.files if path not in files)
        missing.extend(item for item in document.missing if item not in missing)
        work = add_work(work, document.work, source.path)
        bases[module] = document.own
        imported.update(document.imported)

    def follow(decisions: Decisions) -> Tuple[TreeDict, int]:
        return _evaluate(source, body, bases, imported, decisions)

    found, why = every_way(follow)
    trees, works = zip(*found)
    own: TreeDict = trees[0] if why is None else Joined(why).of(trees)
    tree = TreeDict({name: value for name, value in own.items() if name not in imported}, config=True)
    tree.blames = dict(own.blames)
    tree.missing = own.missing
    return ConfigDocument(
        path=source.path,
        kind="lazy",
        text=source.text,
        tree=tree,
        own=own,
        inherited=_inherited(base_imports, bases),
        files=tuple(files),
        imported=frozenset(imported),
        missing=tuple(missing),
        work=add_work(work, max(works), source.path),
    )


def _inherited(imports: List[ast.ImportFrom], bases: Dict[str, TreeDict]) -> TreeDict:
    """The names that are taken from base files, as they are bound there."""
    found = TreeDict()
    for node in imports:
        base = bases[_module(node)]
        for alias in node.names:
            for name in base if alias.name == "*" else [alias.name]:
                bound = name if alias.name == "*" else alias.asname or name
                if name in base:
                    found[bound] = base[name]
                    if name in base.blames:
                        found.blames[bound] = base.blames[name]
    return found


def _evaluate(
    source: Source, body: List[ast.stmt], bases: Dict[str, TreeDict], imported: Set[str], decisions: Decisions
) -> Tuple[TreeDict, int]:
    """The names of the file once it was run, and the work that it was; adds to those of imported objects."""
    # each import gives fresh objects, shared between the names of one module
    fresh = {module: hook(base, fresh=True) for module, base in bases.items()}
    names = TreeDict()
    names.missing = tuple(dict.fromkeys(item for base in bases.values() for item in base.missing))
    run = Run(source, names, lazy=True, decisions=decisions)
    names["__file__"] = source.path
    run.base_modules = frozenset(bases)
    imported.update(_bind_imports(run, body, fresh))
    try:
        run_module(run, [node for node in body if not _moved_to_front(node)])
    finally:
        decisions.steps = run.steps
    own, nodes = finish(names, source.path, keep_functions=True, shares_sets=True)
    for name in [name for name, value in own.items() if isinstance(value, ModuleRef)]:
        if name in imported:
            del own[name]
    return own, run.steps + nodes


def base_paths(source: Source) -> Tuple[str, ...]:
    """The files that ``with read_base():`` imports from.

    Raises:
        ConfigError: The block is not what MMEngine allows.
    """
    return tuple(_base_path(_module(node), source, node) for node in _take_read_base(source)[1])


def _module(node: ast.ImportFrom) -> str:
    return "." * node.level + str(node.module)


def _take_read_base(source: Source) -> Tuple[List[ast.stmt], List[ast.ImportFrom]]:
    """The statements with the first ``with read_base():`` unwrapped, and the imports in it.

    Source: ``mmengine/config/config.py: Config._get_base_modules``.
    """
    assert source.tree is not None
    body = list(source.tree.body)
    for position, node in enumerate(body):
        if is_base_assignment(node):
            raise ConfigError(
                say("mixes `_base_ = ...` with imports that make MMEngine read the file as a lazy config"),
                source.path,
                node.lineno,
                say("put `_base_` before all imports, or use `with read_base():`"),
            )
        if not isinstance(node, ast.With):
            continue
        call = node.items[0].context_expr
        if (
            len(node.items) > 1
            or not isinstance(call, ast.Call)
            or getattr(call.func, "id", None) != "read_base"
        ):
            raise ConfigError(
                say("MMEngine allows only `with read_base():` in a config, not another `with`"),
                source.path,
                node.lineno,
            )
        imports: List[ast.ImportFrom] = []
        for inner in node.body:
            if not isinstance(inner, ast.ImportFrom) or inner.module is None:
                raise ConfigError(
                    say("only `from file import ...` may stand inside `with read_base():`"),
                    source.path,
                    inner.lineno,
                )
            imports.append(inner)
        return [*body[:position], *node.body, *body[position + 1 :]], imports
    return body, []


def _base_path(module: str, source: Source, node: ast.ImportFrom) -> str:
    """The file behind a base import: found by path from the config that names it, not as a module.

    Source: ``mmengine/config/config.py: Config._get_base_modules``, unlike ``mmfix.python.imports``.
    """
    level = node.level
    parts = module[level:].split(".")
    if level:
        root = osp.join(osp.dirname(source.path), *[".."] * (level - 1))
    else:
        if len(parts) == 1:
            raise ConfigError(
                say("a base config cannot be the package {module} itself", module=module),
                source.path,
                node.lineno,
                say("write from package.configs.file import *"),
            )
        found = package_root(parts[0])
        if found is None:
            raise NotInstalled(module, parts[0], source.path, node.lineno)
        root, parts = found, parts[1:]
    return osp.normpath(osp.join(root, *parts) + ".py")


def _moved_to_front(node: ast.stmt) -> bool:
    """``import a.b``: MMEngine collects these into one object a package, before all other lines."""
    return (
        isinstance(node, ast.Import)
        and node.names[0].asname is None
        and not is_builtin_module(node.names[0].name)
    )


def _bind_imports(run: Run, body: List[ast.stmt], bases: Dict[str, TreeDict]) -> Set[str]:
    """Bind what MMEngine binds before it runs the file; the names of all imported objects.

    Those are the names of base files and whole packages. Other imports become assignments where they
    stand (``mmengine/config/utils.py: ImportTransformer``).
    """
    imported: Set[str] = set()
    for node in body:
        for inner in ast.walk(node):
            if isinstance(inner, ast.ImportFrom):
                _bind_from(run, inner, bases, imported)
            elif isinstance(inner, ast.Import):
                if len(inner.names) != 1:
                    run.fail(say("MMEngine allows one module per `import` line in a lazy config"), inner)
                if inner.names[0].asname:
                    imported.add(inner.names[0].asname)
    for node in body:
        if isinstance(node, ast.Import) and _moved_to_front(node):
            top = node.names[0].name.split(".")[0]
            bind(run.scope, top, whole_module(top), Blame(run.source.origin(node)))
            imported.add(top)
    return imported


def _bind_from(run: Run, node: ast.ImportFrom, bases: Dict[str, TreeDict], imported: Set[str]) -> None:
    module = _module(node)
    base = None if is_builtin_module(module) else bases.get(module)
    for alias in node.names:
        if alias.name == "*":
            if base is None:
                run.fail(
                    say("`from {module} import *` is allowed only inside `with read_base():`", module=module),
                    node,
                )
            for name, value in base.items():
                bind(run.scope, name, value, base.blames.get(name))
        elif base is None:
            imported.add(alias.asname or alias.name)
        elif alias.name in base:
            bind(run.scope, alias.asname or alias.name, base[alias.name], base.blames.get(alias.name))
        elif base.missing:
            bind(run.scope, alias.asname or alias.name, base.missing[0].unknown, None)
        else:
            run.fail(say("the base {module} has no name {name}", module=module, name=alias.name), node)
