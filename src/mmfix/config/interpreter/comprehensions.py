"""Comprehensions and generator expressions."""

from __future__ import annotations

import ast
from typing import Any, Callable, List, Optional

from mmfix.config.interpreter.access import assign
from mmfix.config.interpreter.core import HANDLERS, blame_of, evaluate, iterate, tainted, truth
from mmfix.config.interpreter.poison import poison_calls
from mmfix.config.interpreter.state import ModuleRef, Run, Scope
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import TreeDict, TreeList


def _comprehension(run: Run, node: Any, scope: Scope) -> Any:
    results: List[Any] = []
    blames: List[Optional[Blame]] = []
    is_dict = isinstance(node, ast.DictComp)

    def collect(inner: Scope) -> None:
        if is_dict:
            results.append((evaluate(run, node.key, inner), evaluate(run, node.value, inner)))
        else:
            results.append(evaluate(run, node.elt, inner))
        blames.append(blame_of(run, node.value if is_dict else node.elt, inner))

    failure = _generate(run, node.generators, 0, [node], scope, collect)
    if failure is not None:
        return failure
    if is_dict:
        mapping = TreeDict()
        for (key, value), blame in zip(results, blames):
            if tainted(key):
                return run.unknown("a dict key is unknown", node)
            mapping[key] = value
            if blame is not None:
                mapping.blames[key] = blame
        return mapping
    if isinstance(node, ast.SetComp):
        return run.unknown("a set of unknown values", node) if tainted(results) else set(results)
    return iter(results) if isinstance(node, ast.GeneratorExp) else TreeList(results, blames)


def _generate(
    run: Run,
    generators: List[ast.comprehension],
    position: int,
    rest: List[ast.AST],
    scope: Scope,
    collect: Callable[[Scope], None],
) -> Optional[Unknown]:
    """Run the loops of a comprehension; the Unknown that stopped it, if one did."""
    if position == len(generators):
        collect(scope)
        return None
    generator = generators[position]
    values = evaluate(run, generator.iter, scope)
    if isinstance(values, (Unknown, ModuleRef)):
        poison_calls(run, rest, "run in a loop over an unknown value", scope)
        return run.unknown("loops over an unknown value", generator.iter)
    inner = Scope(TreeDict(), scope, comprehension=True)
    for item, blame in iterate(run, values, generator.iter):
        assign(run, generator.target, item, blame, inner)
        for condition in generator.ifs:
            known = truth(run, evaluate(run, condition, inner), condition)
            if isinstance(known, Unknown):
                poison_calls(run, rest, known.reason, scope)
                return known
            if not known:
                break
        else:
            failure = _generate(run, generators, position + 1, rest, inner, collect)
            if failure is not None:
                return failure
    return None


for _kind in (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp):
    HANDLERS[_kind] = _comprehension
