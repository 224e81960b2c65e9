"""The top-level names of a config: which the framework reads, and which nobody does."""

from __future__ import annotations

import os
import os.path as osp
import re
from functools import lru_cache
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from mmfix.config.dicts import dicts_in
from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import MISSING, KeyPath
from mmfix.config.used import used_names
from mmfix.python.disk import stamp
from mmfix.python.source import Bounds, read_bytes
from mmfix.repository import cache
from mmfix.repository.roots import config_package, source_roots
from mmfix.repository.source import parse_bytes
from mmfix.repository.walk import holds_packages, walk_sources
from mmfix.scripts.keys import keys_read
from mmfix.training.spelling import nearest
from mmfix.training.table import table
from mmfix.wording import say

#: What only a few released scripts read is no word that somebody meant.
_COMMON = 4
BOUNDS = Bounds(say("source file"), 1_000_000)
_KIND = "keys-read-1"


class Meant(NamedTuple):
    """A name that nobody reads, and the key it is a slip away from.

    Attributes:
        name: As the config has it.
        key: That the framework reads.
        source: The line that reads the key.
    """

    name: str
    key: str
    source: str


def read_keys(era: str) -> Mapping[str, Tuple[str, int]]:
    """Key -> the first line of released code that reads it, and how many releases do."""
    return _read_keys()[era]


@lru_cache(maxsize=None)
def _read_keys() -> Dict[str, Dict[str, Tuple[str, int]]]:
    return {
        era: {key: (where, count) for key, (where, count) in keys.items()}
        for era, keys in table("read_keys").items()
    }


@lru_cache(maxsize=4096)
def meant_by(name: str, era: str) -> Optional[str]:
    """The key that a name is a slip away from."""
    known = read_keys(era)
    if name in known or name.startswith("_"):
        return None
    return nearest(name, (key for key, (_, count) in known.items() if _is_common(era, key, count)))


def _is_common(era: str, key: str, count: int) -> bool:
    return count >= _COMMON or (era == "mmengine" and read_keys(era)[key][0].startswith("mmengine "))


def misspelt(document: ConfigDocument, era: str) -> Tuple[Meant, ...]:
    """The top-level names that nobody reads and that are a slip away from a key of the framework.

    Nobody: not the framework, not the code of the config or its bases, not the code of the repository
    around it.
    """
    near = [(name, meant_by(name, era)) for name in document.tree if isinstance(name, str)]
    found = [Meant(name, key, read_keys(era)[key][0]) for name, key in near if key is not None]
    if not found:
        return ()
    used = used_names(document, (one.name for one in found))
    left = [one for one in found if one.name not in {*used, *document.imported} and _fits(document, one)]
    read = read_around(document, frozenset(one.name for one in left)) if left else {}
    return tuple(one for one in left if one.name not in read)


#: Keys whose value is one word or number; all others hold a dict or a list.
_PLAIN = frozenset(
    {
        *("work_dir", "load_from", "resume", "resume_from", "launcher", "log_level", "default_scope", "seed"),
        *("experiment_name", "exp_name", "device", "runner_type", "find_unused_parameters", "sync_bn"),
        *("deterministic", "auto_resume", "total_epochs", "total_iters", "cudnn_benchmark"),
        *("opencv_num_threads", "mp_start_method", "init_weights_for_test_or_val", "cache_size_limit"),
    }
)


def _fits(document: ConfigDocument, one: Meant) -> bool:
    """Whether the value may be one of the key that seems to be meant, and is in effect nowhere yet."""
    value = document.tree[one.name]
    if value is not None and isinstance(value, (dict, list, tuple)) is (one.key in _PLAIN):
        return False
    if one.key in document.tree and not any(changes(document.tree[one.key], value)):
        return False
    return not stands_elsewhere(document, one.name)


def stands_elsewhere(document: ConfigDocument, name: str) -> bool:
    """Whether the config has a value equal to that of a top-level name, which is no single word or number.

    In a config that was dumped, that is all there is to see of a variable's use.
    """
    value = document.tree[name]
    if not value or not isinstance(value, (dict, list, tuple)):
        return False
    return any(
        item == value
        for path, node in dicts_in(document.tree)
        for key, item in node.items()
        if (*path, key)[0] != name and type(item) is type(value)
    )


def changes(old: Any, new: Any, path: KeyPath = ()) -> Iterator[Tuple[KeyPath, Any]]:
    """What changes where a new value is merged into an old one, as a config is into its base."""
    if isinstance(old, dict) and isinstance(new, dict) and "_delete_" not in new:
        for key, value in new.items():
            yield from changes(old.get(key, MISSING), value, (*path, key))
    elif old != new:
        yield path, new


def read_around(document: ConfigDocument, names: FrozenSet[str]) -> Dict[str, str]:
    """Name -> a source file of the repository, or of the config's own package, that reads it of a config."""
    return _read_in(sources(document), document, names)


def read_by_training(document: ConfigDocument, names: FrozenSet[str]) -> Dict[str, str]:
    """The same for what runs a training there: scripts, runners, hooks.

    A repository made for the new era still reads keys of the old one elsewhere, to translate old configs.
    """
    return _read_in(filter(takes_part, sources(document)), document, names)


_RUNS = re.compile(
    r"(?:^|[/_.])(?:train|test|runners?|hooks?|engine|apis|loops?|strategy|strategies)(?=[/_.])"
)


def takes_part(path: str) -> bool:
    """Whether a source file is one that runs a training, by the names of it and its folders."""
    return _RUNS.search("/".join(path.split(os.sep)[-3:])) is not None


def _read_in(paths: Iterable[str], document: ConfigDocument, names: FrozenSet[str]) -> Dict[str, str]:
    found: Dict[str, str] = {}
    if not document.path and not document.homes:
        return found
    word = re.compile(
        rb"\b(?:"
        + b"|".join(re.escape(name.encode("utf-8", "surrogatepass")) for name in sorted(names))
        + rb")\b"
    )
    for path in paths:
        if path not in document.files and word.search(read_bytes(path, BOUNDS)[0]):
            for name in names & _keys_read(path, stamp(path)):
                found.setdefault(name, path)
    return found


@lru_cache(maxsize=1024)
def _keys_read(path: str, state: Optional[str]) -> FrozenSet[str]:
    """The keys that a source file reads of a config."""
    stored = cache.load(_KIND, f"{path}\n{state}")
    if isinstance(stored, list):
        return frozenset(stored)
    tree, _ = parse_bytes(read_bytes(path, BOUNDS)[0], path)
    found = sorted(keys_read(tree) if tree is not None else ())
    cache.store(_KIND, f"{path}\n{state}", found)
    return frozenset(found)


def sources(document: ConfigDocument) -> Iterator[str]:
    """The Python files of the repository; of a package's own config, those of the package."""
    package = config_package(document.path)
    roots: List[str] = list(source_roots(document.path, document.tree, document.homes))
    if package is not None:
        roots = [osp.join(root, package) for root in roots]
    for root in roots:
        if not holds_packages(root):
            yield from _files(root)


def package_files(path: str) -> Tuple[str, ...]:
    """The Python files of the package that a file lies in."""
    folder = osp.dirname(path)
    while osp.isfile(osp.join(osp.dirname(folder), "__init__.py")):
        folder = osp.dirname(folder)
    return _files(folder)


@lru_cache(maxsize=16)
def _files(root: str) -> Tuple[str, ...]:
    return tuple(file.path for file in walk_sources(root).files)
