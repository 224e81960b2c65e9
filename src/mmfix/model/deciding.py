"""Which config key decides: from a line of a class to the constructor parameter in the tests around it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, Union

from mmfix.config.keypath import KeyPath
from mmfix.model.guards import tests_before, tests_behind
from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.values import Instance, is_scalar
from mmfix.model.spelling import is_spelled, text_pattern, written_names
from mmfix.python.place import Place
from mmfix.python.trees import below, everything

#: The dicts of a config by key path.
Configs = Dict[KeyPath, Mapping[str, Any]]

#: Methods that make, fill or freeze modules; a mention there is not a use.
_NOT_USES = ("init", "eval", "freeze", "load", "build", "reset", "make", "get_layer_depth")
#: Stands for any attribute in :func:`_mentions`.
_DYNAMIC = "getattr"
#: Parameters that say nothing about which modules take part.
_NEVER_DECIDE = frozenset({"init_cfg", "pretrained", "norm_cfg", "act_cfg", "conv_cfg", "data_preprocessor"})


@dataclass(frozen=True)
class Mention:
    """A line of a method that mentions ``self.name``, and the names that decide about it.

    Attributes:
        place: The line.
        method: The method it is in.
        called: The mention is called, or one of its methods is.
        conditions: Names in the tests around it, the innermost first; ``options:key`` for
            ``self.options.get('key')``, ``options.key`` for ``self.options.key``.
        beside: Names in the indices of its statement and in what the loops around it run over.
        tests: Those of the ``conditions`` in tests that the line is inside of.
        wanted: Those of the ``tests`` that must be true for the line to run, or false.
        asks_for_grad: A test around it asks for ``requires_grad``.
        names: For ``getattr(self, ...)`` with a name made at run time: a pattern of the names that it may be;
            empty where nothing is known of them.
    """

    place: Place
    method: str
    called: bool
    conditions: Tuple[str, ...]
    beside: Tuple[str, ...]
    asks_for_grad: bool
    names: str = ""
    tests: Tuple[str, ...] = ()
    wanted: Tuple[Tuple[str, bool], ...] = ()

    @property
    def is_use(self) -> bool:
        """False in a constructor and the like."""
        name = self.method.lstrip("_")
        return name != "train" and not name.startswith(_NOT_USES)  # train_step() uses


def mentions_of(m: Machine, instance: Instance, name: str) -> List[Mention]:
    """Lines of the class of ``instance`` that mention ``self.name``: calls, then other uses, then the rest.

    Where nothing else uses it, ``getattr(self, ...)`` under a name made at run time may.
    """
    classes = list(_classes(m, instance))
    found = [item for cls in classes for item in _mentions(cls.node, cls.scope.path).get(name, ())]
    if not any(item.is_use for item in found):
        # a name that the source spells out for the attribute alone is not made at run time
        made = not any(name in written_names(cls.node) for cls in classes) or any(
            is_spelled(cls.node, name) for cls in classes
        )
        for cls in classes:
            for item in _mentions(cls.node, cls.scope.path).get(_DYNAMIC, ()):
                if re.fullmatch(item.names, name) if item.names else made:
                    found.append(item)
    return sorted(found, key=lambda item: (not item.is_use, not item.called))


def preventing(instance: Instance, mention: Mention) -> Tuple[str, ...]:
    """The names in the tests around a line, without those that are what the line needs."""
    met = {
        name
        for name, wanted in mention.wanted
        if isinstance(instance.items.get(name), bool) and instance.items[name] is wanted
    }
    return tuple(name for name in mention.tests if name not in met)


def mention_at(m: Machine, instance: Instance, place: Optional[Place]) -> Optional[Mention]:
    """What is around a line of the class of ``instance``; None when the line is not in it."""
    method = _method_at(m, instance, place)
    return None if method is None or place is None else _around(method, place, False)


def _method_at(m: Machine, instance: Instance, place: Optional[Place]) -> Optional[ast.FunctionDef]:
    for cls in _classes(m, instance):
        if place is not None and cls.scope.path == place.path:
            for method in _methods(cls.node):
                if method.lineno <= place.line <= (method.end_lineno or method.lineno):
                    return method
    return None


def names_deciding(m: Machine, instance: Instance, place: Place) -> Tuple[str, ...]:
    """Names in the tests of a method that decide whether a line is reached, or what it calls."""
    method = _method_at(m, instance, place)
    body = [] if method is None else method.body
    tests = (*tests_before(body, place.line), *tests_behind(body, place.line))
    return tuple(name for test in tests for name in _names(test))


def key_of(
    m: Machine,
    instance: Instance,
    key: KeyPath,
    names: Sequence[str],
    config: Optional[Mapping[str, Any]],
    dicts: bool = True,
) -> Optional[KeyPath]:
    """The config key behind the first of ``names`` that comes from a constructor parameter.

    Args:
        m: The machine.
        instance: Whose class the names are of.
        key: The nearest config dict at or above it.
        names: Attributes of ``self`` or parameters, as in a :class:`Mention`.
        config: That dict. For a class made by other code only the keys count that it has, and passes on.
        dicts: A parameter that is a dict may decide: by being there at all.
    """
    given = config or {}
    for name in names:
        attribute, _, entry = name.replace(":", ".:").partition(".")
        asked, entry = entry.startswith(":"), entry.lstrip(":")
        for parameter, inside_it in _parameters_behind(m, instance, attribute):
            place, value = (*key, parameter), given.get(parameter)
            if key == ("model",) and parameter in m.beside and parameter not in given:
                place, value = (parameter,), m.beside[parameter]
            asked, entry = (True, inside_it) if inside_it and not entry else (asked, entry)
            if entry and not (isinstance(value, Mapping) and (asked or entry in value)):
                entry = ""  # an attribute of an object, not an entry of a dict
            if parameter in _NEVER_DECIDE or (isinstance(value, Mapping) and not dicts and not entry):
                continue
            if instance.key is not None or (parameter in given and _is_passed(m, instance, parameter, value)):
                return (*place, entry) if entry else place
            # made by a builder of its own from a dict inside
            inside = [part for part, item in given.items() if isinstance(item, Mapping) and parameter in item]
            if len(inside) == 1 and _is_passed(m, instance, parameter, given[inside[0]][parameter]):
                return (*key, inside[0], parameter)
    return None


def _is_passed(m: Machine, instance: Instance, parameter: str, value: Any) -> bool:
    """Whether an object may have got its argument from a config key of the same name: it has that value."""
    arguments = m.made_with.get(instance)
    if arguments is None:
        return True
    if parameter not in arguments:
        return False
    given = arguments[parameter]
    return not (is_scalar(given) and is_scalar(value)) or (type(given), given) == (type(value), value)


def _parameters_behind(m: Machine, instance: Instance, name: str) -> Iterator[Tuple[str, str]]:
    """Constructor parameters that a name is computed from, each with the entry of it that is looked at."""
    derived: List[ast.FunctionDef] = []
    for cls in _classes(m, instance):
        init = cls.method_node("__init__")
        if init is None:
            continue
        parameters = {item.arg for item in [*init.args.posonlyargs, *init.args.args, *init.args.kwonlyargs]}
        parameters.discard("self")
        seen: Set[str] = set()
        stack = [name]
        while stack:
            current, _, entry = stack.pop().partition(":")
            if current in parameters:
                if all(_passes_on(other, current) for other in derived):
                    yield current, entry
                return
            if current not in seen:
                seen.add(current)
                stack.extend(reversed(_assigned(init).get(current, ())))
        derived.append(init)


def _passes_on(init: ast.FunctionDef, name: str) -> bool:
    """Whether a constructor takes an argument, or may hand it to its bases unseen."""
    rest = init.args.kwarg
    if name in {item.arg for item in [*init.args.posonlyargs, *init.args.args, *init.args.kwonlyargs]}:
        return True
    if rest is None or not any(
        isinstance(part, ast.Name) and part.id == rest.arg for part in everything(init)
    ):
        return False
    calls = [call for call in everything(init) if isinstance(call, ast.Call)]
    bases = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"]
    return not any(word.arg == name for call in bases for word in call.keywords)


def _classes(m: Machine, instance: Instance) -> Iterator[ClassInfo]:
    if isinstance(instance.cls, ClassInfo):
        for base in instance.cls.mro(m):
            if isinstance(base, ClassInfo):
                yield base


def _methods(cls: ast.ClassDef) -> List[ast.FunctionDef]:
    return [item for item in cls.body if isinstance(item, ast.FunctionDef)]


@lru_cache(maxsize=4096)
def _mentions(cls: ast.ClassDef, path: str) -> Dict[str, Tuple[Mention, ...]]:
    found: Dict[str, List[Mention]] = {}
    for method in _methods(cls):
        nodes = list(everything(method))
        calls = [item for item in nodes if isinstance(item, ast.Call)]
        called = {id(_root_of(item.func)) for item in calls}
        aliases = {
            id(item.value): item.targets[0].id
            for item in nodes
            if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name)
        }
        lambdas = {id(part) for item in nodes if isinstance(item, ast.Lambda) for part in everything(item)}
        for item in nodes:
            if not isinstance(item, ast.Attribute) or not _is_own(item) or isinstance(item.ctx, ast.Store):
                continue
            line, is_called = item.lineno, id(item) in called
            if id(item) in aliases:  # head = self.head; head.loss(...)
                uses = [call.lineno for call in calls if _is_named(_root_of(call.func), aliases[id(item)])]
                line, is_called = (min(uses), True) if uses else (line, is_called)
            name = "<lambda>" if id(item) in lambdas else method.name
            mention = _around(method, Place(path, line), is_called, item.attr)
            found.setdefault(item.attr, []).append(replace(mention, method=name))
        for call in calls:
            if (
                _is_named(call.func, "getattr")
                and len(call.args) > 1
                and not isinstance(call.args[1], ast.Constant)
            ):
                uses = [
                    item.lineno for item in calls if _is_named(_root_of(item.func), aliases.get(id(call), ""))
                ]
                place = Place(path, min(uses, default=call.lineno))
                mention = replace(_around(method, place, True), names=text_pattern(call.args[1]))
                found.setdefault(_DYNAMIC, []).append(mention)
    return {name: tuple(mentions) for name, mentions in found.items()}


def _root_of(node: ast.expr) -> ast.expr:
    """``self.x`` of ``self.x.y[0].z``, or the variable at the start."""
    while isinstance(node, (ast.Attribute, ast.Subscript)) and not (
        isinstance(node, ast.Attribute) and _is_own(node)
    ):
        node = node.value
    return node


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _around(method: ast.FunctionDef, place: Place, called: bool, name: str = "") -> Mention:
    conditions: List[str] = []
    beside: List[str] = []
    tests: List[str] = []
    wanted: List[Tuple[str, bool]] = []
    grad = False
    for node in reversed(list(_enclosing(method, place.line))):
        if isinstance(node, (ast.If, ast.While, ast.IfExp)):
            if not _covers(node.test, place.line) or isinstance(node, ast.IfExp):
                conditions += _names(node.test)
                tests += _names(node.test)
                if isinstance(node, ast.If):
                    wanted += _truths(node.test, any(_covers(item, place.line) for item in node.body))
                grad = grad or _asks_for_grad(node.test)
        elif isinstance(node, ast.For):
            inside = [item for item in everything(node) if isinstance(item, (ast.If, ast.IfExp))]
            conditions += [found for item in inside for found in _names(item.test)]
            beside += _names(node.iter)
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)):
            beside += [found for part in _deciding_parts(node, name) for found in _names(part)]
    return Mention(
        place,
        method.name,
        called,
        tuple(dict.fromkeys(conditions)),
        tuple(dict.fromkeys(beside)),
        grad,
        tests=tuple(tests),
        wanted=tuple(wanted),
    )


def _truths(test: ast.expr, wanted: bool) -> Iterator[Tuple[str, bool]]:
    """Names that a test asks for by themselves, and what they must be for it to be ``wanted``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _truths(test.operand, not wanted)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And if wanted else ast.Or):
        for part in test.values:
            yield from _truths(part, wanted)
    elif _own_name(test):
        yield _own_name(test), wanted


