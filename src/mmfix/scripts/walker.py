"""Follows a training script from statement to statement, to the calls that wrap the model."""

from __future__ import annotations

import ast
import itertools
import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from mmfix.python.place import Place
from mmfix.python.signatures import Signature, bind, signature_of
from mmfix.python.trees import dotted
from mmfix.scripts.expressions import Environment, evaluate, is_config, key_of
from mmfix.scripts.functions import Function, Script, Scripts
from mmfix.scripts.values import Constant, Lost, Read, Table, Value, choose, negate
from mmfix.wording import say

#: Far above any training script.
MAX_STATEMENTS = 10_000
_MAX_DEPTH = 10
_ARGUMENT = "find_unused_parameters"

# Functions of other files that are worth following; the rest builds data sets and models.
_INTERESTING = re.compile(r"train|ddp|wrap|parallel|distribut|launch|runner|fit", re.IGNORECASE)
_TRAIN = re.compile(r"(?:^|_)train(?:_|$)")
_WRAPPER = re.compile(r"(?:DistributedDataParallel(?:Wrapper)?|^DDP)$")
# mmdet 2.28.2 mmdet/utils/util_distribution.py: build_ddp; mmcls 0.25.0 mmcls/utils/distribution.py
_HELPERS = {
    "build_ddp": "MMDistributedDataParallel",
    "wrap_distributed_model": "MMDistributedDataParallel",
}
# Calls that take any keyword and wrap nothing.
_NO_WRAPPERS = frozenset({"dict", "update", "setdefault", "add_argument", "info", "print", "__init__"})


class Guard(NamedTuple):
    """A condition on the way to a call, and whether it must hold."""

    test: Value
    holds: bool


class Site(NamedTuple):
    """A call that wraps the model.

    Attributes:
        wrapper: The class, None for a helper that is not known.
        find_unused: What it gets.
        static_graph: What it gets, ``Constant(False)`` when not given.
        place: The line of the argument, or of the call.
        guards: The conditions on the way to it that are about config keys.
        trained: The model is in training mode by then: the script has called its ``train()``.
    """

    wrapper: Optional[str]
    find_unused: Value
    static_graph: Value
    place: Place
    guards: Tuple[Guard, ...]
    trained: bool


