"""Random models, trained for a step by torch and read by the interpreter: no gradient may be missed."""

import random
import sys
from pathlib import Path

import pytest

from mmfix.model.reading import read_model
from mmfix.model.types import NEVER
from mmfix.repository.library import Library

torch = pytest.importorskip("torch")
hypothesis = pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

HEADER = """
import functools
from contextlib import nullcontext
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def doubled(function):
    @functools.wraps(function)
    def wrapper(self, x, *args, **kwargs):
        return function(self, x, *args, **kwargs) + self.l3(x)
    return wrapper


def produce(values):
    for value in values:
        yield value * 2


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        return x + 2 * y

    @staticmethod
    def backward(ctx, grad):
        return grad, 2 * grad


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.p0 = nn.Parameter(torch.ones(4))
        self.p1 = nn.Parameter(torch.ones(4))
        self.p2 = nn.Parameter(torch.ones(4))
        self.l0 = nn.Linear(4, 4, bias=False)
        self.l1 = nn.Linear(4, 4, bias=False)
        self.l2 = nn.Linear(4, 4, bias=False)
        self.l3 = nn.Linear(4, 4, bias=False)
        self.many = nn.ModuleList([nn.Linear(4, 4, bias=False) for _ in range(3)])
        self.seq = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU())
        self.named = nn.ModuleDict({'a': nn.Linear(4, 4, bias=False)})
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(4)) for _ in range(2)])
        self.on, self.off = True, False
        self.kept = None
        self._held = None
        self.l2.register_forward_hook(self.remember)
        self.seen = None

    def remember(self, module, args, output):
        self.seen = output

    @property
    def held(self):
        return self._held

    @held.setter
    def held(self, value):
        self._held = value
"""


