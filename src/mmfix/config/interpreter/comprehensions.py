"""Comprehensions and generator expressions."""

from __future__ import annotations

import ast
from typing import Any, Iterator, List, Optional

from mmfix.config.interpreter import limits
from mmfix.config.interpreter.access import assign
from mmfix.config.interpreter.core import HANDLERS, blame_of, decided, evaluate, iterate, tainted
from mmfix.config.interpreter.loss import lose_all, lose_names, roots
from mmfix.config.interpreter.names import names_of_comprehension
from mmfix.config.interpreter.poison import poison_calls
from mmfix.config.interpreter.state import ModuleRef, Run, Scope, Stream, Undecidable
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import LazyName, TreeDict, TreeList, TreeSet
from mmfix.python.bounds import weight
from mmfix.wording import say


def _comprehension(run: Run, node: Any, scope: Scope) -> Any:
    first = evaluate(run, node.generators[0].iter, scope)
    inner = Scope(TreeDict(), scope, comprehension=True, own=names_of_comprehension(node))
    if isinstance(node, ast.GeneratorExp):
        if isinstance(first, (Unknown, ModuleRef, LazyName)):
            lose_all(run, roots(run, [node], scope), say("run over an unknown value"), node)
            lose_names(run, [node], say("run over an unknown value"), scope)
            return run.unknown(say("loops over an unknown value"), node)
        items = (evaluate(run, node.elt, inner) for _ in _generate(run, node, 0, first, inner))
        start = (first, *roots(run, [node.elt, *node.generators], scope))
        return Stream(run, items, start, give_up=lambda reason: lose_names(run, [node], reason, scope))
    results: List[Any] = []
    blames: List[Optional[Blame]] = []
    is_dict = isinstance(node, ast.DictComp)
    try:
        for _ in _generate(run, node, 0, first, inner):
            if is_dict:
                results.append((evaluate(run, node.key, inner), evaluate(run, node.value, inner)))
            else:
                results.append(evaluate(run, node.elt, inner))
            blames.append(blame_of(run, node.value if is_dict else node.elt, inner))
    except Undecidable as stopped:
        poison_calls(run, [node], str(stopped), scope)
        return run.unknown(str(stopped), node)
    if is_dict:
        mapping = TreeDict()
        for (key, value), blame in zip(results, blames):
            limits.pay_for_key(run, node, key)
            if tainted(key):
                return run.unknown(say("a dict key is unknown"), node)
            mapping[key] = value
            if blame is not None:
                mapping.blames[key] = blame
        return mapping
    if isinstance(node, ast.SetComp):
        run.spend(weight(results), node)
        return run.unknown(say("a set of unknown values"), node) if tainted(results) else TreeSet(results)
    return TreeList(results, blames)


def _generate(run: Run, node: Any, position: int, values: Any, scope: Scope) -> Iterator[None]:
    """Run the loops of a comprehension: its variables are bound, one after the other.

    Raises:
        Undecidable: How often they run is not known.
    """
    generator = node.generators[position]
    for item, blame in iterate(run, values, generator.iter):
        assign(run, generator.target, item, blame, scope)
        for condition in generator.ifs:
            known = decided(run, evaluate(run, condition, scope), condition)
            if isinstance(known, Unknown):
                raise Undecidable(known.reason)
            if not known:
                break
        else:
            if position + 1 == len(node.generators):
                yield
            else:
                inner = evaluate(run, node.generators[position + 1].iter, scope)
                yield from _generate(run, node, position + 1, inner, scope)


for _kind in (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp):
    HANDLERS[_kind] = _comprehension
