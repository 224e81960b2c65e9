"""Module-level names, resolved when asked for: nothing of a module runs but what a name needs."""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import join
from mmfix.model.machine.values import MISSING, UNKNOWN, ModuleRef, NativeRef
from mmfix.python.bindings import Binding, bindings
from mmfix.python.imports import absolute_module
from mmfix.python.place import SEVERAL
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine
    from mmfix.repository.library import SourceModule

#: Libraries whose source is never read: what matters of them is known by heart, the rest computes on tensors.
_NOT_READ = frozenset({
    "torch", "torchvision", "torchaudio", "numpy", "scipy", "cv2", "PIL", "matplotlib", "pandas", "apex",
    "tensorflow", "jax", "einops", "sklearn", "skimage", "numba", "spconv", "terminaltables", "addict",
    "yaml", "pycocotools", "shapely", "nuscenes", "mmfix", "fairscale", "transformers", "tqdm", "six",
    "packaging",
})  # fmt: skip
_NOT_READ_BELOW = (
    "mmengine.dist", "mmengine.logging", "mmengine.hooks", "mmengine.runner", "mmengine.fileio",
    "mmengine.structures", "mmengine.visualization", "mmengine.config", "mmengine.registry",
    "mmengine.dataset", "mmengine.utils", "mmengine.device", "mmengine.evaluator", "mmengine.infer",
    "mmengine.optim", "mmengine._strategy", "mmengine.hub", "mmengine.analysis", "mmengine.testing",
    "mmengine.model.wrappers", "mmengine.model.weight_init", "mmcv.runner.hooks", "mmcv.fileio",
    "mmcv.image", "mmcv.video", "mmcv.visualization", "mmcv.transforms", "mmcv.utils", "mmcv.parallel",
    "mmcv.onnx", "mmcv.tensorrt", "mmcv.engine", "mmcv.arraymisc", "mmcv.runner.checkpoint",
    "mmcv.runner.dist_utils", "mmcv.runner.fp16_utils", "mmcv.cnn.utils.weight_init",
)  # fmt: skip
#: Standard library names before ``sys.stdlib_module_names`` (Python 3.10).
_STDLIB = frozenset({
    "abc", "argparse", "ast", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime",
    "enum", "functools", "gc", "glob", "hashlib", "importlib", "inspect", "io", "itertools", "json",
    "logging", "math", "multiprocessing", "numbers", "operator", "os", "pathlib", "pickle", "platform",
    "queue", "random", "re", "shutil", "string", "subprocess", "sys", "tempfile", "threading", "time",
    "traceback", "types", "typing", "unittest", "urllib", "uuid", "warnings", "weakref", "builtins",
    "__future__", "distutils", "heapq",
})  # fmt: skip
_STANDARD = _STDLIB | frozenset(getattr(sys, "stdlib_module_names", ()))
_DEEPEST_IMPORT = 20
_ASSIGNS = (ast.Assign, ast.AnnAssign)


