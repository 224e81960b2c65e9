"""What a training may import of a repository: everything that any of its scripts leads to.

More than one run imports, and never less: an import in a function counts, and so does the name of a module in
a text, and what lies beside code that imports by names made at run time.
"""

from __future__ import annotations

import os
import os.path as osp
import re
from typing import FrozenSet, Iterable, Iterator, List, Mapping, Sequence, Set, Tuple

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]*import[ \t]*(\([^)]*\)|(?:[^\n#\\]|\\\r?\n)+)"
    rb"|import[ \t]+((?:[^\n#;\\]|\\\r?\n)+))",
    re.MULTILINE,
)
_COMMENT = re.compile(rb"#[^\n]*")
#: A dotted name in a text: ``'mmdet.models'``, ``'package.module:main'``.
_TEXT = re.compile(rb"['\"]([A-Za-z_]\w*(?:\.\w+)*)[:'\"]")
_WORD = re.compile(rb"\w+")
#: Imports by a name that is made at run time.
_AT_RUN_TIME = re.compile(rb"importlib|import_module|__import__|pkgutil")
#: Looks for what there is to import.
_LISTS = re.compile(rb"listdir|glob|scandir|os\.walk|iter_modules|walk_packages|iterdir|rglob")
_STARTS = re.compile(rb"__main__|entry_points|console_scripts")
_SCRIPTS = ("train.py", "test.py", "dist_train.py", "main.py", "setup.py")


def may_be_imported(
    texts: Mapping[str, bytes], bases: Sequence[str], modules: Iterable[str], scopes: Iterable[str]
) -> FrozenSet[str]:
    """The files that a training may import.

    Args:
        texts: The source files of the repository, and what they say.
        bases: Directories that modules are imported from.
        modules: What the config has imported, by dotted names.
        scopes: Packages that the framework imports as a whole.
    """
    found: Set[str] = set()
    stack = [path for path, text in texts.items() if _starts(path, text)]
    for module in modules:
        stack += _files(texts, bases, module.split("."))
    for scope in scopes:  # mmengine/registry/default_scope.py, utils/setup_env.py of each package
        for module in (scope, f"{scope}.registry", f"{scope}.utils.setup_env", f"{scope}.apis"):
            stack += _files(texts, bases, module.split("."))
    while stack:
        path = stack.pop()
        if path not in found:
            found.add(path)
            stack += _imported(path, texts, bases)
    return frozenset(found)


def _starts(path: str, text: bytes) -> bool:
    """Whether somebody may run a file."""
    return osp.basename(path) in _SCRIPTS or _STARTS.search(text) is not None


def _imported(path: str, texts: Mapping[str, bytes], bases: Sequence[str]) -> Iterator[str]:
    text, folder = texts[path], osp.dirname(path)
    is_package = osp.join(folder, "__init__.py") in texts
    bases = bases if is_package else (*bases, folder)
    for source, names, plain in _IMPORT.findall(text):
        for module in plain.split(b","):
            yield from _files(texts, bases, _parts(module.split()[0]) if module.split() else [])
        if not source:
            continue
        level = len(source) - len(source.lstrip(b"."))
        parts = _parts(source.strip(b"."))
        above = folder
        for _ in range(level - 1):
            above = osp.dirname(above)
        places = (above,) if level else bases
        words = [word.decode("utf-8", "replace") for word in _WORD.findall(_COMMENT.sub(b"", names))]
        yield from _files(texts, places, parts)
        for word in words:
            yield from _files(texts, places, [*parts, word])
    for name in set(_TEXT.findall(text)):
        yield from _files(texts, bases, _parts(name))
    if _AT_RUN_TIME.search(text) and _LISTS.search(text):
        yield from (other for other in texts if other.startswith(folder + os.sep))


def _parts(dotted: bytes) -> List[str]:
    return [part.decode("utf-8", "replace") for part in dotted.split(b".") if part]


def _files(texts: Mapping[str, bytes], bases: Iterable[str], parts: Sequence[str]) -> Iterator[str]:
    """The files that importing a module runs, or as much of it as there is."""
    for base in bases:
        place = base
        for at, part in enumerate(parts):
            place = osp.join(place, part)
            if place + ".py" in texts:
                yield place + ".py"
            package = osp.join(place, "__init__.py")
            if package in texts:
                yield package
            elif at == 0 and place + ".py" not in texts and not osp.isdir(place):
                break


def importable_as(path: str, bases: Sequence[str]) -> Tuple[str, ...]:
    """The dotted names of a file, from each directory that modules are imported from."""
    found = []
    for base in bases:
        if path.startswith(base.rstrip(os.sep) + os.sep):
            short = osp.splitext(osp.relpath(path, base))[0]
            parts = short.split(os.sep)
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            if parts and all(part.isidentifier() for part in parts):
                found.append(".".join(parts))
    return tuple(dict.fromkeys(found))