class Writer:
    """Writes a program: every choice is drawn from one source, so that hypothesis can shrink it."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.lines = []
        self.level = 2
        self.loops = 0
        self.helper = False
        self.fresh = 0

    def say(self, text: str) -> None:
        self.lines.append("    " * self.level + text)

    def block(self, head: str, depth: int, count: int = 2) -> None:
        self.say(head)
        self.level += 1
        for _ in range(self.draw.randint(1, count)):
            self.statement(depth)
        self.level -= 1

    def condition(self) -> str:
        return self.draw.choice([
            "inputs.sum() > 0", "len(data_samples) > 1", "inputs[0] > data_samples[0][0]", "self.on",
            "self.off",
            "data_samples[0].sum() > 0 and inputs[1] > 0", "not inputs[2] > 0", "v0 is not None",
            "isinstance(v0, torch.Tensor)", "self.training",
            "v0.requires_grad", "'b' in d", "len(xs) > 2",
        ])  # fmt: skip

    def var(self) -> str:
        return f"v{self.draw.randrange(4)}"

    def atom(self) -> str:
        return self.draw.choice([
            self.var(), self.var(), self.var(), "self.p0", "self.p1", "self.p2", "xs[-1]", "xs[0]", "d['a']",
            f"d.get('b', {self.var()})", "self.kept", "inputs", "self.scales[0]", "self.held",
        ])  # fmt: skip

    def expr(self, depth: int) -> str:
        if depth <= 0:
            return self.atom()
        a, b = self.expr(depth - 1), self.expr(depth - 2)
        simple = [
            f"self.l{self.draw.randrange(3)}({a})", f"self.many[{self.draw.randrange(3)}]({a})",
            f"self.seq({a})",
            f"({a}).relu()", f"(-{a})", f"({a} + {b})", f"({a} * {b})", f"torch.where(inputs > 0, {a}, {b})",
            f"torch.stack([{a}, {b}]).sum(0)", f"({a} if {self.condition()} else {b})", f"({a}).detach()",
            f"(lambda t, k={b}: t * k + self.p1)({a})", f"checkpoint(self.l0, {a}, use_reentrant=False)",
            f"sum([{a}, {b}])", f"[{a}, {b}][{self.draw.randrange(2)}]", f"Double.apply({a}, {b})",
            f"sum(x * self.p2 for x in [{a}, {b}])", f"torch.cat([{a}[:2], {b}[2:]])",
            f"self.named['a']({a})", f"getattr(self, 'l' + str(len(data_samples) % 2))({a})",
            f"{{'k': {a}, **{{'j': {b}}}}}['j']", f"dict(k={a}, j={b})['k']",
            f"max([{a}.sum(), {b}.sum()]) * inputs",
            f"list(map(self.l1, [{a}]))[0]", f"functools.partial(torch.add, {a})({b})",
            f"next(iter(produce([{a}, {b}])))", f"torch.as_tensor({a})", f"torch.add(*[{a}, {b}])",
            f"list(zip([{a}], [{b}]))[0][1]", f"({a}).data", f"functools.reduce(torch.add, [{a}, {b}])",
            f"sorted([{a}, {b}], key=lambda t: float(t.sum()))[0]", f"({a} or_ {b})".replace(" or_ ", " + "),
            f"tuple(m({a}) for m in self.many)[{self.draw.randrange(3)}]",
        ]  # fmt: skip
        if not self.helper:
            simple += [f"self.help{self.draw.randrange(3)}({a}, d, xs)"] * 4
        return self.draw.choice(simple)

    def statement(self, depth: int) -> None:
        e = self.expr(self.draw.randint(0, 2))
        v, w = self.var(), self.var()
        plain = [
            f"{v} = {e}", f"{v} = {e}", f"{v} = {v} + {e}", f"xs.append({e})", f"xs = xs + [{e}]",
            f"xs[0] = {e}",
            f"d['a'] = {e}", f"d['b'] = {e}", f"d.update(b={e})", f"d[str(len(data_samples))] = {e}",
            f"self.kept = {e}", f"setattr(self, 'kept', {e})", f"self.held = {e}", f"{v}, {w} = {w}, {e}",
            f"*_, {v} = [{w}, {e}]", f"{v} = {v}.clone(); {v}[0] = ({e})[1]",
            f"{v} = {v}.clone(); {v} += {e}",
            f"{v} = {v}.clone(); view = {v}[1:]; view[0] = ({e})[0]", f"{v} = torch.zeros(4).copy_({e})",
            f"xs.extend([{e}, {v}])", f"xs.insert(0, {e})", f"{v} = xs.pop() if len(xs) > 1 else {v}",
            f"{v} = self.l2({v}); {w} = self.seen", f"d.setdefault('c', {e}); {v} = d['c']",
            f"if ({v} := {e}) is None: pass", f"{v} = [{e} for _ in data_samples][0]",
            "xs = list(reversed(xs))",
            f"{v} = {{k: t * self.p0 for k, t in d.items()}}['a']", "del xs[1:]",
            f"box = [{e}]; {v} = box[-1]",
            f"{v} = torch.add({v}, {e}, out=None)", f"self.__dict__['kept'] = {e}",
            f"type(self).shared = {e}; {v} = self.shared",
        ]  # fmt: skip
        if depth <= 0 or self.draw.random() < 0.5:
            self.say(self.draw.choice(plain))
            return
        kind = self.draw.randrange(16)
        if kind <= 3:
            self.block(f"if {self.condition()}:", depth - 1)
            if self.draw.random() < 0.5:
                self.block("else:", depth - 1)
        elif kind == 4:
            self.in_loop("for item in data_samples:", depth)
        elif kind == 5:
            self.in_loop(f"for item in xs[:3]:\n{'    ' * (self.level + 1)}{v} = {v} + item", depth)
        elif kind == 6:
            self.in_loop("for i, (m, item) in enumerate(zip(self.many, [inputs] * 3)):", depth)
        elif kind == 7:
            self.fresh += 1
            name = f"n{self.fresh}"
            self.say(f"{name} = len(data_samples)")
            self.in_loop(f"while {name} > 0:\n{'    ' * (self.level + 1)}{name} -= 1", depth)
        elif kind == 8:
            head = self.draw.choice(["torch.no_grad()", "torch.enable_grad()", "nullcontext()",
                                     f"torch.no_grad() if {self.condition()} else nullcontext()",
                                     f"torch.set_grad_enabled(bool({self.condition()}))"])  # fmt: skip
            self.block(f"with {head}:", depth - 1)
        elif kind == 9:
            self.block("try:", depth - 1)
            if self.draw.random() < 0.5:
                self.say(f"    if {self.condition()}: raise ValueError")
            self.block("except ValueError:", depth - 1)
        elif kind == 10:
            self.fresh += 1
            self.say(f"def inner{self.fresh}(t):")
            self.say(f"    nonlocal {v}")
            self.say(f"    {v} = {v} + t")
            self.say(f"    return {self.expr(1)}")
            self.say(f"{w} = inner{self.fresh}({e})")
        elif kind in (11, 12) and self.loops:
            self.say(f"if {self.condition()}:")
            self.level += 1
            self.say(self.draw.choice(plain))
            self.say(self.draw.choice(["break", "continue"]))
            self.level -= 1
        elif kind in (13, 14):
            self.say(f"if {self.condition()}:")
            self.level += 1
            self.say(self.draw.choice(plain))
            self.leave()
            self.level -= 1
        else:
            self.say(self.draw.choice(plain))

    def in_loop(self, head: str, depth: int) -> None:
        self.loops += 1
        self.block(head, depth - 1, 3)
        self.loops -= 1

    def leave(self) -> None:
        if self.helper:
            self.say(f"return {self.expr(1)}")
        else:
            self.say(
                f"return dict(loss=({self.expr(1)}).sum() + 0 * inputs.sum(), other=({self.expr(1)}).sum())"
            )

    def function(self, head: str, helper: bool) -> None:
        self.helper = helper
        self.level = 1
        if helper and self.draw.random() < 0.3:
            self.say("@doubled")
        self.say(head)
        self.level = 2
        if helper:
            self.say("inputs, data_samples = x, [x, x]")
            self.say("v0, v1, v2, v3 = x, x * 2, self.p0, x")
        else:
            self.say("v0, v1, v2, v3 = inputs, inputs * 2, inputs + 1, inputs")
            self.say("xs, d = [inputs], {'a': inputs}")
            self.say("self.kept = self.held = self.seen = inputs")
        for _ in range(self.draw.randint(1, 5)):
            self.statement(2)
        self.leave()


def program(draw: random.Random) -> str:
    writer = Writer(draw)
    for number in range(3):
        writer.function(f"def help{number}(self, x, d, xs):", True)
    writer.function("def forward(self, inputs, data_samples=None, mode='loss'):", False)
    return HEADER + "\n" + "\n".join(writer.lines) + "\n"


def trained(source: str) -> set:
    """Names of the parameters that get a gradient from torch, for any of a few inputs."""
    space = {"__name__": "program"}
    exec(compile(source, "program", "exec"), space)
    found = set()
    for seed in range(4):
        torch.manual_seed(seed)
        model = space["Net"]()
        inputs = torch.randn(4)
        try:
            losses = model(inputs, [torch.randn(4) for _ in range(1 + seed)], mode="loss")
            losses["loss"].backward()
        except Exception:
            continue  # a program that torch refuses says nothing
        found |= {name for name, param in model.named_parameters() if param.grad is not None}
    return found


def never_used(source: str, folder: Path) -> set:
    package = folder / "fuzzed"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(source)
    reading = read_model({"type": "fuzzed.net.Net"}, Library([str(folder)]), "mmengine", "fuzzed")
    known = ("raise", "no parameter was seen to reach the loss")
    assert not reading.gave_up or any(reason in reading.gave_up for reason in known), reading.gave_up
    return {part.name for part in reading.submodules if part.verdict == NEVER}


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 9), reason="the programs are written in newer Python")
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.randoms(use_true_random=False))
def test_no_gradient_is_missed(tmp_path_factory, draw):
    source = program(draw)
    never = never_used(source, tmp_path_factory.mktemp("fuzz"))
    if not never:
        return
    wrong = {
        name for name in trained(source) if any(name == part or name.startswith(part + ".") for part in never)
    }
    assert not wrong, source