class Scope:
    """The global names of one source module, for one interpretation."""

    __slots__ = ("bindings", "dotted", "frame", "is_package", "module", "path", "pending", "stars", "values")

    def __init__(self, module: SourceModule) -> None:
        self.module = module
        self.dotted = module.name
        self.path = module.path
        self.is_package = module.is_package
        self.values: Dict[str, Any] = {}
        self.pending: Dict[str, bool] = {}
        self.bindings, self.stars = _bindings_of(module)
        self.frame = Frame(self, None, None)

    def lookup(self, m: Machine, name: str, depth: int = 0) -> Any:
        """The value of a global name; MISSING when the module does not bind it."""
        if name in self.values:
            return self.values[name]
        if name in ("__file__", "__name__"):
            return self.path if name == "__file__" else self.dotted
        if not self.stars and name not in self.bindings:
            return MISSING  # most often the name of a builtin
        if name in self.pending or depth > _DEEPEST_IMPORT:
            return MISSING  # asked for while it is being found: a circular import
        self.pending[name] = True
        try:
            value = self._resolve(m, name, depth)
        finally:
            del self.pending[name]
        if value is not MISSING:
            self.values[name] = value
            if any(isinstance(binding.node, _ASSIGNS) for binding in self.bindings.get(name, ())):
                value = self.values[name] = m.imported(self, name, value)
        return value

    def _resolve(self, m: Machine, name: str, depth: int) -> Any:
        fallback: Any = MISSING
        maybe: List[Any] = []
        for binding in reversed(self.bindings.get(name, ())):
            truths = [m.truth(m.eval(test, self.frame)) for test, _ in binding.guards]
            wanted = [want for _, want in binding.guards]
            if any(truth is not None and truth is not want for truth, want in zip(truths, wanted)):
                continue
            if binding.handler:
                fallback = binding
                continue
            value = self._value(m, binding.node, name, depth)
            if value is MISSING:
                continue
            maybe.append(value)
            if None not in truths:
                break
        if maybe:
            value = maybe[0]
            for other in maybe[1:]:
                value = join(value, other)
            if len(maybe) > 1:
                m.problem(
                    say("{name} has several definitions, and which one holds is not known", name=name),
                    kind=SEVERAL,
                )
            return value
        for star in self.stars:
            source = absolute_name(self, star)
            module = m.module_scope(source)
            public = not name.startswith("_") or name == "__version__"  # `__all__` has it
            if module is not None and module is not self and public:
                value = module.lookup(m, name, depth + 1)
                if value is not MISSING:
                    return value
            elif module is None and public and m.library.where(source, name) is not None:
                return from_import(m, source, name)  # it has the name, and is known by heart
        return MISSING if fallback is MISSING else self._value(m, fallback.node, name, depth)

    def _value(self, m: Machine, node: ast.stmt, name: str, depth: int) -> Any:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return m.define_function(node, self.frame, None)
        if isinstance(node, ast.ClassDef):
            return m.define_class(node, self.frame)
        if isinstance(node, ast.Import):
            return import_value(m, node, name)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return from_import(m, absolute_name(self, node), alias.name, depth)
            return MISSING
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            return m.module_assignment(node, self.frame, name)
        return UNKNOWN  # loops, with blocks, augmented assignment: bound, to what is not followed


def absolute_name(scope: Scope, node: ast.ImportFrom) -> str:
    """The module a ``from`` import names, relative ones resolved."""
    return absolute_module(node, scope.dotted, scope.is_package)


def import_value(m: Machine, node: ast.Import, name: str) -> Any:
    """What ``import a.b as c`` or ``import a.b`` binds to ``name``."""
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        if bound == name:
            return module_value(m, alias.name if alias.asname else bound)
    return MISSING


def from_import(m: Machine, module: str, name: str, depth: int = 0) -> Any:
    """What ``from module import name`` binds."""
    known = m.known.known_name(f"{module}.{name}")
    if known is not None:
        return known
    scope = m.module_scope(module)
    if scope is None:
        return NativeRef(f"builtins.{name}" if module == "six.moves" else f"{module}.{name}")
    value = scope.lookup(m, name, depth + 1)
    if value is not MISSING:
        return value
    below = m.module_scope(f"{module}.{name}")
    return ModuleRef(below) if below is not None else NativeRef(f"{module}.{name}")


def module_value(m: Machine, dotted: str) -> Any:
    """A module as a value."""
    scope = m.module_scope(dotted)
    return ModuleRef(scope) if scope is not None else NativeRef(dotted)


@lru_cache(maxsize=4096)
def is_read(dotted: str) -> bool:
    """Whether the source of a module is worth reading."""
    root = dotted.partition(".")[0]
    if root in _NOT_READ or root in _STANDARD:
        return False
    return not any(dotted == prefix or dotted.startswith(prefix + ".") for prefix in _NOT_READ_BELOW)


_Bindings = Tuple[Dict[str, Tuple[Binding, ...]], Tuple[ast.ImportFrom, ...]]


@lru_cache(maxsize=4096)
def _bindings_of(module: SourceModule) -> _Bindings:
    found: Dict[str, List[Binding]] = {}
    stars: List[ast.ImportFrom] = []
    for binding in bindings(module.tree.body if module.tree is not None else ()):
        if binding.name == "*" and isinstance(binding.node, ast.ImportFrom):
            stars.append(binding.node)
        else:
            found.setdefault(binding.name, []).append(binding)
    return {name: tuple(places) for name, places in found.items()}, tuple(stars)