def _deciding_parts(statement: ast.stmt, name: str) -> Iterator[ast.AST]:
    """What in a statement chooses among modules: indices, a helper's switches, what loops run over."""
    for item in everything(statement):
        if isinstance(item, ast.Subscript):
            yield item.slice
        elif isinstance(item, ast.comprehension):
            yield item.iter
        elif isinstance(item, ast.Call) and name and any(_own_name(part) == name for part in item.args):
            yield from (keyword.value for keyword in item.keywords)
            yield from (part for part in reversed(item.args) if _own_name(part) not in ("", name))


def _enclosing(node: ast.AST, line: int) -> Iterator[ast.AST]:
    """The nodes around a line, outermost first."""
    for child in below(node):
        first = getattr(child, "lineno", None)
        if first is not None and first <= line <= (getattr(child, "end_lineno", None) or first):
            yield child
            yield from _enclosing(child, line)


def _names(node: ast.AST) -> Iterator[str]:
    """Attributes of ``self`` and variables in an expression; entries of options as ``options:key``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        owner = _own_name(node.func.value)
        first = node.args[0] if node.args else None
        if owner and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield f"{owner}:{first.value}"
            return
    if isinstance(node, ast.Subscript):
        owner = _own_name(node.value)
        index = getattr(node.slice, "value", node.slice)  # Python 3.8 wraps it
        index = index if isinstance(index, ast.Constant) else node.slice
        if owner and isinstance(index, ast.Constant) and isinstance(index.value, str):
            yield f"{owner}:{index.value}"
            return
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and _is_own(node.value):
        yield f"{node.value.attr}.{node.attr}"  # self.train_cfg.key
    own = _own_name(node)
    if own:
        yield own
        return
    for child in below(node):
        if not isinstance(child, ast.stmt):
            yield from _names(child)


def _own_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute) and _is_own(node):
        return node.attr
    return node.id if isinstance(node, ast.Name) and node.id != "self" else ""


def _asks_for_grad(test: ast.expr) -> bool:
    return any(isinstance(item, ast.Attribute) and item.attr == "requires_grad" for item in everything(test))


def _covers(node: Union[ast.expr, ast.stmt], line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


@lru_cache(maxsize=4096)
def _assigned(init: ast.FunctionDef) -> Dict[str, Tuple[str, ...]]:
    """Attribute or variable -> names it is computed from in the constructor."""
    found: Dict[str, Tuple[str, ...]] = {}
    for item in everything(init):
        if isinstance(item, ast.Assign):
            names = tuple(name.partition(".")[0] for name in _names(item.value))
            for target in item.targets:
                own = _own_name(target)
                if own:
                    found[own] = tuple(
                        name for name in names if name != own or isinstance(target, ast.Attribute)
                    )
    return found
