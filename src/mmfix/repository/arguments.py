"""The arguments that a class or function takes, followed through ``**kwargs`` and ``super().__init__``."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import Dict, FrozenSet, List, NamedTuple, Optional, Tuple

from mmfix.python.bindings import Import
from mmfix.python.signatures import signature_of
from mmfix.python.trees import dotted
from mmfix.repository.double_star import HandedOn, double_star
from mmfix.repository.library import Library
from mmfix.repository.taken import DROPPED, REFUSED, UNKNOWN, Taken

_MAX_DEPTH = 20
#: Ends of the trail (``torch/nn/modules/module.py: Module.__init__`` takes none).
_WITHOUT_ARGUMENTS = frozenset(
    {
        *("object", "torch.nn.Module", "torch.nn.modules.module.Module", "abc.ABC", "typing.Generic"),
        *("torch.utils.data.Dataset", "torch.utils.data.dataset.Dataset"),
    }
)
_REGISTERS = frozenset({"register_module", "register"})
#: Renames arguments, and takes them under the old name, too
#: (``mmengine/utils/misc.py``).
_RENAMES = "deprecated_api_warning"


class _Part(NamedTuple):
    """What one constructor takes, with all that it hands its ``**kwargs`` to.

    Attributes:
        positional: In their order.
        names, others, required: As in :class:`Taken`.
    """

    positional: Tuple[str, ...]
    names: FrozenSet[str]
    others: str
    required: FrozenSet[str]


_NONE = _Part((), frozenset(), REFUSED, frozenset())
_LOST = _Part((), frozenset(), UNKNOWN, frozenset())


class _Lost(Exception):
    """The class or function is not here, or what it takes is not what its definition says."""


def arguments_taken(library: Library, module: str, qualname: str) -> Optional[Taken]:
    """The arguments of a class or function; None where nothing is known of them.

    Args:
        library: Where source is looked for.
        module: Of the definition.
        qualname: A top-level name there.
    """
    trail = _Trail(library)
    try:
        part = trail.of(module, qualname, 0) or _NONE
    except _Lost:
        return None
    trail.add_bases(module, qualname, 0)
    return Taken(part.names, tuple(trail.files), part.others, part.required)


class _Trail:
    """One look at a class or function and at what it leads to."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.files: Dict[str, None] = {}

    def of(self, module: str, name: str, depth: int) -> Optional[_Part]:
        """The arguments; None for a class without ``__init__`` of its own or of its bases.

        Raises:
            _Lost: They are not known.
        """
        source, names = self._library.module(module), self._library.names(module)
        node = None if names is None else names.bound.get(name)
        if depth > _MAX_DEPTH or source is None or names is None or name in names.otherwise:
            raise _Lost
        self.files[source.path] = None
        if isinstance(node, ast.FunctionDef):
            if not all(map(_registers, node.decorator_list)):
                raise _Lost
            return self._of_function(module, None, node, (), depth)
        if not isinstance(node, ast.ClassDef) or not _is_plain(node) or _may_bind(node, "__init__"):
            raise _Lost
        made = [item for item in _methods(node) if item.name == "__init__"]
        if not made:
            return self._of_bases(module, node, depth)
        renamed = _renamed(made[0])
        if len(made) > 1 or renamed is None:
            raise _Lost
        return self._of_function(module, node, made[0], renamed, depth)

    def add_bases(self, module: str, name: str, depth: int) -> None:
        """The files of all bases of a class, as far as they are here."""
        source, names = self._library.module(module), self._library.names(module)
        node = None if names is None else names.bound.get(name)
        if source is None or not isinstance(node, ast.ClassDef) or depth > _MAX_DEPTH:
            return
        self.files[source.path] = None
        for base in node.bases:
            with suppress(_Lost):
                target = self._target(module, _without_index(base))
                if target is not None:
                    self.add_bases(*target, depth + 1)

    def _of_bases(self, module: str, node: ast.ClassDef, depth: int) -> Optional[_Part]:
        """What the bases take together: ``super()`` may mean any of them."""
        found: List[_Part] = []
        for base in node.bases:
            part = self._of_name(module, _without_index(base), depth)
            if part is not None and part is not _NONE:
                found.append(part)
        if len(found) < 2:
            return found[0] if found else None
        others = {part.others for part in found}
        return _Part(
            (),
            frozenset().union(*(part.names for part in found)),
            REFUSED if others == {REFUSED} else UNKNOWN,
            frozenset(),
        )

    def _of_name(self, module: str, spelled: str, depth: int) -> Optional[_Part]:
        """The arguments of what a name in a module stands for; lost, where that is not here."""
        try:
            target = self._target(module, spelled)
            return _NONE if target is None else self.of(*target, depth + 1)
        except _Lost:
            return _LOST

    def _target(self, module: str, spelled: str) -> Optional[Tuple[str, str]]:
        """Module and name behind a name; None for a class that takes no arguments."""
        names = self._library.names(module)
        if not spelled or names is None:
            raise _Lost
        first, _, rest = spelled.partition(".")
        bound = names.bound.get(first)
        if isinstance(bound, Import):
            whole = ".".join(filter(None, [bound.module, bound.name, rest]))
        else:
            whole = spelled
        if whole in _WITHOUT_ARGUMENTS:
            return None
        if rest:
            owner, _, last = whole.rpartition(".")
            target = self._library.where(owner, last)
        else:
            target = self._library.where(module, first)
        if target is None or not target[1]:
            raise _Lost
        return None if ".".join(target) in _WITHOUT_ARGUMENTS else target

    def _of_function(
        self,
        module: str,
        owner: Optional[ast.ClassDef],
        function: ast.FunctionDef,
        renamed: Tuple[str, ...],
        depth: int,
    ) -> _Part:
        signature = signature_of(function.args)
        skip = 0 if owner is None or _is_static(function) else 1
        positional = signature.positional[skip:]
        own = frozenset((*positional, *signature.keyword_only, *renamed))
        required = frozenset((*positional, *signature.keyword_only)) - set(signature.default_nodes())
        required = frozenset() if renamed else required
        if signature.double_star is None:
            return _Part(positional, own, REFUSED, required)
        used = double_star(function)
        parts = [self._behind(module, owner, handed, depth) for handed in used.calls]
        names = own.union(used.taken, used.added, *(_left(part, each.call) for part, each in parts))
        sure = [_required(part, each.call) for part, each in parts if each.sure]
        required = required.union(*sure) - used.taken - used.added if len(parts) == 1 else required
        return _Part(positional, names, _others(parts, used.lost), required)

    def _behind(
        self, module: str, owner: Optional[ast.ClassDef], handed: HandedOn, depth: int
    ) -> Tuple[_Part, HandedOn]:
        """What a call takes to which ``**kwargs`` is handed."""
        func = handed.call.func
        spelled = dotted(func)
        if owner is not None and _is_super(func, owner.name):
            part = self._of_bases(module, owner, depth)
        elif owner is not None and spelled.startswith("self."):
            part = self._of_own(module, owner, spelled[len("self.") :], depth)
        elif spelled.endswith(".__init__") and owner is not None:
            part = self._of_name(module, spelled[: -len(".__init__")], depth)
        else:
            local = spelled.partition(".")[0] in handed.local
            part = _LOST if local else self._of_name(module, spelled, depth)
        return part or _NONE, handed

    def _of_own(self, module: str, owner: ast.ClassDef, name: str, depth: int) -> _Part:
        """The arguments of a method, which a class below may replace."""
        made = [item for item in _methods(owner) if item.name == name]
        if len(made) != 1 or made[0].decorator_list or depth > _MAX_DEPTH:
            return _LOST
        part = self._of_function(module, owner, made[0], (), depth + 1)
        return part._replace(others=UNKNOWN, required=frozenset())


