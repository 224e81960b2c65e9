"""The ``match`` statement."""

from __future__ import annotations

import ast
from typing import Any, Callable, Dict, List, Optional, Tuple

from mmfix.config.interpreter.core import (
    STATEMENTS,
    Signal,
    blame_of,
    decided,
    evaluate,
    execute,
    may_leave,
    opaque,
    tainted,
)
from mmfix.config.interpreter.decisions import Raised
from mmfix.config.interpreter.loss import current
from mmfix.config.interpreter.poison import poison_names
from mmfix.config.interpreter.state import Builtin, Run, Scope, bind
from mmfix.config.origin import Blame, Unknown
from mmfix.config.values import TreeDict, TreeList
from mmfix.python.bounds import weight
from mmfix.wording import say

#: Captures with the blame of what they hold, in the order in which Python binds them.
_Captures = List[Tuple[str, Any, Optional[Blame]]]
#: Whether a pattern fits; None where that is not known.
_Fits = Optional[bool]

#: Classes whose only positional pattern is the value itself (PEP 634, class patterns).
_CLASSES: Dict[str, Any] = {
    one.__name__: one for one in (bool, bytes, dict, float, frozenset, int, list, set, str, tuple)
}


def _match(run: Run, node: Any, scope: Scope) -> Optional[Signal]:
    subject = current(evaluate(run, node.subject, scope))
    blame = blame_of(run, node.subject, scope)
    for position, case in enumerate(node.cases):
        captures: _Captures = []
        fits = _fits(run, case.pattern, subject, blame, captures, scope)
        if fits:
            for name, value, step in captures:
                bind(scope, name, value, step or blame)
            if case.guard is not None:
                known = decided(run, evaluate(run, case.guard, scope), case.guard)
                fits = None if isinstance(known, Unknown) else bool(known)
        if fits is None and not captures and _captures_nothing(case.pattern) and case.guard is None:
            fits = _decided(run, case.pattern)
        if fits is None:
            rest = node.cases[position:]
            poison_names(run, [node.subject, *rest], say("depends on a `match` of an unknown value"), scope)
            return may_leave([inner for one in rest for inner in one.body])
        if fits:
            return execute(run, case.body, scope)
    return None


def _decided(run: Run, pattern: Any) -> _Fits:
    """Whether a pattern fits, decided; None where it is not."""
    why = Unknown(say("depends on a `match` of an unknown value"), run.source.origin(pattern))
    choice = run.decisions.choose(3 if run.trying else 2, why)
    if choice == 2:
        raise Raised(None)
    return None if choice is None else not choice


def _captures_nothing(pattern: Any) -> bool:
    return not any(
        isinstance(getattr(inner, field, None), str)
        for inner in ast.walk(pattern)
        if not isinstance(inner, (ast.expr, ast.expr_context))
        for field in ("name", "rest")
    )


def _fits(
    run: Run, pattern: Any, subject: Any, blame: Optional[Blame], captures: _Captures, scope: Scope
) -> _Fits:
    run.spend(1, pattern)
    subject = current(subject)
    kind = type(pattern).__name__
    if kind == "MatchAs":
        fits: _Fits = True
        if pattern.pattern is not None:
            fits = _fits(run, pattern.pattern, subject, blame, captures, scope)
        if fits and pattern.name is not None:
            captures.append((pattern.name, subject, blame))
        return fits
    if kind == "MatchOr":
        before = len(captures)
        for option in pattern.patterns:
            fits = _fits(run, option, subject, blame, captures, scope)
            if fits is not False:
                return fits
            del captures[before:]
        return False
    if opaque(subject):
        return None
    handler = _PATTERNS.get(kind)
    return None if handler is None else handler(run, pattern, subject, captures, scope)


def _value(run: Run, pattern: Any, subject: Any, captures: _Captures, scope: Scope) -> _Fits:
    wanted = evaluate(run, pattern.value, scope)
    run.spend(weight(wanted, subject), pattern)
    return None if tainted(wanted) or tainted(subject) else bool(subject == wanted)


def _singleton(run: Run, pattern: Any, subject: Any, captures: _Captures, scope: Scope) -> _Fits:
    return subject is pattern.value


def _sequence(run: Run, pattern: Any, subject: Any, captures: _Captures, scope: Scope) -> _Fits:
    if not isinstance(subject, (list, tuple)):
        return False if isinstance(subject, _KNOWN) else None
    wanted = pattern.patterns
    stars = [i for i, inner in enumerate(wanted) if type(inner).__name__ == "MatchStar"]
    surplus = len(subject) - len(wanted)
    if surplus < -1 or (surplus != 0 and not stars):
        return False
    run.spend(len(subject), pattern)
    items: List[Any] = list(subject)
    steps: List[Any] = list(getattr(subject, "blames", None) or [None] * len(subject))
    if stars:
        first, last = stars[0], stars[0] + surplus + 1
        items[first:last] = [TreeList(items[first:last], steps[first:last])]
        steps[first:last] = [None]
    for inner, item, step in zip(wanted, items, steps):
        if type(inner).__name__ == "MatchStar":
            if inner.name is not None:
                captures.append((inner.name, item, None))
            continue
        fits = _fits(run, inner, item, step, captures, scope)
        if not fits:
            return fits
    return True


def _mapping(run: Run, pattern: Any, subject: Any, captures: _Captures, scope: Scope) -> _Fits:
    if not isinstance(subject, TreeDict):
        return False if isinstance(subject, _KNOWN) else None
    keys = [evaluate(run, key, scope) for key in pattern.keys]
    if pattern.rest is not None:
        run.spend(len(subject) * (1 + len(keys)), pattern)
    if tainted(keys) or (subject.missing and (keys or pattern.rest)):
        return None
    if any(key not in subject for key in keys):
        return False
    for key, inner in zip(keys, pattern.patterns):
        fits = _fits(run, inner, subject[key], subject.blames.get(key), captures, scope)
        if not fits:
            return fits
    if pattern.rest is not None:
        rest = TreeDict({key: value for key, value in subject.items() if key not in keys})
        rest.blames = {key: step for key, step in subject.blames.items() if key in rest}
        captures.append((pattern.rest, rest, None))
    return True


def _class(run: Run, pattern: Any, subject: Any, captures: _Captures, scope: Scope) -> _Fits:
    wanted = evaluate(run, pattern.cls, scope)
    if not (isinstance(wanted, Builtin) and wanted.name in _CLASSES) or pattern.kwd_patterns:
        return None
    if not isinstance(subject, _KNOWN):
        return None
    if not isinstance(subject, _CLASSES[wanted.name]):
        return False
    if len(pattern.patterns) > 1:
        raise TypeError(f"{wanted.name}() accepts 1 positional sub-pattern ({len(pattern.patterns)} given)")
    if not pattern.patterns:
        return True
    return _fits(run, pattern.patterns[0], subject, None, captures, scope)


_KNOWN = (bool, int, float, complex, str, bytes, type(None), dict, list, tuple, set, frozenset)

_PATTERNS: Dict[str, Callable[[Run, Any, Any, _Captures, Scope], _Fits]] = {
    "MatchValue": _value,
    "MatchSingleton": _singleton,
    "MatchSequence": _sequence,
    "MatchMapping": _mapping,
    "MatchClass": _class,
}

if hasattr(ast, "Match"):  # Python 3.10
    STATEMENTS[ast.Match] = _match
