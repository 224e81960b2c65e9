"""Expressions."""

from __future__ import annotations

import ast
import operator as op
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from mmfix.model.machine import access, emptiness, indexing, paths
from mmfix.model.machine.call_expressions import call
from mmfix.model.machine.calls import evaluate_defaults
from mmfix.model.machine.comprehensions import comprehension, dict_comprehension
from mmfix.model.machine.concrete import (
    OPERATORS,
    NotConcrete,
    compute,
    each_compared,
    is_small,
    joined_sequence,
    same,
    to_python,
)
from mmfix.model.machine.conditions import Note, Side
from mmfix.model.machine.counting import Counter
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import concatenated, is_one_text, without_none
from mmfix.model.machine.single import Single, computed, plain
from mmfix.model.machine.texts import Text, filled, text_of
from mmfix.model.machine.values import (
    DATA,
    GIVEN,
    MISSING,
    TENSOR,
    UNKNOWN,
    Bound,
    Either,
    Function,
    Instance,
    Method,
    NativeRef,
    Opaque,
    Param,
    PyDict,
    PyList,
    Raised,
    is_scalar,
)
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

_LONGEST_TEXT = 10_000
#: Bits; longer ones Python does not print (``sys.set_int_max_str_digits``).
_LONGEST_NUMBER = 10_000
#: Operators whose special method has another name than the node.
_SPECIAL = {"Mult": "mul", "Div": "truediv", "BitOr": "or", "BitAnd": "and", "BitXor": "xor"}
#: Operators that make no large number of small ones, and always give one.
_PLAIN = frozenset({"Add", "Sub", "Mult"})
_PERCENT = r"%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]"


def _constant(m: Machine, node: Any, frame: Frame) -> Any:
    return node.value


def _name(m: Machine, node: Any, frame: Frame) -> Any:
    items = frame.items
    if node.id in items:
        return items[node.id]
    value = m.lookup(node.id, frame)
    return m.lost(say("the name {name} is not known", name=node.id)) if value is MISSING else value


def _attribute(m: Machine, node: Any, frame: Frame) -> Any:
    value = m.eval(node.value, frame)
    m.line = node.lineno
    return access.attribute(m, value, node.attr)


def _subscript(m: Machine, node: Any, frame: Frame) -> Any:
    value = m.eval(node.value, frame)
    index = indexing.index_of(m, node.slice, frame)
    if type(value) is not Either:
        return indexing.subscript(m, value, index)
    return m.each(without_none(value), lambda item: indexing.subscript(m, item, index))


def _slice(m: Machine, node: Any, frame: Frame) -> Any:
    return UNKNOWN  # inside a tuple of indices: a tensor is indexed (paths.entry asks for it)


def _tuple(m: Machine, node: Any, frame: Frame) -> Any:
    items = _elements(m, node.elts, frame)
    return items if items.open else tuple(items.items)


def _list(m: Machine, node: Any, frame: Frame) -> Any:
    return _elements(m, node.elts, frame)


def _elements(m: Machine, nodes: List[Any], frame: Frame) -> PyList:
    if not any(type(item) is ast.Starred for item in nodes):
        return PyList([m.eval(item, frame) for item in nodes])
    return concatenated(
        *(
            m.items_of(m.eval(item.value, frame))
            if isinstance(item, ast.Starred)
            else PyList([m.eval(item, frame)])
            for item in nodes
        )
    )


def _set(m: Machine, node: Any, frame: Frame) -> Any:
    items = _elements(m, node.elts, frame)
    try:
        return frozenset(to_python(items))
    except (NotConcrete, TypeError):
        return Opaque(0, 0, DATA)


def _dict(m: Machine, node: Any, frame: Frame) -> Any:
    result = PyDict()
    for key, value in zip(node.keys, node.values):
        item = m.eval(value, frame)
        if key is None:
            indexing.update(m, result, item)
            continue
        indexing.set_entry(result, m.eval(key, frame), item)
    return result


def _binary(m: Machine, node: Any, frame: Frame) -> Any:
    return binary(m, type(node.op).__name__, m.eval(node.left, frame), m.eval(node.right, frame))