def _others(parts: List[Tuple[_Part, HandedOn]], lost: bool) -> str:
    """What becomes of other arguments that are handed to all of these, and to something else (``lost``)."""
    if lost or any(part.others == UNKNOWN for part, _ in parts):
        return UNKNOWN
    if any(part.others == REFUSED and each.sure for part, each in parts):
        return REFUSED
    return DROPPED if all(part.others == DROPPED for part, _ in parts) else UNKNOWN


def _left(part: _Part, call: ast.Call) -> FrozenSet[str]:
    """What of its arguments a call does not pass itself beside ``**kwargs``."""
    return part.names - {item.arg for item in call.keywords if item.arg is not None}


def _required(part: _Part, call: ast.Call) -> FrozenSet[str]:
    """What of the arguments that it must have a call does not pass itself."""
    if any(isinstance(item, ast.Starred) for item in call.args):
        return frozenset()
    given = len(call.args) - (1 if dotted(call.func).endswith(".__init__") else 0)
    rest = part.required - set(part.positional[: max(given, 0)])
    return rest - {item.arg for item in call.keywords if item.arg is not None}


def _methods(node: ast.ClassDef) -> List[ast.FunctionDef]:
    return [item for item in node.body if isinstance(item, ast.FunctionDef)]


def _is_plain(node: ast.ClassDef) -> bool:
    """Whether calling a class calls its ``__init__`` and nothing else."""
    return (
        all(map(_is_abstract, node.keywords))
        and all(map(_registers, node.decorator_list))
        and not any(item.name == "__new__" for item in _methods(node))
    )


def _is_abstract(keyword: ast.keyword) -> bool:
    return keyword.arg == "metaclass" and dotted(keyword.value) in ("ABCMeta", "abc.ABCMeta")


def _is_static(function: ast.FunctionDef) -> bool:
    return any(dotted(item) == "staticmethod" for item in function.decorator_list)


def _renamed(function: ast.FunctionDef) -> Optional[Tuple[str, ...]]:
    """Old names of arguments that a constructor takes as well; None: decorators may do anything else."""
    found: List[str] = []
    for node in function.decorator_list:
        if not isinstance(node, ast.Call) or dotted(node.func).rpartition(".")[2] != _RENAMES:
            return None
        names = node.args[0] if node.args else None
        if not isinstance(names, ast.Dict):
            return None
        found += [str(key.value) for key in names.keys if isinstance(key, ast.Constant)]
    return tuple(found)


def _may_bind(node: ast.ClassDef, name: str) -> bool:
    """Whether a class gets a method in another way than by ``def`` in its body."""
    return any(
        isinstance(inner, (ast.Name, ast.alias, ast.FunctionDef)) and _bound_name(inner) == name
        for item in node.body
        if not isinstance(item, ast.FunctionDef)
        for inner in ast.walk(item)
    )


def _bound_name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else ""
    return str(getattr(node, "asname", None) or getattr(node, "name", ""))


def _registers(node: ast.expr) -> bool:
    """Whether a decorator hands the class on as it is."""
    call = node.func if isinstance(node, ast.Call) else node
    return isinstance(call, ast.Attribute) and call.attr in _REGISTERS


def _without_index(base: ast.expr) -> str:
    """``Generic`` for ``Generic[T]``."""
    return dotted(base.value if isinstance(base, ast.Subscript) else base)


def _is_super(made: ast.expr, name: str) -> bool:
    """``super().__init__(...)`` and ``super(Net, self).__init__(...)`` of that very class."""
    call = made.value if isinstance(made, ast.Attribute) and made.attr == "__init__" else None
    if not isinstance(call, ast.Call) or dotted(call.func) != "super":
        return False
    return not call.args or dotted(call.args[0]) in (name, "__class__")
