"""The value of an expression in a training script."""

from __future__ import annotations

import ast
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from mmfix.python.place import Place
from mmfix.python.trees import dotted, index_of
from mmfix.scripts.values import (
    FALSE,
    REQUIRED,
    TRUE,
    Constant,
    Has,
    Lost,
    Read,
    Table,
    Value,
    both,
    choose,
    either,
    negate,
    step,
)
from mmfix.wording import say


class Environment(Dict[Union[str, Tuple[Any, ...]], Value]):
    """Variables by (dotted) name, and values written into the config by key path.

    Attributes:
        path: The file they are in.
    """

    def __init__(self, path: str, items: Mapping[Any, Value] = MappingProxyType({})) -> None:
        super().__init__(items)
        self.path = path

    def copy(self) -> Environment:
        """One that can go its own way."""
        return Environment(self.path, self)


# `cfg` is the config in every training script there is.
_CONFIGS = frozenset({"cfg", "config", "_cfg", "cfgs"})
# mmfix looks at distributed training only.
_DISTRIBUTED = frozenset({"distributed", "is_distributed", "dist_train", "use_ddp"})
# Calls that give back their first argument.
_SAME = frozenset({"bool", "deepcopy", "copy", "compat_cfg", "replace_cfg_vals", "ConfigDict"})


def evaluate(node: ast.expr, env: Environment) -> Value:
    """What an expression is, as far as that is needed; :class:`Lost` for anything else."""
    value = _evaluate(node, env)
    if not isinstance(value, Read):
        return value
    if value.place is None:
        value = replace(value, place=Place(env.path, node.lineno))
    written = env.get(value.key)  # by the script itself
    if written is None:
        return value
    if isinstance(written, Read) and written.key == value.key and written.default is REQUIRED:
        return value
    return written


def _evaluate(node: ast.expr, env: Environment) -> Value:
    if isinstance(node, ast.Constant):
        return Constant(node.value)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _name(node, env)
    if isinstance(node, ast.Subscript):
        return _subscript(node, env)
    if isinstance(node, ast.Call):
        return _call(node, env)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return negate(evaluate(node.operand, env))
    if isinstance(node, ast.IfExp):
        return choose(evaluate(node.test, env), evaluate(node.body, env), evaluate(node.orelse, env))
    if isinstance(node, ast.BoolOp):
        return _bool(node, env)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compare(node, env)
    if isinstance(node, ast.Dict):
        return _table(node, env)
    return Lost(say("it is computed"))


def is_distributed(node: ast.AST) -> bool:
    """Whether a condition asks if training is distributed, which is the only case looked at."""
    return dotted(node).rpartition(".")[2] in _DISTRIBUTED


def is_config(name: str) -> bool:
    """Whether a (dotted) variable holds the config by its name."""
    return name.rpartition(".")[2] in _CONFIGS


def _name(node: Union[ast.Name, ast.Attribute], env: Environment) -> Value:
    if is_distributed(node):
        return TRUE
    name = dotted(node)
    if name in env:
        return env[name]
    last = node.attr if isinstance(node, ast.Attribute) else node.id
    if isinstance(node, ast.Attribute):
        holder = evaluate(node.value, env)
        if isinstance(holder, Read):
            return step(holder, last)
    if name.partition(".")[0] in ("args", "opt", "opts"):
        return Lost(say("{variable} is given on the command line", variable=name))
    if is_config(last):
        return Read(())
    return Lost(say("{variable} is not followed", variable=name) if name else say("it is computed"))


def key_of(node: ast.Subscript, env: Environment) -> Union[str, int, None]:
    """The key in ``cfg['key']``; None when it is not a constant."""
    index = index_of(node.slice)
    key = evaluate(index, env) if isinstance(index, ast.expr) else None
    return key.value if isinstance(key, Constant) and isinstance(key.value, (str, int)) else None


def _subscript(node: ast.Subscript, env: Environment) -> Value:
    key = key_of(node, env)
    return Lost(say("the key is computed")) if key is None else step(evaluate(node.value, env), key)


def _call(node: ast.Call, env: Environment) -> Value:
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr in ("get", "pop") and node.args:
        return _get(evaluate(function.value, env), node, 0, Constant(None), env)
    name = dotted(function).rpartition(".")[2]
    if name in ("getattr", "hasattr") and len(node.args) >= 2:
        holder = evaluate(node.args[0], env)
        if name == "getattr":
            return _get(holder, node, 1, None, env)
        return _has(holder, evaluate(node.args[1], env))
    if name == "dict":
        items = {word.arg: evaluate(word.value, env) for word in node.keywords if word.arg is not None}
        if not node.args and len(items) == len(node.keywords):
            return Table(items)
        return Lost(say("it is computed"))
    if name == "fromfile":  # Config.fromfile(args.config)
        return Read(())
    if name in _SAME and node.args:
        return evaluate(node.args[0], env)
    return Lost(say("it comes out of {function}()", function=name) if name else say("it is computed"))


def _get(holder: Value, node: ast.Call, first: int, without: Optional[Constant], env: Environment) -> Value:
    """``holder.get(key, default)`` and ``getattr(holder, key, default)``."""
    key = evaluate(node.args[first], env)
    if not isinstance(key, Constant) or not isinstance(key.value, str):
        return Lost(say("the key is computed"))
    given = node.args[first + 1 : first + 2] or [
        word.value for word in node.keywords if word.arg == "default"
    ]
    default: Optional[Value] = evaluate(given[0], env) if given else without
    if default is None:
        return step(holder, key.value)
    if isinstance(default, Constant):
        return step(holder, key.value, default.value)
    if isinstance(default, Table):
        return step(holder, key.value, default.items)
    return Lost(say("the default of {key} is not followed", key=key.value))


def _has(holder: Value, key: Value) -> Value:
    if isinstance(holder, Read) and not holder.negated and isinstance(key, Constant):
        return Has((*holder.key, key.value))
    return Lost(say("it is computed"))


def _bool(node: ast.BoolOp, env: Environment) -> Value:
    join = both if isinstance(node.op, ast.And) else either
    value = evaluate(node.values[0], env)
    for other in node.values[1:]:
        value = join(value, evaluate(other, env))
    return value


def _compare(node: ast.Compare, env: Environment) -> Value:
    left, right, operator = node.left, node.comparators[0], node.ops[0]
    if isinstance(operator, (ast.In, ast.NotIn)):
        value = _has(evaluate(right, env), evaluate(left, env))
        return negate(value) if isinstance(operator, ast.NotIn) else value
    other = evaluate(right, env)
    if not isinstance(other, Constant) or not isinstance(operator, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
        return Lost(say("it is computed"))
    opposite = isinstance(operator, (ast.IsNot, ast.NotEq))
    name, value = dotted(left), evaluate(left, env)
    if other.value == "none" and name.endswith("launcher"):
        return TRUE if opposite else FALSE
    if other.value == "__main__" and name == "__name__":
        return TRUE
    if other.value is True or other.value is False:
        return negate(value) if opposite is other.value else value
    if other.value is None and isinstance(value, Read) and value.default is None:
        return Has(value.key, negated=not opposite)
    return Lost(say("it is computed"))


def _table(node: ast.Dict, env: Environment) -> Value:
    items: Dict[str, Value] = {}
    for key, item in zip(node.keys, node.values):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return Lost(say("it is computed"))
        items[key.value] = evaluate(item, env)
    return Table(items)
