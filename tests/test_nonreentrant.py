from __future__ import annotations

import subprocess
import sys

import pytest

from mmfix.errors import MmfixError
from mmfix.nonreentrant import use_nonreentrant_checkpoint

torch = pytest.importorskip("torch")
from torch.utils import checkpoint as torch_checkpoint  # noqa: E402
from torch.utils.checkpoint import checkpoint, checkpoint_sequential  # noqa: E402


@pytest.fixture
def restored():
    """Torch's own defaults again afterwards."""
    function = checkpoint
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    keywords, defaults = dict(function.__kwdefaults__), checkpoint_sequential.__defaults__
    yield
    function.__kwdefaults__.update(keywords)
    checkpoint_sequential.__defaults__ = defaults


def reentrant(call) -> bool:
    """Whether the graph behind the output holds torch's reentrant checkpoint Function."""
    todo, seen = [call(torch.ones(2, requires_grad=True)).grad_fn], set()
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        if "CheckpointFunction" in type(node).__name__:
            return True
        seen.add(node)
        todo.extend(parent for parent, _ in node.next_functions)
    return False


LAYERS = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
CALLS = {
    "checkpoint": lambda x: checkpoint(torch.tanh, x),
    "checkpoint_sequential": lambda x: checkpoint_sequential(LAYERS, 2, x),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_callers_that_imported_it_before_follow(name, restored):
    assert reentrant(CALLS[name])
    use_nonreentrant_checkpoint()
    assert not reentrant(CALLS[name])


def test_an_explicit_choice_stays(restored):
    use_nonreentrant_checkpoint()
    assert reentrant(lambda x: checkpoint(torch.tanh, x, use_reentrant=True))
    assert reentrant(lambda x: checkpoint_sequential(LAYERS, 2, x, use_reentrant=True))


def test_twice_is_once(restored):
    use_nonreentrant_checkpoint()
    once = dict(checkpoint.__wrapped__.__kwdefaults__), checkpoint_sequential.__defaults__
    use_nonreentrant_checkpoint()
    assert (dict(checkpoint.__wrapped__.__kwdefaults__), checkpoint_sequential.__defaults__) == once
    assert not reentrant(CALLS["checkpoint"])


def test_other_defaults_stay(restored):
    before = dict(checkpoint.__wrapped__.__kwdefaults__)
    use_nonreentrant_checkpoint()
    after = dict(checkpoint.__wrapped__.__kwdefaults__)
    assert after.pop("use_reentrant") is False
    before.pop("use_reentrant")
    assert after == before


def old_checkpoint(function, *args, **kwargs):  # the signature of torch 1.8 to 1.10
    raise NotImplementedError


def test_torch_before_1_11_is_refused(monkeypatch):
    monkeypatch.setattr(torch_checkpoint, "checkpoint", old_checkpoint)
    with pytest.raises(MmfixError, match=r"no non-reentrant checkpoint.*torch 1\.11"):
        use_nonreentrant_checkpoint()


def test_checkpoint_sequential_without_the_keyword_is_left_alone(monkeypatch, restored):
    def old_sequential(functions, segments, input, **kwargs):  # the signature of torch 1.11 to 1.13
        raise NotImplementedError

    monkeypatch.setattr(torch_checkpoint, "checkpoint_sequential", old_sequential)
    use_nonreentrant_checkpoint()
    assert old_sequential.__defaults__ is None
    assert not reentrant(CALLS["checkpoint"])


def test_torch_is_imported_only_by_the_call():
    code = "import sys, mmfix.nonreentrant; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_module_flips_the_default():
    code = (
        "from torch.utils.checkpoint import checkpoint\n"
        "import mmfix.nonreentrant_checkpoint\n"
        "assert checkpoint.__wrapped__.__kwdefaults__['use_reentrant'] is False\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
