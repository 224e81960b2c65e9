"""Which arguments a class takes and must have, followed through its constructors, and what becomes of others."""

# ruff: noqa: E501
from __future__ import annotations

import pytest

from mmfix.repository.arguments import arguments_taken
from mmfix.repository.library import Library
from mmfix.repository.taken import DROPPED, REFUSED, UNKNOWN

HEAD = """
from torch import nn
import abc
import elsewhere
from typing import Generic
class Base(nn.Module):
    def __init__(self, depth, *, with_cp=False):
        super().__init__()
class Other(nn.Module):
    def __init__(self, left, **kwargs):
        super().__init__(**kwargs)
class Free(nn.Module):
    def __init__(self, free=1, **kwargs):
        super().__init__()
"""


@pytest.mark.parametrize(
    ("code", "taken", "required"),
    [
        ("class Net(Base):\n    pass", "depth with_cp", "depth"),
        ("class Net(Base, metaclass=abc.ABCMeta):\n    pass", "depth with_cp", "depth"),
        ("class Net(Base):\n    def __init__(self, a, b=1):\n        super().__init__(a)", "a b", "a"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        super().__init__(**kw)", "a depth with_cp", "a depth"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        super().__init__(a, **kw)", "a depth with_cp", "a"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        super().__init__(*a, **kw)", "a depth with_cp", "a"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        super(Net, self).__init__(depth=a, **kw)", "a with_cp", "a"),
        ("class Net(Base):\n    def __init__(self, **kw):\n        Base.__init__(self, 1, **kw)", "depth with_cp", ""),
        ("class Net(Base):\n    def __init__(self, **kw):\n        kw = dict(depth=1, **kw)\n        super().__init__(**kw)", "depth with_cp", ""),
        ("class Net(Base):\n    def __init__(self, **kw):\n        kw = {'with_cp': 1, **kw}\n        super().__init__(**kw)", "depth with_cp", "depth"),
        ("class Net(Base):\n    def __init__(self, **kw):\n        kw.setdefault('depth', 1)\n        super().__init__(**kw)", "depth with_cp", ""),
        ("class Net(Base):\n    def __init__(self, **kw):\n        kw['depth'] = 1\n        super().__init__(**kw)", "depth with_cp", ""),
        ("class Net(Base):\n    def __init__(self, **kw):\n        x = kw.pop('x', 1)\n        super().__init__(**kw)", "x depth with_cp", "depth"),
        ("class Net(Base):\n    def __init__(self, **kw):\n        if 'x' in kw: pass\n        super().__init__(**kw)", "x depth with_cp", "depth"),
        ("class Net(Other, Base):\n    def __init__(self, **kw):\n        super().__init__(**kw)", "left depth with_cp", ""),
        ("class Net(nn.Module):\n    def __init__(self, a=1, **kw):\n        super().__init__()\n        self.base = Base(**kw)", "a depth with_cp", "depth"),
        ("@M.register_module()\nclass Net(Base):\n    pass", "depth with_cp", "depth"),
        ("class Net(nn.Module):\n    def __init__(self):\n        super().__init__()", "", ""),
        ("class Net(Generic[T]):\n    pass", "", ""),
        ("class Net(Base):\n    @deprecated_api_warning({'old': 'new'}, cls_name='Net')\n    def __init__(self, new):\n        pass", "old new", ""),
        ("def Net(a, *, b):\n    pass", "a b", "a b"),
    ],
)  # fmt: skip
def test_python_refuses_others(tmp_path, code, taken, required) -> None:
    found = look(tmp_path, code)
    assert (found.others, set(found.names)) == (REFUSED, set(taken.split()))
    assert found.required == set(required.split())
    assert found.files == (str(tmp_path / "nets.py"),)


@pytest.mark.parametrize(
    ("code", "others", "taken"),
    [
        ("class Net(Base):\n    def __init__(self, **kw):\n        super().__init__(1)", DROPPED, ""),
        ("class Net(Base):\n    def __init__(self, **kw):\n        super().__init__(kw.pop('x'))", DROPPED, "x"),
        ("class Net(nn.Module):\n    def __init__(self, **kw):\n        super().__init__()\n        self.net = Free(**kw)", DROPPED, "free"),
        ("def Net(a, **kw):\n    pass", DROPPED, "a"),
        # code that is not here, or that may do anything
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        super(Base, self).__init__(**kw)", UNKNOWN, "a"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        self.more = kw\n        super().__init__(**kw)", UNKNOWN, "a depth with_cp"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        kw.pop(a)\n        super().__init__(**kw)", UNKNOWN, "a depth with_cp"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        kw = a\n        super().__init__(**kw)", UNKNOWN, "a depth with_cp"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        if a: super().__init__(**kw)", UNKNOWN, "a depth with_cp"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        f = lambda: super().__init__(**kw)", UNKNOWN, "a depth with_cp"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        Base = a\n        Base(**kw)", UNKNOWN, "a"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        build(a, **kw)", UNKNOWN, "a"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        self.fill(**kw)\n    def fill(self, b):\n        pass", UNKNOWN, "a b"),
        ("class Net(elsewhere.Base):\n    pass", UNKNOWN, ""),
        ("class Net(elsewhere.Base):\n    def __init__(self, a, **kw):\n        super().__init__(**kw)", UNKNOWN, "a"),
        ("class Net(Base, elsewhere.Base):\n    def __init__(self, **kw):\n        super().__init__(**kw)", UNKNOWN, "depth with_cp"),
    ],
)  # fmt: skip
def test_others_pass(tmp_path, code, others, taken) -> None:
    found = look(tmp_path, code)
    assert (found.others, set(found.names)) == (others, set(taken.split()))


@pytest.mark.parametrize(
    "code",
    [
        "class Net(Base, metaclass=Meta):\n    pass",
        "class Net(Base):\n    def __new__(cls, **kw):\n        return 1",
        "@dataclass\nclass Net:\n    a: int",
        "class Net(Base):\n    @renamed(a='b')\n    def __init__(self, b):\n        pass",
        "class Net(Base):\n    __init__ = partialmethod(Base.__init__, 1)",
        "if x:\n    class Net(Base):\n        pass\nelse:\n    class Net(Other):\n        pass",
        "@wrapped\ndef Net(a):\n    pass",
        "Net = make()",
    ],
)
def test_nothing_is_known(tmp_path, code) -> None:
    assert look(tmp_path, code) is None


def look(folder, code):
    (folder / "nets.py").write_text(f"{HEAD}{code}\n")
    return arguments_taken(Library([str(folder)], str(folder / "cache")), "nets", "Net")
