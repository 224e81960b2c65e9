"""Follows a training script from statement to statement, to the calls that wrap the model."""

from __future__ import annotations

import ast
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from mmfix.python.place import Place
from mmfix.scripts.expressions import Environment, evaluate, index_of, is_config
from mmfix.scripts.modules import Function, Module, Modules
from mmfix.scripts.values import Constant, Lost, Read, Table, Value, choose, dotted, negate

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
    """

    wrapper: Optional[str]
    find_unused: Value
    static_graph: Value
    place: Place
    guards: Tuple[Guard, ...]


class Walker:
    """One walk through a script; ``sites``, ``static_calls``, ``runner`` and ``library`` are what it met.

    Attributes:
        sites: Calls that wrap the model.
        static_calls: Calls of ``_set_static_graph()``: whether they happen, and where.
        runner: The script builds MMEngine's Runner.
        library: The script calls a training function of an installed package.
        full: The script is longer than is followed.
    """

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.sites: List[Site] = []
        self.static_calls: List[Tuple[Value, Place]] = []
        self.runner = False
        self.library = False
        self.full = False
        self._left = MAX_STATEMENTS
        self._stack: List[Function] = []
        self._guards: List[Guard] = []

    def walk_module(self, module: Module) -> None:
        """Follow the file as Python runs it; without a call of ``main()``, every function for itself."""
        self._block(module.body, Environment(module.path), module)
        if not (self.sites or self.runner or self.static_calls or self.library):
            for function in module.functions.values():
                self._function(module, function, _unbound(function, module))

    def _function(self, module: Module, function: Function, env: Environment) -> None:
        if function in self._stack or len(self._stack) >= _MAX_DEPTH:
            return
        self._stack.append(function)
        self._block(function.body, env, module)
        self._stack.pop()

    def _block(self, body: List[ast.stmt], env: Environment, module: Module) -> bool:
        """Follow statements; False when the end of the block is never reached."""
        for statement in body:
            self._left -= 1
            if self._left < 0:
                self.full = True
                return False
            if not self._statement(statement, env, module):
                return False
        return True

    def _statement(self, node: ast.stmt, env: Environment, module: Module) -> bool:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return True
        for field in ast.iter_child_nodes(node):
            if isinstance(field, (ast.expr, ast.withitem)):
                self._calls(field, env, module)
        if isinstance(node, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
            return False
        if isinstance(node, ast.Assign):
            value = evaluate(node.value, env)
            for target in node.targets:
                _assign(target, value, env)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            _assign(node.target, evaluate(node.value, env), env)
        elif isinstance(node, ast.AugAssign):
            _assign(node.target, Lost("it is computed"), env)
        elif isinstance(node, ast.If):
            return self._if(node, env, module)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            self._fork(Lost("a loop"), node.body, node.orelse, env, module)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            return self._block(node.body, env, module)
        elif isinstance(node, ast.Try):
            return self._try(node, env, module)
        return True

    def _if(self, node: ast.If, env: Environment, module: Module) -> bool:
        test = evaluate(node.test, env)
        if isinstance(test, Constant):
            return self._block(node.body if test.value else node.orelse, env, module)
        return self._fork(test, node.body, node.orelse, env, module)

    def _try(self, node: ast.Try, env: Environment, module: Module) -> bool:
        before = env.copy()
        goes_on = self._block([*node.body, *node.orelse], env, module)
        for handler in node.handlers:
            other = before.copy()
            if self._block(handler.body, other, module):
                _join(Lost("an exception"), env, other, env if goes_on else other)
                goes_on = True
        return self._block(node.finalbody, env, module) and goes_on

    def _fork(
        self, test: Value, yes: List[ast.stmt], no: List[ast.stmt], env: Environment, module: Module
    ) -> bool:
        """Follow both branches, each with a memory of its own, and join what they leave."""
        left, right = env.copy(), env.copy()
        ends = []
        for holds, body, memory in ((True, yes, left), (False, no, right)):
            self._guards.append(Guard(test, holds))
            ends.append(self._block(body, memory, module))
            self._guards.pop()
        if not any(ends):
            return False
        if all(ends):
            _join(test, left, right, env)
        else:
            env.clear()
            env.update(left if ends[0] else right)
        return True

    def _calls(self, node: ast.AST, env: Environment, module: Module) -> None:
        """Every call in an expression, inner ones first."""
        found = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
        for call in reversed(found):
            self._call(call, env, module)

    def _call(self, call: ast.Call, env: Environment, module: Module) -> None:
        name = dotted(call.func) or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
        last = name.rpartition(".")[2]
        if not last:
            return
        place = Place(module.path, call.lineno)
        if last == "_set_static_graph":
            self.static_calls.append((self._condition(), place))
        if last == "setdefault":
            _set_default(call, env)
        elif last == "update":
            _update(call, env)
        source = module.imports.get(name.partition(".")[0])
        origin = source.module if source else ""
        if source and source.name and "." not in name:
            last = source.name  # `import DistributedDataParallel as DDP`
        if _builds_runner(name, origin):
            self.runner = True
        elif _WRAPPER.search(last):
            if not origin.startswith("apex"):
                self._site(call, "DistributedDataParallel" if last == "DDP" else last, env, place)
        else:
            self._follow(call, name, last, origin, env, module)

    def _follow(
        self, call: ast.Call, name: str, last: str, origin: str, env: Environment, module: Module
    ) -> None:
        """Go into a function of this repository; a call that is none and passes the argument is a wrapper."""
        before = len(self.sites)
        table, _ = _keywords(call, env)
        for argument in call.args:  # launch(main), mp.spawn(main_worker)
            if isinstance(argument, ast.Name) and argument.id in module.functions:
                function = module.functions[argument.id]
                self._function(module, function, _unbound(function, module))
        local = name in module.functions
        if local or _INTERESTING.search(last) or _ARGUMENT in table:
            method = name[5:] if name.startswith("self.") else name
            found = self.modules.find(module, method)
            if found is not None:
                self._function(*found, _bind(*found, call, env))
            elif origin and _TRAIN.search(last) and not self.modules.holds(origin.partition(".")[0]):
                self.library = True
        if len(self.sites) == before and _ARGUMENT in table and last not in _NO_WRAPPERS:
            self._site(call, _HELPERS.get(last), env, Place(module.path, call.lineno))

    def _site(self, call: ast.Call, wrapper: Optional[str], env: Environment, place: Place) -> None:
        table, whole = _keywords(call, env)
        missing: Value = Constant(False) if whole else Lost("it is passed on in **kwargs")
        for keyword in call.keywords:
            if keyword.arg == _ARGUMENT:
                place = Place(place.path, keyword.value.lineno)
        guards = tuple(guard for guard in self._guards if isinstance(guard.test, Read))
        find_unused, static = table.get(_ARGUMENT, missing), table.get("static_graph", missing)
        if isinstance(static, Lost) and "static_graph" not in table:
            static = Constant(False)  # nobody passes that one unseen
        self.sites.append(Site(wrapper, find_unused, static, place, guards))

    def _condition(self) -> Value:
        """Whether the present place is reached, as far as that hangs on the config."""
        condition: Value = Constant(True)
        for guard in self._guards:
            test = guard.test if guard.holds else negate(guard.test)
            if isinstance(condition, Constant):
                condition = test
            elif condition != test:
                condition = Lost("several conditions")
        return (
            Lost("called under a condition that mmfix does not follow")
            if isinstance(condition, Lost)
            else condition
        )


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


def _bind(module: Module, function: Function, call: ast.Call, outer: Environment) -> Environment:
    """The memory a called function starts with: its arguments, and what was written into the config."""
    table, whole = _keywords(call, outer)
    whole = whole and not any(isinstance(node, ast.Starred) for node in call.args)
    env = Environment(module.path, {key: value for key, value in outer.items() if isinstance(key, tuple)})
    positional = _positional(function)
    given: Dict[str, Value] = {}
    for parameter, node in zip(positional, call.args):
        if isinstance(node, ast.Starred):
            break
        given[parameter.arg] = evaluate(node, outer)
    unseen = Lost("it is passed on in **kwargs")
    names = [parameter.arg for parameter in (*positional, *function.args.kwonlyargs)]
    defaults = _defaults(function, module)
    for name in names:
        value = given.get(name, table.get(name, defaults.get(name, unseen) if whole else unseen))
        if not (is_config(name) and isinstance(value, Lost)):  # a config out of a call is still the config
            env[name] = value
    if function.args.kwarg is not None:
        rest = {name: value for name, value in table.items() if name not in names}
        env[function.args.kwarg.arg] = Table(rest) if whole else unseen
    return env


def _unbound(function: Function, module: Module) -> Environment:
    """The memory of a function of which the caller is not known."""
    parameters = [*_positional(function), *function.args.kwonlyargs]
    given = Lost(f"it is an argument of {function.name}()", given=True)
    names = [parameter.arg for parameter in parameters if not is_config(parameter.arg)]
    return Environment(module.path, dict.fromkeys(names, given))


def _positional(function: Function) -> List[ast.arg]:
    found = [*function.args.posonlyargs, *function.args.args]
    return found[1:] if found and found[0].arg == "self" else found


def _defaults(function: Function, module: Module) -> Dict[str, Value]:
    arguments = function.args
    pairs = [*zip(reversed(_positional(function)), reversed(arguments.defaults))]
    pairs += [
        (arg, node) for arg, node in zip(arguments.kwonlyargs, arguments.kw_defaults) if node is not None
    ]
    return {parameter.arg: evaluate(node, Environment(module.path)) for parameter, node in pairs}


def _assign(target: ast.expr, value: Value, env: Environment) -> None:
    if isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            _assign(part, Lost("it comes out of a call"), env)
        return
    name = dotted(target)
    if isinstance(target, ast.Subscript):
        holder, key = evaluate(target.value, env), index_of(target, env)
        table = dotted(target.value)
        if isinstance(holder, Table) and table is not None:
            known = isinstance(key, str)
            env[table] = Table({**holder.items, str(key): value}) if known else Lost("the key is computed")
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
    if name is not None:
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
    table = dotted(call.func.value) if isinstance(call.func, ast.Attribute) else None
    holder = env.get(table) if table is not None else None
    if table is None or not isinstance(holder, Table):
        return
    items, whole = _keywords(call, env)
    for node in call.args:
        value = evaluate(node, env)
        whole = whole and isinstance(value, Table)
        items = {**(value.items if isinstance(value, Table) else {}), **items}
    env[table] = (
        Table({**holder.items, **items}) if whole else Lost("it is filled where mmfix does not follow")
    )


def _join(test: Value, left: Environment, right: Environment, into: Environment) -> None:
    joined: Dict[Any, Value] = {}
    for name in {**left, **right}:
        nothing: Value = Read(name) if isinstance(name, tuple) else Lost("it is not set in every branch")
        joined[name] = choose(test, left.get(name, nothing), right.get(name, nothing))
    into.clear()
    into.update(joined)
