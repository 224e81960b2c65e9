"""Arguments in a config that the class of their ``type`` does not take."""

from __future__ import annotations

import os
import os.path as osp
import re
from typing import Iterator, NamedTuple, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.python.source import read_bytes
from mmfix.training.built import Built, built_in
from mmfix.training.spelling import nearest
from mmfix.training.top_level import BOUNDS, package_files, sources

#: Taken out of any dict (``mmengine/registry/build_functions.py``, ``Runner.register_hook``,
#: ``build_scheduler_from_cfg``, ``build_optim_wrapper``; mmcv 1.x: ``build_optimizer``).
_ALWAYS = frozenset(
    {
        *("type", "_scope_", "_delete_", "priority", "convert_to_iter_based", "constructor"),
        *("paramwise_cfg", "init_cfg", "_reversed_", "num_batch_per_epoch"),
    }
)


class Refused(NamedTuple):
    """An argument that a class does not take.

    Attributes:
        key: Key path of the argument.
        type_name: The class.
        meant: The argument that it is a slip away from; None where none is.
        path: The file of the class.
    """

    key: KeyPath
    type_name: str
    meant: Optional[str]
    path: str

    @property
    def where(self) -> str:
        """``mmdet/models/necks/fpn.py``: the file, from the directory that its package lies in."""
        folder = osp.dirname(self.path)
        while osp.isfile(osp.join(folder, "__init__.py")):
            folder = osp.dirname(folder)
        return osp.relpath(self.path, folder).replace(os.sep, "/")


def refused_arguments(document: ConfigDocument, era: str) -> Tuple[Refused, ...]:
    """Every argument that its class is known not to take.

    Only where one class of that name is in sight, and all its constructors are.
    """
    found = tuple(refused for built in built_in(document, era) for refused in _not_taken(built))
    return tuple(one for one in found if not _is_taken_out(document, str(one.key[-1]), one.path))


def _not_taken(built: Built) -> Iterator[Refused]:
    taken = built.known.taken
    if taken is None:
        return
    for key in built.node:
        if key not in taken.names and key not in _ALWAYS and isinstance(key, str):
            meant = nearest(key, taken.names | _ALWAYS)
            yield Refused((*built.path, key), built.wanted.name, meant, min(taken.files))


def _is_taken_out(document: ConfigDocument, name: str, path: str) -> bool:
    """Whether code of the class's package, or of the repository, takes such an argument out of a dict.

    Often who builds a part does, before its class gets the rest (mmdet's ``DETRHead``: ``bg_cls_weight``).
    """
    word = name.encode("utf-8", "surrogatepass")
    quoted = rb"['\"]%s['\"]" % re.escape(word)
    takes = re.compile(rb"(?:pop|get|setdefault)\(\s*%s|\[%s\]|%s (?:not )?in\b" % (quoted, quoted, quoted))
    for file in dict.fromkeys((*package_files(path), *sources(document))):
        data = b"" if file in document.files else read_bytes(file, BOUNDS)[0]
        if word in data and takes.search(data):  # the first is much faster, and mostly says no
            return True
    return False