def binary(m: Machine, operator: str, left: Any, right: Any) -> Any:
    """``left operator right``."""
    if operator in _PLAIN and is_small(left) and is_small(right):
        return OPERATORS[operator](left, right)
    left, right = without_none(left), without_none(right)
    if isinstance(left, Single) or isinstance(right, Single):
        known = computed(operator, left, right)
        if known is not MISSING:
            return known
    if isinstance(left, Counter) and type(right) is int and operator in ("Add", "Sub"):
        index = left.plus(right if operator == "Add" else -right)
        count = paths.added(operator, left, right, DATA)
        index.note = index.note if count is None else count.note
        return index
    if isinstance(right, Counter) and type(left) is int and operator == "Add":
        return right.plus(left)
    function = OPERATORS.get(operator)
    if function is not None and not isinstance(left, Opaque) and not isinstance(right, Opaque):
        sequence = joined_sequence(operator, left, right)
        if sequence is not None:
            return sequence
        try:
            return compute(function, left, right)
        except NotConcrete:
            pass
    if operator == "Mod" and isinstance(left, str):
        return filled(left, _PERCENT, right)
    if operator == "Add" and all(isinstance(value, (str, Text)) for value in (left, right)):
        return text_of([left, right])
    for value in (left, right):
        if isinstance(value, Instance):
            name = _SPECIAL.get(operator, operator.lower())
            special = m.attribute(value, f"__{name}__", None)
            if value is left and isinstance(special, (Bound, Method)):
                return m.call(special, [right], {})
            if special is not None:
                return m.lost(say("an operator on an object of the model"), left, right)
    count = paths.added(operator, left, right, DATA)
    if count is not None:
        return count
    result = m.flow(left, right)
    data = not result.may and not any(isinstance(v, (Opaque, Param)) and v.kind == TENSOR
                                      for v in (left, right) if isinstance(v, Opaque))  # fmt: skip
    if data:
        return Opaque(0, 0, DATA, note=result.note)
    result.own_memory = True
    return result


def _unary(m: Machine, node: Any, frame: Frame) -> Any:
    value = m.eval(node.operand, frame)
    name = type(node.op).__name__
    if name == "Not":
        truth = m.truth(value)
        if truth is not None:
            return not truth
        return Opaque(0, 0, DATA, note=Note(test=paths.opposite(paths.side_of(m, value))))
    try:
        return compute(OPERATORS[name], value)
    except NotConcrete:
        return m.flow(value)


def _compare(m: Machine, node: Any, frame: Frame) -> Any:
    left = m.eval(node.left, frame)
    answer: Any = True
    for operator, right_node in zip(node.ops, node.comparators):
        right = m.eval(right_node, frame)
        result = compare(m, type(operator).__name__, left, right)
        if isinstance(result, PyList):
            return result
        if result is False:
            return False
        if result is not True:
            answer = result
        left = right
    return emptiness.told(m, node, answer, frame) if isinstance(answer, Opaque) else answer


_COMPARISONS = {"Eq": op.eq, "NotEq": op.ne, "Lt": op.lt, "LtE": op.le, "Gt": op.gt, "GtE": op.ge}


def compare(m: Machine, operator: str, left: Any, right: Any) -> Any:
    """``left operator right``: True, False or UNKNOWN. A comparison of tensors has no gradient."""
    left, right = plain(left), plain(right)
    if operator in _COMPARISONS and is_small(left) and is_small(right):
        return _COMPARISONS[operator](left, right)
    array = each_compared(operator, left, right)
    if array is not MISSING:
        return array
    if is_one_text(left):
        answers = {compare(m, operator, item, right) for item in paths.alternatives(m, left)}
        answer = answers.pop()
        return (
            answer
            if isinstance(answer, bool) and not answers
            else paths.compared(m, operator, left, right, DATA)
        )
    if operator in ("Is", "IsNot"):
        answer = _is(m, left, right)
    elif operator in ("Eq", "NotEq"):
        answer = same(left, right)
    elif operator in ("In", "NotIn"):
        answer = indexing.contains(m, right, left)
    else:
        try:
            answer = bool(compute(OPERATORS[operator], left, right))
        except NotConcrete:
            answer = None
        return _unknown_answer(m, operator, left, right) if answer is None else answer
    if answer is None:
        return _unknown_answer(m, operator, left, right)
    return answer if operator in ("Is", "Eq", "In") else not answer


def _unknown_answer(m: Machine, operator: str, left: Any, right: Any) -> Any:
    """A truth that is not known; of tensors, a tensor of truths."""
    none = left if right is None else right if left is None else MISSING
    if operator in ("Is", "IsNot", "Eq", "NotEq") and isinstance(none, (Opaque, Either)):
        side = paths.none_side(m, none)
        return Opaque(0, 0, DATA, note=Note(test=side if operator in ("Is", "Eq") else paths.opposite(side)))
    tensors = any(isinstance(item, Param) or getattr(item, "kind", "") == TENSOR for item in (left, right))
    kind = TENSOR if tensors and operator not in ("Is", "IsNot", "In", "NotIn") else DATA
    if left is right and operator in ("Eq", "NotEq"):  # only what is no number is not equal to itself
        return emptiness.told_broken(m, left, operator == "NotEq", kind)
    answer = paths.compared(m, operator, left, right, kind)
    if is_scalar(right) and operator in _COMPARISONS and isinstance(answer, Opaque) and answer.note.test:
        paths.tell(left, answer.note.test, lambda item: _COMPARISONS[operator](item, right))
    return answer


def _is(m: Machine, left: Any, right: Any) -> Optional[bool]:
    if is_scalar(left) and is_scalar(right):
        return left is right or (left == right and type(left) is type(right))
    if right is None or left is None:
        value = left if right is None else right
        if isinstance(value, Opaque):
            return False if value.kind in (TENSOR, GIVEN) else paths.is_none(m, value)
        if isinstance(value, Either):
            return paths.is_none(m, value)
        return None if isinstance(value, NativeRef) else False
    if isinstance(left, Opaque) or isinstance(right, Opaque) or isinstance(left, Either):
        return None
    return True if left is right else same(left, right)


