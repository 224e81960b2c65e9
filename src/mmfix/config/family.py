"""Which files belong together: configs in a folder, the configs root, and who inherits whom."""

from __future__ import annotations

import ast
import os
import os.path as osp
import re
from typing import Callable, Iterable, Iterator, List, Optional, Set, Tuple

from mmfix.config.classic import base_files
from mmfix.config.eras import is_of_mmcv1, top_level_names
from mmfix.config.imports import BASE_KEY, has_base, reads_lazily
from mmfix.config.lazy import base_paths
from mmfix.config.reader import Reader
from mmfix.config.source import BOUNDS, DATA_SUFFIXES, PYTHON_SUFFIXES, Source
from mmfix.errors import ConfigError
from mmfix.python.disk import as_text, other_than_a_file, read_whole
from mmfix.python.links import PROJECT_FILES, Links, repository_around
from mmfix.python.source import Unparsable, parse

_SKIPPED_FOLDERS = {
    *("__pycache__", "node_modules", "work_dirs", "build", "dist", "site-packages", "dist-packages")
}
#: What the top of a virtual or conda environment holds.
_ENVIRONMENT = {"pyvenv.cfg", "conda-meta"}
_SIGNATURE = re.compile(
    r"""(?:^|[;:=])\s*["']?(_base_|model)["']?\s*(:[^:\n]*)?[=:]|\bread_base\b""", re.MULTILINE
)
#: Part of every ``model`` that it finds; most files have none, and are done with an eighth of the time.
_MODEL = re.compile(r"""model["']?\s*(?::[^:\n]*)?[=:]""")
#: A line that only a config has: it need not be parsed to be told from a script.
_PLAIN_SIGNATURE = re.compile(r"^(_base_\s*=|model\s*=\s*(dict\(|\{))", re.MULTILINE)
_DATA_SIGNATURE = re.compile(r"""(?<!\w)["']?(_base_|model)["']?\s*:""")
#: What follows ``_base_`` in its own statement: an assigned list or the rest of the line; something else.
_BASES = re.compile(r"^[ \t]*_base_[ \t]*(?:=[ \t]*(\[[^\]]*\]|[^\n]*)|([^\s=:][^\n]*))", re.MULTILINE)
_TEXT = re.compile(r"(?<!\w)([\"'])[^\"'\n]*\1")
_COMMENT = re.compile(r"#[^\n]*")
_ROOT_NAMES = ("configs", "config")
MANY_NAMES = 50


#: Whether a walk of a folder is to leave out one of the folders and configs in it.
Skips = Callable[[str, str], bool]


def walk(folder: str, out: Optional[List[str]] = None, skips: Optional[Skips] = None) -> Iterator[str]:
    """Files below ``folder`` that look like configs, sorted; those behind links to folders come last.

    A file looks like one when it binds ``model`` or ``_base_`` at its top level, or uses ``read_base``;
    scripts, annotation files and metafiles that happen to lie there do not. What cannot be read, and what is
    no file but is called like a config, may be one. Hidden folders are skipped, and environments with
    installed packages, unless ``folder`` is in one.

    Args:
        out: Gets the links that lead out of the repository around ``folder``, which are not followed.
        skips: What is left out.
    """
    links = Links(folder)
    waiting = [folder]
    for top in waiting:
        if top is not folder and not links.follows_folder(top):
            continue
        for root, folders, names in os.walk(top):
            if root != top and not _ENVIRONMENT.isdisjoint((*folders, *names)):
                folders.clear()
                continue
            folders[:] = sorted(
                name
                for name in folders
                if not (name.startswith(".") or name in _SKIPPED_FOLDERS)
                and not (skips is not None and skips(folder, osp.join(root, name)))
            )
            waiting += (path for path in (osp.join(root, name) for name in folders) if osp.islink(path))
            for name in sorted(names):
                if name.startswith(".") or not name.endswith((*PYTHON_SUFFIXES, *DATA_SUFFIXES)):
                    continue
                path = osp.join(root, name)
                if osp.islink(path) and not other_than_a_file(path) and not links.follows_file(path):
                    continue
                if _looks_like_config(path) and not (skips is not None and skips(folder, path)):
                    yield path
    if out is not None:
        out += links.out


def _looks_like_config(path: str) -> bool:
    text = _text(path)
    if text is None:
        return True
    if path.endswith(DATA_SUFFIXES):
        return _DATA_SIGNATURE.search(text) is not None
    if not _may_be_signed(text) or _SIGNATURE.search(text) is None:
        return False
    return _PLAIN_SIGNATURE.search(text) is not None or _binds_model(text)


def _may_be_signed(text: str) -> bool:
    return "_base_" in text or "read_base" in text or _MODEL.search(text) is not None


def _binds_model(text: str) -> bool:
    """Whether a file that mentions ``model`` or ``read_base`` is a config: its own statements bind a dict.

    ``model = build(...)`` and ``model = saved['model']`` are a script's lines, but beside keys of a runner.
    """
    try:
        tree = parse(text.lstrip("\ufeff"))
    except Unparsable:
        return True  # reading it says what is wrong
    statements: List[ast.stmt] = list(tree.body)
    for node in statements:
        for block in ("body", "orelse", "finalbody"):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                statements.extend(getattr(node, block, ()))
        if isinstance(node, ast.With) and "read_base" in ast.dump(node.items[0].context_expr):
            return True
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        if BASE_KEY in names:
            return True
        if "model" in names and isinstance(node, (ast.Assign, ast.AnnAssign)):
            if _may_be_a_dict(node.value):
                return True
            if is_of_mmcv1(top_level_names(tree)) is not None:
                return True
    return False


