"""Which arguments a class takes, followed through its constructors; None where that is not sure."""

# ruff: noqa: E501
from __future__ import annotations

import pytest

from mmfix.repository.arguments import arguments_taken
from mmfix.repository.library import Library

HEAD = """
from torch import nn
import elsewhere
class Base(nn.Module):
    def __init__(self, depth, *, with_cp=False):
        super().__init__()
class Other(nn.Module):
    def __init__(self, left, **kwargs):
        super().__init__(**kwargs)
"""


@pytest.mark.parametrize(
    ("code", "taken"),
    [
        ("class Net(Base):\n    pass", "depth with_cp"),
        ("class Net(Base):\n    def __init__(self, a, b=1):\n        super().__init__(a)", "a b"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        super().__init__(**kw)", "a depth with_cp"),
        ("class Net(Base):\n    def __init__(self, a, **kw):\n        super(Net, self).__init__(depth=a, **kw)", "a with_cp"),
        ("class Net(Other, Base):\n    def __init__(self, **kw):\n        super().__init__(**kw)", "left depth with_cp"),
        ("@M.register_module()\nclass Net(Base):\n    pass", "depth with_cp"),
        ("class Net(nn.Module):\n    def __init__(self):\n        super().__init__()", ""),
        ("def Net(a, *, b):\n    pass", "a b"),
        # what is left alone
        ("class Net(Base):\n    def __init__(self, **kw):\n        super(Base, self).__init__(**kw)", None),
        ("class Net(Base):\n    def __init__(self, **kw):\n        kw.pop('x')\n        super().__init__(**kw)", None),
        ("class Net(Base):\n    def __init__(self, **kw):\n        super().__init__(1)", None),
        ("class Net(elsewhere.Base):\n    pass", None),
        ("class Net(elsewhere.Base):\n    def __init__(self, **kw):\n        super().__init__(**kw)", None),
        ("class Net(Base, metaclass=Meta):\n    pass", None),
        ("class Net(Base):\n    def __new__(cls, **kw):\n        return 1", None),
        ("@dataclass\nclass Net:\n    a: int", None),
        ("class Net(Base):\n    @renamed(a='b')\n    def __init__(self, b):\n        pass", None),
        ("class Net(Base):\n    __init__ = partialmethod(Base.__init__, 1)", None),
        ("if x:\n    class Net(Base):\n        pass\nelse:\n    class Net(Other):\n        pass", None),
        ("def Net(a, **kw):\n    pass", None),
    ],
)  # fmt: skip
def test_what_is_taken(tmp_path, code, taken) -> None:
    (tmp_path / "nets.py").write_text(f"{HEAD}{code}\n")
    found = arguments_taken(Library([str(tmp_path)], str(tmp_path / "cache")), "nets", "Net")
    assert (None if found is None else set(found.names)) == (None if taken is None else set(taken.split()))
    assert found is None or found.files == {str(tmp_path / "nets.py")}
