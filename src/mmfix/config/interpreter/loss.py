"""What is no longer known: containers that code which is not followed may have changed.

A lost container stays where it is, for nobody knows who else holds it; whoever reads it gets an Unknown that
may be it. So a loss reaches every alias, also in closures, iterators and values that are being computed.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any, Dict, Iterable, Iterator, List, NoReturn, Optional, Sequence, Tuple

from mmfix.config.imports import BASE_KEY
from mmfix.config.interpreter.modules import UNREADABLE, UNREADABLE_ATTRIBUTES
from mmfix.config.interpreter.names import bound, names_of
from mmfix.config.interpreter.state import Function, MethodRef, Run, Scope, Stream, View, bind
from mmfix.config.origin import Blame, Unknown, more_keys
from mmfix.config.values import Loss, TreeDict, TreeList, TreeSet, TreeTuple
from mmfix.python.trees import index_of
from mmfix.wording import say

_MUTABLE = (TreeDict, TreeList, TreeSet, Stream)
_CONTAINERS = (dict, list, tuple, set, frozenset)


def current(value: Any) -> Any:
    """The value, or the Unknown that stands for it once it is lost."""
    lost: Optional[Loss] = getattr(value, "lost", None)
    return value if lost is None else lost.unknown


def has_reach(value: Any) -> bool:
    """Whether something that can change, or code, may be reached through a value."""
    if isinstance(value, Unknown):
        return value.may_be is None or bool(value.may_be)
    return isinstance(value, (*_CONTAINERS, Function, MethodRef, Stream, View))


def anything_in(found: Unknown, given: Iterable[Any]) -> Unknown:
    """What a call gives that is not followed: anything that can be reached from what it was given."""
    return Unknown(found.reason, found.origin, tuple(value for value in given if has_reach(value)))


def reach(run: Run, values: Iterable[Any], node: ast.AST) -> List[Any]:
    """Everything that can be changed or called through values, at any depth, each once."""
    found: List[Any] = []
    seen = set()
    stack = [value for value in values if has_reach(value)]
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (*_MUTABLE, Function)):
            found.append(value)
        inside = list(_inside(run, value))
        run.spend(2 + len(inside) // 4, node)
        stack.extend(inner for inner in inside if has_reach(inner))
    return found


def _inside(run: Run, value: Any) -> Iterator[Any]:
    lost: Optional[Loss] = getattr(value, "lost", None)
    if lost is not None:
        yield from lost.held
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, _CONTAINERS):
        yield from value
    elif isinstance(value, Unknown):
        yield from value.may_be or ()
    elif isinstance(value, (MethodRef, View)):
        yield value.owner
    elif isinstance(value, Stream):
        yield from value.roots
    elif isinstance(value, Function):
        yield from value.defaults.values()
        yield from _starts(run, value)


def _starts(run: Run, function: Function) -> Iterator[Any]:
    """What the code of a function starts from, its arguments left out."""
    body = function.node.body
    hiding = Scope(TreeDict(), function.scope, own=names_of(function.node).own)
    return roots(run, body if isinstance(body, list) else [body], hiding)


def lose(
    run: Run, target: Any, reason: str, node: ast.AST, held: Iterable[Any] = (), escaped: bool = False
) -> None:
    """A container was changed in a way that is not followed.

    Args:
        held: What may have been put into it.
        escaped: The code that did it may still hold it.
    """
    if isinstance(target, View):
        target = target.owner
    if not isinstance(target, _MUTABLE):
        return
    values = [value for value in held if has_reach(value)]
    run.spend(2 + len(values), node)
    old = target.lost
    if old is None and isinstance(target, Stream) and target.give_up is not None:
        target.give_up(reason)
    if old is None:
        found = run.unknown(reason, node)
        unknown = Unknown(found.reason, found.origin, (target,), within=False)
        target.lost = Loss(unknown, values, escaped)
        run.losses += 1
    else:
        old.held.extend(values)
        target.lost = old._replace(escaped=old.escaped or escaped)
    if target.lost is not None and target.lost.escaped and values:
        lose_all(run, values, reason, node)


def lose_below(run: Run, value: Any, reason: str, node: ast.AST, held: Sequence[Any] = ()) -> None:
    """The same of all containers that can be reached through a value."""
    for target in reach(run, [value], node):
        lose(run, target, reason, node, held)


def lose_all(run: Run, values: Iterable[Any], reason: str, node: ast.AST) -> None:
    """Values were handed to code that is not followed: it may change all that it can reach, now or later."""
    for target in reach(run, values, node):
        if isinstance(target, Function):
            escape(run, target, reason, node)
        elif target.lost is None or not target.lost.escaped:
            lose(run, target, reason, node, escaped=True)


def escape(run: Run, function: Function, reason: str, node: ast.AST) -> None:
    """Code that is not followed may call a function of the config, at any time from now on."""
    run.spend(4 + len(run.escaped) // 4, node)
    if any(function is other for other in run.escaped):
        return
    run.escaped.append(function)
    refuse_unreadable(run, [function.node], function.scope)
    names = names_of(function.node)

    def read(value: Any) -> Any:
        lose_all(run, [value], reason, node)
        return value

    def written(value: Any) -> Any:
        lose_all(run, [value], reason, node)
        return Unknown(reason, run.source.origin(node), (value,))

    lose_all(run, [*_starts(run, function), *function.defaults.values()], reason, node)
    for name in names.free - {BASE_KEY}:
        scope = run.scope if name in names.global_names else function.scope.source(name)
        scope.watched = {} if scope.watched is None else scope.watched
        scope.watched[name] = written if name in names.set_outside else read
        if name in names.set_outside:
            run.unknowns += 1
            scope.names[name] = written(scope.names.get(name))
            scope.names.blames[name] = Blame(run.source.origin(node))


def lose_names(run: Run, nodes: Sequence[ast.AST], reason: str, scope: Scope) -> None:
    """Code that binds names may run, or go on, at any time from now on, and is not followed."""
    for name, place in bound(nodes).items():
        home = scope.outside().home(name)

        def written(value: Any, place: ast.AST = place) -> Any:
            return Unknown(reason, run.source.origin(place), (value,) if has_reach(value) else ())

        home.watched = {} if home.watched is None else home.watched
        if name not in home.watched and name != BASE_KEY:
            run.unknowns += 1
            home.watched[name] = written
            origin = run.source.origin(place)
            may_be_bound(home, name, Unknown(reason, origin))
            bind(home, name, home.names.get(name), Blame(origin))


def may_be_bound(scope: Scope, name: str, lost: Unknown) -> None:
    """A name that is not bound yet may be, or never: whoever inherits the file does not know all its keys."""
    if scope.parent is None and name not in scope.names and not scope.names.missing:
        scope.names.missing = (more_keys(lost),)


def refuse_unreadable(run: Run, nodes: Sequence[ast.AST], scope: Scope) -> None:
    """Refuse code that is not followed and could change any name.

    Raises:
        ConfigError: It could.
    """
    asked = set()
    for node in nodes_of(run, nodes):
        if isinstance(node, ast.Call) and looks_into_one(node):
            asked.add(id(node.func))
        name = getattr(node, "id", getattr(node, "attr", ""))
        if name in UNREADABLE_ATTRIBUTES and isinstance(node, ast.Attribute):
            refuse(run, name, node)
        unclear = name in UNREADABLE and isinstance(node, ast.Name) and id(node) not in asked
        if unclear and scope.find(name) is None:
            refuse(run, f"{name}()", node)


def looks_into_one(node: ast.Call) -> bool:
    """Whether a call is ``vars(x)``: the attributes of one object, and no names of the file."""
    return (
        isinstance(node.func, ast.Name)
        and node.func.id == "vars"
        and len(node.args) == 1
        and not node.keywords
        and not isinstance(node.args[0], ast.Starred)
    )


def refuse(run: Run, what: str, node: ast.AST) -> NoReturn:
    """Give up on a file that uses this."""
    run.fail(say("uses {what}, which cannot be followed without running the config", what=what), node)


def roots(run: Run, nodes: Sequence[ast.AST], scope: Scope) -> Iterator[Any]:
    """The values that code can start from: of the names in it, as far down as it reads them by constants."""
    for node in nodes:
        length, chains = _chains(node)
        run.spend(length // 4 + len(chains), node)
        for chain in chains:
            yield from _look_up(chain, scope)


@lru_cache(maxsize=512)
def _chains(node: ast.AST) -> Tuple[int, Tuple[Any, ...]]:
    """How many nodes an expression or statement has; and all names in it with what is read of them."""
    found: Dict[Any, None] = {}
    stack = [node]
    length = 0
    while stack:
        node = stack.pop()
        length += 1
        chain = _chain(node) if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) else None
        if chain is None:
            stack.extend(ast.iter_child_nodes(node))
        else:
            found[chain] = None
    return length, tuple(found)


def nodes_of(run: Run, nodes: Sequence[ast.AST]) -> List[ast.AST]:
    """All nodes of code that is not followed."""
    found = [inner for node in nodes for inner in ast.walk(node)]
    run.spend(len(found), nodes[0])
    return found


def _chain(node: ast.AST) -> Any:
    """The name and the steps of ``a.b['c']``; a step that is set or deleted is left out."""
    steps: List[Any] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            step: Any = ("." + node.attr, node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(index_of(node.slice), ast.Constant):
            step = ("[", index_of(node.slice).value)
        else:
            return None
        steps = [step, *steps] if isinstance(node.ctx, ast.Load) else []
        node = node.value
    return node.id, tuple(steps)


def _look_up(chain: Any, scope: Scope) -> Iterator[Any]:
    name, steps = chain
    found = scope.find(name)
    if found is None:
        return
    value = found.names[name]
    for kind, key in steps:
        value = current(value)
        if isinstance(value, TreeDict):
            method = hasattr(dict, str(key)) or key in ("merge", "to_dict")
            plain = kind == "[" or (value.config and not method)
            if plain and key not in value and value.missing:
                return  # something new, out of a base that is not here
            if not plain or key not in value:
                break
        elif not (
            isinstance(value, (TreeList, TreeTuple))
            and kind == "["
            and type(key) is int
            and -len(value) <= key < len(value)
        ):
            break
        value = value[key]
    yield value