class Walker:
    """One walk through a script; ``sites``, ``static_calls``, ``runner`` and ``library`` are what it met.

    Attributes:
        sites: Calls that wrap the model.
        static_calls: Calls of ``_set_static_graph()``: whether they happen, and where.
        runner: The script builds MMEngine's Runner.
        library: The script calls a training function of an installed package.
        full: The script is longer than is followed.
    """

    def __init__(self, scripts: Scripts) -> None:
        self.scripts = scripts
        self.sites: List[Site] = []
        self.static_calls: List[Tuple[Value, Place]] = []
        self.runner = False
        self.library = False
        self.full = False
        self._left = MAX_STATEMENTS
        self._stack: List[Function] = []
        self._guards: List[Guard] = []
        self._trained: Set[Tuple[str, str]] = set()

    def walk_script(self, script: Script) -> None:
        """Follow the file as Python runs it; without a call of ``main()``, every function for itself."""
        self._block(script.body, Environment(script.path), script)
        if not (self.sites or self.runner or self.static_calls or self.library):
            for function in script.functions.values():
                self._function(script, function, _unbound(function, script))

    def _function(self, script: Script, function: Function, env: Environment) -> None:
        if function in self._stack or len(self._stack) >= _MAX_DEPTH:
            return
        self._stack.append(function)
        self._block(function.body, env, script)
        self._stack.pop()

    def _block(self, body: List[ast.stmt], env: Environment, script: Script) -> bool:
        """Follow statements; False when the end of the block is never reached."""
        for statement in body:
            self._left -= 1
            if self._left < 0:
                self.full = True
                return False
            if not self._statement(statement, env, script):
                return False
        return True

    def _statement(self, node: ast.stmt, env: Environment, script: Script) -> bool:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return True
        for field in ast.iter_child_nodes(node):
            if isinstance(field, (ast.expr, ast.withitem)):
                self._calls(field, env, script)
        if isinstance(node, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
            return False
        if isinstance(node, ast.Assign):
            value = evaluate(node.value, env)
            for target in node.targets:
                _assign(target, value, env)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            _assign(node.target, evaluate(node.value, env), env)
        elif isinstance(node, ast.AugAssign):
            _assign(node.target, Lost(say("it is computed")), env)
        elif isinstance(node, ast.If):
            return self._if(node, env, script)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            self._fork(Lost(say("a loop")), node.body, node.orelse, env, script)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            return self._block(node.body, env, script)
        elif isinstance(node, ast.Try):
            return self._try(node, env, script)
        return True

    def _if(self, node: ast.If, env: Environment, script: Script) -> bool:
        test = evaluate(node.test, env)
        if isinstance(test, Constant):
            return self._block(node.body if test.value else node.orelse, env, script)
        return self._fork(test, node.body, node.orelse, env, script)

    def _try(self, node: ast.Try, env: Environment, script: Script) -> bool:
        before = env.copy()
        goes_on = self._block([*node.body, *node.orelse], env, script)
        for handler in node.handlers:
            other = before.copy()
            if self._block(handler.body, other, script):
                _join(Lost(say("an exception")), env, other, env if goes_on else other)
                goes_on = True
        return self._block(node.finalbody, env, script) and goes_on

    def _fork(
        self, test: Value, yes: List[ast.stmt], no: List[ast.stmt], env: Environment, script: Script
    ) -> bool:
        """Follow both branches, each with a memory of its own, and join what they leave."""
        left, right = env.copy(), env.copy()
        ends = []
        for holds, body, memory in ((True, yes, left), (False, no, right)):
            self._guards.append(Guard(test, holds))
            ends.append(self._block(body, memory, script))
            self._guards.pop()
        if not any(ends):
            return False
        if all(ends):
            _join(test, left, right, env)
        else:
            env.clear()
            env.update(left if ends[0] else right)
        return True

    def _calls(self, node: ast.AST, env: Environment, script: Script) -> None:
        """Every call in an expression, inner ones first."""
        found = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
        for call in reversed(found):
            self._call(call, env, script)

    def _call(self, call: ast.Call, env: Environment, script: Script) -> None:
        name = dotted(call.func) or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
        last = name.rpartition(".")[2]
        if not last:
            return
        place = Place(script.path, call.lineno)
        if last == "_set_static_graph":
            self.static_calls.append((self._condition(), place))
        if last == "train" and not self._guards and _switches_on(call):
            self._trained.add((script.path, _root(call.func)))
        if last == "setdefault":
            _set_default(call, env)
        elif last == "update":
            _update(call, env)
        source = script.imports.get(name.partition(".")[0])
        origin = source.module if source else ""
        if source and source.name and "." not in name:
            last = source.name  # `import DistributedDataParallel as DDP`
        if _builds_runner(name, origin):
            self.runner = True
        elif _WRAPPER.search(last):
            if not origin.startswith("apex"):
                self._site(call, "DistributedDataParallel" if last == "DDP" else last, env, place)
        else:
            self._follow(call, name, last, origin, env, script)

    def _follow(
        self, call: ast.Call, name: str, last: str, origin: str, env: Environment, script: Script
    ) -> None:
        """Go into a function of this repository; a call that is none and passes the argument is a wrapper."""
        before = len(self.sites)
        table, _ = _keywords(call, env)
        for argument in call.args:  # launch(main), mp.spawn(main_worker)
            if isinstance(argument, ast.Name) and argument.id in script.functions:
                function = script.functions[argument.id]
                self._function(script, function, _unbound(function, script))
        local = name in script.functions
        if local or _INTERESTING.search(last) or _ARGUMENT in table:
            method = name[5:] if name.startswith("self.") else name
            found = self.scripts.find(script, method)
            if found is not None:
                self._function(*found, _bind(*found, call, env))
            elif origin and _TRAIN.search(last) and not self.scripts.holds(origin.partition(".")[0]):
                self.library = True
        if len(self.sites) == before and _ARGUMENT in table and last not in _NO_WRAPPERS:
            self._site(call, _HELPERS.get(last), env, Place(script.path, call.lineno))

    def _site(self, call: ast.Call, wrapper: Optional[str], env: Environment, place: Place) -> None:
        table, whole = _keywords(call, env)
        missing: Value = Constant(False) if whole else Lost(say("it is passed on in **kwargs"))
        for keyword in call.keywords:
            if keyword.arg == _ARGUMENT:
                place = Place(place.path, keyword.value.lineno)
        guards = tuple(guard for guard in self._guards if isinstance(guard.test, Read))
        find_unused, static = table.get(_ARGUMENT, missing), table.get("static_graph", missing)
        if isinstance(static, Lost) and "static_graph" not in table:
            static = Constant(False)  # nobody passes that one unseen
        module = next((item.value for item in call.keywords if item.arg in ("module", "model")), None)
        name = _root(call.args[0] if call.args else module)
        trained = (place.path, name) in self._trained
        self.sites.append(Site(wrapper, find_unused, static, place, guards, trained))

    def _condition(self) -> Value:
        """Whether the present place is reached, as far as that hangs on the config."""
        condition: Value = Constant(True)
        for guard in self._guards:
            test = guard.test if guard.holds else negate(guard.test)
            if isinstance(condition, Constant):
                condition = test
            elif condition != test:
                condition = Lost(say("several conditions"))
        return (
            Lost(say("called under a condition that mmfix does not follow"))
            if isinstance(condition, Lost)
            else condition
        )


def _switches_on(call: ast.Call) -> bool:
    """``model.train()``, ``model.train(True)``."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return all(isinstance(item, ast.Constant) and item.value is True for item in given)


def _root(node: Optional[ast.AST]) -> str:
    """``model`` of ``model.cuda()``."""
    while isinstance(node, (ast.Call, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _builds_runner(name: str, origin: str) -> bool:
    """``Runner.from_cfg(cfg)``, ``RUNNERS.build(cfg)``: every ``tools/train.py`` of the MMEngine era."""
    if origin.startswith("mmcv"):
        return False
    head, _, last = name.rpartition(".")
    if last == "from_cfg":
        return head.endswith("Runner")
    if last == "build":
        return head == "RUNNERS"
    return last in ("Runner", "FlexibleRunner") and origin.startswith("mmengine")


def _keywords(call: ast.Call, env: Environment) -> Tuple[Dict[str, Value], bool]:
    """The keyword arguments of a call, and whether these are all of them."""
    table: Dict[str, Value] = {}
    whole = True
    for keyword in call.keywords:
        value = evaluate(keyword.value, env)
        if keyword.arg is not None:
            table[keyword.arg] = value
        elif isinstance(value, Table):
            table.update(value.items)
        else:
            whole = False
    return table, whole


def _bind(script: Script, function: Function, call: ast.Call, outer: Environment) -> Environment:
    """The memory a called function starts with: its arguments, and what was written into the config."""
    table, whole = _keywords(call, outer)
    whole = whole and all(map(_is_one, call.args))
    env = Environment(script.path, {key: value for key, value in outer.items() if isinstance(key, tuple)})
    args = [evaluate(node, outer) for node in itertools.takewhile(_is_one, call.args)]
    signature = _signature(function)
    arguments = bind(signature, args, table)
    unseen = Lost(say("it is passed on in **kwargs"))
    defaults = _defaults(function, script)
    for name in signature.names:
        value = arguments.given.get(name, defaults.get(name, unseen) if whole else unseen)
        if not (is_config(name) and isinstance(value, Lost)):  # a config out of a call is still the config
            env[name] = value
    if signature.double_star is not None:
        env[signature.double_star] = Table(arguments.unknown) if whole else unseen
    return env


def _is_one(argument: ast.expr) -> bool:
    return not isinstance(argument, ast.Starred)


def _unbound(function: Function, script: Script) -> Environment:
    """The memory of a function of which the caller is not known."""
    given = Lost(say("it is an argument of {function}()", function=function.name), given=True)
    names = [name for name in _signature(function).names if not is_config(name)]
    return Environment(script.path, dict.fromkeys(names, given))


def _signature(function: Function) -> Signature:
    """Its parameters, without the object a method is called on."""
    signature = signature_of(function.args)
    if signature.positional[:1] != ("self",):
        return signature
    return signature._replace(positional=signature.positional[1:], only=max(0, signature.only - 1))


def _defaults(function: Function, script: Script) -> Dict[str, Value]:
    nodes = signature_of(function.args).default_nodes()
    return {name: evaluate(node, Environment(script.path)) for name, node in nodes.items()}


def _assign(target: ast.expr, value: Value, env: Environment) -> None:
    if isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            _assign(part, Lost(say("it comes out of a call")), env)
        return
    name = dotted(target)
    if isinstance(target, ast.Subscript):
        holder, key = evaluate(target.value, env), key_of(target, env)
        table = dotted(target.value)
        if isinstance(holder, Table) and table:
            known = isinstance(key, str)
            env[table] = (
                Table({**holder.items, str(key): value}) if known else Lost(say("the key is computed"))
            )
        elif isinstance(holder, Read) and not holder.negated and key is not None:
            path = (*holder.key, key)
            env[path] = value
        return
    if isinstance(target, ast.Attribute):
        holder = evaluate(target.value, env)
        if isinstance(holder, Read) and not holder.negated:
            path = (*holder.key, target.attr)
            env[path] = value
            return
    if name:
        env.pop(name, None)
        if not (is_config(name) and isinstance(value, Lost)):  # a config out of a call is still the config
            env[name] = value


def _set_default(call: ast.Call, env: Environment) -> None:
    """``cfg.setdefault('find_unused_parameters', True)``."""
    if isinstance(call.func, ast.Attribute) and len(call.args) == 2:
        holder, key, value = (evaluate(node, env) for node in (call.func.value, *call.args))
        if isinstance(holder, Read) and isinstance(key, Constant) and isinstance(value, Constant):
            path = (*holder.key, key.value)
            env.setdefault(path, Read(path, value.value))


def _update(call: ast.Call, env: Environment) -> None:
    """``kwargs.update(find_unused_parameters=True)``, ``kwargs.update(dict(...))``."""
    table = dotted(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    holder = env.get(table)
    if not isinstance(holder, Table):
        return
    items, whole = _keywords(call, env)
    for node in call.args:
        value = evaluate(node, env)
        whole = whole and isinstance(value, Table)
        items = {**(value.items if isinstance(value, Table) else {}), **items}
    env[table] = (
        Table({**holder.items, **items}) if whole else Lost(say("it is filled where mmfix does not follow"))
    )


def _join(test: Value, left: Environment, right: Environment, into: Environment) -> None:
    joined: Dict[Any, Value] = {}
    for name in {**left, **right}:
        nothing: Value = Read(name) if isinstance(name, tuple) else Lost(say("it is not set in every branch"))
        joined[name] = choose(test, left.get(name, nothing), right.get(name, nothing))
    into.clear()
    into.update(joined)
