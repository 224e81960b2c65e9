"""What draws by chance: Python's ``random``, numpy's, and torch's where it gives one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from mmfix.model.knowledge.python.functions import Handler
from mmfix.model.machine import indexing
from mmfix.model.machine.values import DATA, TENSOR, UNKNOWN, Opaque, PyList

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine


def _random(m: Machine) -> Any:
    return m.draws.number(0, 1, DATA)


def _uniform(m: Machine, a: Any, b: Any) -> Any:
    return m.draws.number(a, b, DATA)


def _numpy_rand(m: Machine, /, *shape: Any) -> Any:
    return m.draws.number(0, 1, DATA) if not shape else Opaque(0, 0, TENSOR)


def _numpy_random(m: Machine, size: Any = None) -> Any:
    return m.draws.number(0, 1, DATA) if size is None else Opaque(0, 0, TENSOR)


def _numpy_uniform(m: Machine, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    return m.draws.number(low, high, DATA) if size is None else Opaque(0, 0, TENSOR)


def _torch_rand(m: Machine, /, *size: Any, **kwargs: Any) -> Any:
    """``torch.rand(1)`` and ``torch.rand([])``: one number."""
    given = size[0] if len(size) == 1 else size
    sizes = given.items if isinstance(given, PyList) and not given.open else given
    one = sizes == 1 or (isinstance(sizes, (list, tuple)) and all(item == 1 for item in sizes))
    return m.draws.number(0, 1, TENSOR) if one and "size" not in kwargs else Opaque(0, 0, TENSOR)


def _between(m: Machine, first: Any, last: Any) -> Any:
    """One of the whole numbers from ``first`` to ``last``."""
    if type(first) is not int or type(last) is not int:
        return Opaque(0, 0, DATA)
    if first >= last:
        return first if first == last else Opaque(0, 0, DATA)
    index = m.draws.index(last - first + 1)
    return Opaque(0, 0, DATA) if index is None else first + index


def _randint(m: Machine, a: Any, b: Any) -> Any:
    return _between(m, a, b)


def _numpy_randint(m: Machine, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
    if size is not None:
        return Opaque(0, 0, TENSOR)
    first, stop = (0, low) if high is None else (low, high)
    return _between(m, first, stop - 1 if type(stop) is int else stop)


def _choice(m: Machine, seq: Any) -> Any:
    """``random.choice``: any of them."""
    items = m.items_of(seq)
    index = m.draws.index(len(items.items)) if items.items and not items.open else None
    return indexing.subscript(m, seq, UNKNOWN) if index is None else items.items[index]


def _numpy_choice(m: Machine, a: Any, size: Any = None, replace: Any = True, p: Any = None) -> Any:
    item = UNKNOWN if isinstance(a, int) else indexing.subscript(m, a, UNKNOWN)
    return item if size is None else PyList([item], True)


CALLS: Dict[str, Handler] = {
    "random.random": _random,
    "random.uniform": _uniform,
    "random.randint": _randint,
    "random.choice": _choice,
    "numpy.random.rand": _numpy_rand,
    "numpy.random.random": _numpy_random,
    "numpy.random.random_sample": _numpy_random,
    "numpy.random.uniform": _numpy_uniform,
    "numpy.random.randint": _numpy_randint,
    "numpy.random.choice": _numpy_choice,
    "torch.rand": _torch_rand,
}
#: The last names of these.
DRAWS = frozenset(name.rpartition(".")[2] for name in CALLS)
