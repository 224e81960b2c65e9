"""Expressions."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from mmfix.model.machine import access, emptiness, indexing, paths
from mmfix.model.machine.call_expressions import call
from mmfix.model.machine.calls import evaluate_defaults
from mmfix.model.machine.codes import Code, code_of, expression
from mmfix.model.machine.comparing import comparison
from mmfix.model.machine.comprehensions import comprehension, dict_comprehension
from mmfix.model.machine.concrete import (
    OPERATORS,
    NotConcrete,
    compute,
    is_small,
    joined_sequence,
    to_python,
)
from mmfix.model.machine.conditions import Note, Side
from mmfix.model.machine.counting import Counter
from mmfix.model.machine.frame import Frame
from mmfix.model.machine.joining import concatenated, without_none
from mmfix.model.machine.single import Single, computed
from mmfix.model.machine.texts import Text, filled, text_of
from mmfix.model.machine.values import (
    DATA,
    MISSING,
    PLAIN_SCALARS,
    TENSOR,
    UNKNOWN,
    Bound,
    Either,
    Function,
    Instance,
    Method,
    Opaque,
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


def _constant(node: Any) -> Code:
    value = node.value

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 1
        return value

    return code


def _name(node: Any) -> Code:
    return _of_name(node.id)


@lru_cache(maxsize=None)
def _of_name(name: str) -> Code:
    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 1
        items = frame.items
        if name in items:
            return items[name]
        value = m.lookup(name, frame)
        return m.lost(say("the name {name} is not known", name=name)) if value is MISSING else value

    return code


def _attribute(node: Any) -> Code:
    owner, name, line = code_of(node.value), node.attr, node.lineno

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 1
        value = owner(m, frame)
        m.line = line
        return access.attribute(m, value, name)

    return code


def _subscript(node: Any) -> Code:
    owner, index_code = code_of(node.value), indexing.index_code(node.slice)

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 1
        value, index = owner(m, frame), index_code(m, frame)
        if type(value) is not Either:
            return indexing.subscript(m, value, index)
        return m.each(without_none(value), lambda item: indexing.subscript(m, item, index))

    return code


def _slice(m: Machine, node: Any, frame: Frame) -> Any:
    return UNKNOWN  # inside a tuple of indices: a tensor is indexed (paths.entry asks for it)


def _sequence(node: Any) -> Code:
    """A list or a tuple."""
    is_list, nodes = type(node) is ast.List, node.elts
    if any(type(item) is ast.Starred for item in nodes):

        def some(m: Machine, frame: Frame) -> Any:
            m.steps += 1
            items = _elements(m, nodes, frame)
            return items if is_list or items.open else tuple(items.items)

        return some
    codes = [code_of(item) for item in nodes]

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 1
        items = [one(m, frame) for one in codes]
        return PyList(items) if is_list else tuple(items)

    return code


def _elements(m: Machine, nodes: List[Any], frame: Frame) -> PyList:
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


def _binary(node: Any) -> Code:
    operator, left, right = type(node.op).__name__, code_of(node.left), code_of(node.right)

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 1
        return binary(m, operator, left(m, frame), right(m, frame))

    return code


def binary(m: Machine, operator: str, left: Any, right: Any) -> Any:
    """``left operator right``."""
    if operator in _PLAIN and is_small(left) and is_small(right):
        return OPERATORS[operator](left, right)
    if type(left) is Opaque and (type(right) is Opaque or type(right) in PLAIN_SCALARS):
        return _of_tensors(m, operator, left, right)
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
    return _of_tensors(m, operator, left, right)


def _of_tensors(m: Machine, operator: str, left: Any, right: Any) -> Any:
    """The result of an operator that is not followed further."""
    count = paths.added(operator, left, right, DATA)
    if count is not None:
        return count
    result = m.flow(left, right)
    if not result.may and not any(isinstance(v, Opaque) and v.kind == TENSOR for v in (left, right)):
        return Opaque(0, 0, DATA, note=result.note)
    result.own_memory = True
    return result


def _unary(node: Any) -> Code:
    operand, operator = code_of(node.operand), OPERATORS.get(type(node.op).__name__)

    def code(m: Machine, frame: Frame) -> Any:
        m.steps += 1
        value = operand(m, frame)
        if operator is None:  # not
            truth = m.truth(value)
            if truth is not None:
                return not truth
            return Opaque(0, 0, DATA, note=Note(test=paths.opposite(paths.side_of(m, value))))
        try:
            return compute(operator, value)
        except NotConcrete:
            return m.flow(value)

    return code


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


_HANDLERS: Dict[Any, Callable[[Machine, Any, Frame], Any]] = {
    ast.Set: _set, ast.Dict: _dict, ast.BoolOp: _bool, ast.IfExp: _ifexp,
    ast.JoinedStr: _joined_str, ast.Lambda: _lambda, ast.ListComp: comprehension,
    ast.GeneratorExp: comprehension, ast.SetComp: comprehension, ast.DictComp: dict_comprehension,
    ast.NamedExpr: _named, ast.Yield: _yield, ast.YieldFrom: _yield, ast.Await: _await, ast.Slice: _slice,
    ast.Starred: _other,
}  # fmt: skip
MAKERS: Dict[Any, Callable[[Any], Code]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript,
    ast.Tuple: _sequence, ast.List: _sequence, ast.BinOp: _binary, ast.UnaryOp: _unary,
    ast.Compare: comparison, ast.Call: call, **{kind: expression(run) for kind, run in _HANDLERS.items()},
}  # fmt: skip