def _may_be_a_dict(value: Optional[ast.expr]) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "dict"
    return not isinstance(value, (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Await))


def _text(path: str) -> Optional[str]:
    """The file's text, roughly decoded; None when it cannot be read (reading it properly says why)."""
    try:
        data = read_whole(path, BOUNDS.bytes)
    except (OSError, ValueError):
        return None
    if data is None:
        return "" if path.endswith(DATA_SUFFIXES) else None
    return as_text(data)


def configs_root(path: str) -> str:
    """The folder whose configs may inherit ``path``.

    The nearest parent called ``configs``; else the folder that holds the outermost ``_base_`` folder around
    the file; else the nearest that holds ``.git``, ``setup.py`` or ``pyproject.toml``; else the file's own.
    """
    own = osp.dirname(osp.abspath(path))
    parents = [own]
    while osp.dirname(parents[-1]) != parents[-1]:
        parents.append(osp.dirname(parents[-1]))
    for parent in parents:
        if osp.basename(parent) in _ROOT_NAMES:
            return parent
    for parent in reversed(parents):
        if osp.basename(parent) == "_base_":
            return osp.dirname(parent)
    for parent in parents:
        if any(osp.exists(osp.join(parent, name)) for name in PROJECT_FILES):
            return parent
    return own


def repository_root(path: str) -> str:
    """The folder of which every config may inherit ``path``: its repository, else :func:`configs_root`."""
    folder = osp.dirname(osp.abspath(path))
    top = repository_around(folder)
    if not any(osp.lexists(osp.join(top, name)) for name in PROJECT_FILES):
        return configs_root(path)
    while osp.realpath(folder) != top and osp.dirname(folder) != folder:
        folder = osp.dirname(folder)
    return folder if osp.realpath(folder) == top else configs_root(path)


def bases_of(source: Source) -> Tuple[str, ...]:
    """Absolute paths of the files a config inherits directly.

    Raises:
        ConfigError: They cannot be told.
    """
    tree = source.raw_tree
    if tree is not None and reads_lazily(tree, source.path) and not has_base(tree):
        return base_paths(source)
    data = None
    if source.raw_tree is None:
        from mmfix.config.data import read_data

        data = read_data(source)
    return tuple(reference.path for reference in base_files(source, data))


def dependants(path: str, reader: Reader) -> List[str]:
    """All configs under the same configs root that inherit ``path``, directly or not, sorted."""
    return dependants_of([path], reader)


def dependants_of(
    paths: Iterable[str],
    reader: Reader,
    out: Optional[List[str]] = None,
    skips: Optional[Skips] = None,
    among: Optional[Iterable[str]] = None,
    unread: Optional[List[str]] = None,
) -> List[str]:
    """All configs under the same configs roots that inherit one of ``paths`` and are none of them, sorted.

    A link to one of them is the same file under another name, and counts as one that inherits it.

    Args:
        out: As for :func:`walk`.
        skips: As for :func:`walk`.
        among: These configs are looked at, and no folder is walked.
        unread: Gets those that mention one of them and whose bases cannot be told.
    """
    given = {osp.abspath(path) for path in paths}
    if among is None:
        roots = {configs_root(path) for path in given}
        among = (name for root in roots for name in walk(root, out, skips))
    texts = {osp.abspath(name): _text(name) or "" for name in among}
    real = set(map(osp.realpath, given))
    found: Set[str] = {*given, *(name for name in texts if osp.realpath(name) in real)}
    fresh = set(found)
    while fresh:
        mentions = _mentioning(fresh)
        real, fresh = set(map(osp.realpath, fresh)), set()
        for candidate, text in texts.items():
            if candidate in found or not mentions(text):
                continue
            try:
                inherits = any(osp.realpath(base) in real for base in bases_of(reader.source(candidate)))
            except ConfigError:  # judged on its own, it will say what is wrong with it
                if unread is not None and candidate not in unread:
                    unread.append(candidate)
                continue
            if inherits:
                found.add(candidate)
                fresh.add(candidate)
    return sorted(found - given)


def _mentioning(paths: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text mentions the name of one of ``paths``: only then can it inherit one, and most do not.

    For many names a search takes longer than parsing every file once.
    """
    names = {osp.splitext(osp.basename(path))[0] for path in paths}
    if len(names) > MANY_NAMES:
        return bool
    pattern = re.compile("|".join(re.escape(name) for name in names))
    return lambda text: pattern.search(text) is not None or _computes_bases(text)


def _computes_bases(text: str) -> bool:
    """Whether a config may inherit files that it does not name: `_base_` is more than texts."""
    for found in _BASES.finditer(text):
        if _COMMENT.sub("", _TEXT.sub("", found[1] or found[2])).strip("[](), \t\r\n"):
            return True
    return False
