"""A model's own ``train_step`` is what the wrapper calls, whatever its ``forward_train`` is."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from mmfix.model.reading import read_model
from mmfix.model.types import NEVER, SOMETIMES, ModelReading
from mmfix.repository.library import Library

HEAD = """\
from mmengine.optim import OptimWrapperDict
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)
        self.size = 2

    def forward(self, img, img_metas=None, return_loss=True, **kwargs):
        return self.forward_train(img, **kwargs) if return_loss else self.b(img)

    def forward_train(self, img, **kwargs):
        return dict(loss=self.c(img).sum())

    def _parse_losses(self, losses):
        return sum(losses.values()), {}


class Net(Base):
"""

#: what it shows, the methods of the model, what is never used; None: no verdict
CASES = [
    (
        "the loss that is returned",
        "def train_step(self, data, optimizer): return dict(loss=self.a(data['img']).sum())",
        {"b", "c"},
    ),
    (
        "losses that it takes back through the graph itself",
        """
        def train_step(self, data, optimizer, scaler=None):
            first = self.a(data['img']).sum()
            if scaler:
                scaler.scale(first).backward()
            else:
                first.backward()
            optimizer['first'].step()
            self.b(data['img']).sum().backward()
            return dict(log_vars={}, num_samples=1)
        """,
        {"c"},
    ),
    (
        "it adds to what forward gives",
        """
        def train_step(self, data, optimizer):
            losses = self(**data)
            losses['loss_more'] = self.a(data['img']).sum()
            loss, log_vars = self._parse_losses(losses)
            return dict(loss=loss, log_vars=log_vars)
        """,
        {"b"},
    ),
    (
        "it hands on to forward, as those of the frameworks do",
        """
        def train_step(self, data, optimizer):
            losses = self(**data)
            loss, log_vars = self._parse_losses(losses)
            return dict(loss=loss, log_vars=log_vars, num_samples=len(data['img_metas']))
        """,
        {"a", "b"},
    ),
    (
        "no loss is seen in it",
        "def train_step(self, data, optimizer): return optimizer.run(data)",
        None,
    ),
]


def read(folder: Path, methods: str, era: str = "mmcv1") -> ModelReading:
    (folder / "shop").mkdir()
    body = textwrap.indent(textwrap.dedent(methods), "    ")
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "net.py").write_text(HEAD + body)
    return read_model({"type": "shop.net.Net"}, Library([str(folder)]), era, "shop")


@pytest.mark.parametrize(("methods", "never"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_own_train_step(tmp_path, methods, never):
    reading = read(tmp_path, methods)
    assert bool(reading.gave_up) is (never is None)
    if never is not None:
        assert {part.name: part.verdict for part in reading.submodules} == dict.fromkeys(never, NEVER)


def test_the_constructor_may_put_another_method_in_its_place(tmp_path):
    methods = """
    def __init__(self):
        super().__init__()
        if hasattr(self, 'size'):
            self.forward_train = self.forward_train_twice

    def forward_train_twice(self, img, **kwargs):
        return dict(loss_one=self.a(img).sum(), loss_two=self.b(img).sum())
    """
    assert {part.name: part.verdict for part in read(tmp_path, methods).submodules} == {"c": NEVER}


def test_each_part_may_have_an_optimizer_of_its_own(tmp_path):
    methods = """
    def train_step(self, data, optim_wrapper):
        both = OptimWrapperDict(one=optim_wrapper['one'], other=optim_wrapper['other'])
        both['one'].update_params(self.a(data['img']).sum())
        wrapper = optim_wrapper[f'second_{self.size}']
        with wrapper.optim_context(self):
            loss = self.b(data['img']).sum()
        wrapper.update_params(loss)
        return {}
    """
    assert {part.name for part in read(tmp_path, methods, "mmengine").submodules} == {"c"}


def test_what_the_builder_hands_over_decides(tmp_path):
    """``train_cfg`` at the top of a config: ``build_model(cfg.model, train_cfg=cfg.train_cfg)``."""
    methods = """
    def __init__(self, train_cfg=None):
        super().__init__()
        self.twice = train_cfg.get('twice', False) if train_cfg else False

    def train_step(self, data, optimizer):
        x = self.a(data['img']) + self.c(data['img'])
        if self.twice:
            x = self.b(x)
        return dict(loss=x.sum())
    """
    assert [part.decided_by for part in read(tmp_path, methods).submodules] == [("model", "train_cfg")]
    library = Library([str(tmp_path)])
    model = {"type": "shop.net.Net"}
    off, on = (
        read_model(model, library, "mmcv1", "shop", beside={"train_cfg": {"twice": twice}})
        for twice in (False, True)
    )
    assert [(part.name, part.decided_by) for part in off.submodules] == [("b", ("train_cfg",))]
    assert on.submodules == ()


def test_what_is_used_every_fifth_step_is_used_sometimes(tmp_path):
    """As generators of GANs are: neither the first step nor a late one says so."""
    methods = """
    def train_step(self, data, optimizer):
        if not hasattr(self, 'iteration'):
            self.iteration = 0
        first = self.a(data['img']).sum()
        first.backward()
        self.iteration += 1
        if self.iteration % 5 != 0:
            return dict(log_vars={})
        self.b(data['img']).sum().backward()
        return dict(log_vars={})
    """
    found = {part.name: part.verdict for part in read(tmp_path, methods).submodules}
    assert found == {"b": SOMETIMES, "c": NEVER}