def _bool(m: Machine, node: Any, frame: Frame) -> Any:
    return _operands(m, node.values, type(node.op) is ast.And, frame)


def _operands(m: Machine, nodes: List[Any], is_and: bool, frame: Frame) -> Any:
    """``a and b and c``, or ``a or b or c``."""
    for position, node in enumerate(nodes, 1):
        value = m.eval(node, frame)
        if position == len(nodes):
            return value
        truth = m.truth(value)
        if truth is None:
            side = paths.side_of(m, value)
            if emptiness.expected(side) is not is_and:
                return _either_operand(m, value, side, nodes[position:], is_and, frame)
        elif truth is not is_and:
            return value
    return UNKNOWN  # there are no operands


def _either_operand(m: Machine, value: Any, side: Side, nodes: List[Any], is_and: bool, frame: Frame) -> Any:
    """``value and ...`` or ``value or ...`` where it is not known which; ``side`` is where it is true."""
    goes_on = side if is_and else paths.opposite(side)
    others: List[Any] = []

    def other() -> Any:
        others.append(_operands(m, nodes, is_and, frame))
        return others[-1]

    def narrowed() -> Any:
        if isinstance(value, Either) and not is_and:  # what `or` gives back is true
            true = tuple(item for item in value.values if item is not None)
            return true[0] if len(true) == 1 else Either(true)
        return value

    result = m.choose([narrowed, other], [(paths.opposite(goes_on),), (goes_on,)])
    if others and (is_and or is_scalar(others[0])) and m.truth(others[0]) is (not is_and):
        return others[0]  # `unknown and False` is false, `unknown or True` is true
    return paths.combined(m, is_and, side, others, result)


def _ifexp(m: Machine, node: Any, frame: Frame) -> Any:
    value = m.eval(node.test, frame)
    truth = m.truth(value)
    if truth is not None:
        return m.eval(node.body if truth else node.orelse, frame)
    healthy = emptiness.expected(paths.side_of(m, value))
    if healthy is not None:
        return m.eval(node.body if healthy else node.orelse, frame)
    branches = [lambda: m.eval(node.body, frame), lambda: m.eval(node.orelse, frame)]
    return m.choose(branches, paths.ways_if(m, value))


def _joined_str(m: Machine, node: Any, frame: Frame) -> Any:
    found: List[Any] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = m.eval(part.value, frame)
            long = isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER
            if is_scalar(value) and part.format_spec is None and not long:
                found.append(repr(value) if part.conversion == 114 else str(value))
            else:
                found.append(value if isinstance(value, Opaque) and value is not UNKNOWN else UNKNOWN.like())
        else:
            found.append(str(part.value))
        if sum(len(piece) for piece in found if isinstance(piece, str)) > _LONGEST_TEXT:
            return UNKNOWN
    return text_of(found)


def _lambda(m: Machine, node: Any, frame: Frame) -> Any:
    function = Function(node, frame.scope, frame, None)
    evaluate_defaults(m, function, frame)
    return function


def _named(m: Machine, node: Any, frame: Frame) -> Any:
    value = m.eval(node.value, frame)
    home = frame
    while home.parent is not None and home.parent.function is frame.function:  # out of a comprehension
        home = home.parent
    m.assign(home, node.target.id, value)
    return value


def _yield(m: Machine, node: Any, frame: Frame) -> Any:
    value = None if node.value is None else m.eval(node.value, frame)
    if isinstance(node, ast.YieldFrom):
        source = m.items_of(value)
        frame.yields.extend(source.items)
        frame.unsure = frame.unsure or source.open
    else:
        frame.yields.append(value)
    frame.unsure = frame.unsure or m.conditional > frame.under
    return UNKNOWN


def _await(m: Machine, node: Any, frame: Frame) -> Any:
    return m.eval(node.value, frame)


def _other(m: Machine, node: Any, frame: Frame) -> Any:
    raise Raised(say("{node} is not followed", node=type(node).__name__))


HANDLERS: Dict[Any, Callable[[Machine, Any, Frame], Any]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript,
    ast.Tuple: _tuple, ast.List: _list, ast.Set: _set, ast.Dict: _dict, ast.BinOp: _binary,
    ast.UnaryOp: _unary, ast.Compare: _compare, ast.BoolOp: _bool, ast.IfExp: _ifexp, ast.Call: call,
    ast.JoinedStr: _joined_str, ast.Lambda: _lambda, ast.ListComp: comprehension,
    ast.GeneratorExp: comprehension, ast.SetComp: comprehension, ast.DictComp: dict_comprehension,
    ast.NamedExpr: _named, ast.Yield: _yield, ast.YieldFrom: _yield, ast.Await: _await, ast.Slice: _slice,
    ast.Starred: _other,
}  # fmt: skip
