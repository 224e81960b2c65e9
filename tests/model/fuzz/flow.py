"""The code of a method: branches, loops, early ends, with what a class has."""

from __future__ import annotations

from typing import List

from .drawn import Drawn

_ON_DATA = [
    "inputs.sum() > 0", "inputs[0, 0] > 0", "(inputs > 1).any()", "len(data_samples) > 1", "inputs.shape[0] > 2",
    "inputs.size(0) == 1", "data_samples[0]['flag']", "data_samples[0]['label'] == 1", "'mask' in data_samples[0]",
    "data_samples[-1].get('mask') is not None", "any(s['flag'] for s in data_samples)", "len(data_samples[0]['boxes']) > 0",
    "all(s['flag'] for s in data_samples)", "data_samples[0]['boxes'].numel() > 0", "data_samples[0]['boxes'].shape[0] == 0",
    "not data_samples[0]['flag']", "inputs.max() < 1", "sum(len(s['boxes']) for s in data_samples) > 2",
]  # fmt: skip
_ON_CONFIG = [
    "self.flag", "self.off", "self.depth > 1", "self.which == 'first'", "'b' in self.wanted", "not self.off",
    "self.depth == 2 and self.flag", "1 in self.chosen", "self.limits.get('most', 0) > 1", "len(self.wanted) > 1",
]  # fmt: skip
_ON_STATE = [
    "self.training", "not self.training", "mode == 'loss'", "v0 is not None", "isinstance(v1, torch.Tensor)",
    "v0.requires_grad", "torch.is_grad_enabled()", "len(xs) > 2", "'b' in d", "d.get('b') is None", "v1.dim() == 2",
    "hasattr(self, 'nowhere')", "getattr(self, 'flag', False)", "callable(self.forward)", "xs",
]  # fmt: skip
_ON_CHANCE = ["random.random() < 0.5", "torch.rand(1).item() > 0.5", "np.random.rand() < 0.3"]


class Flow:
    """Writes the statements of one method.

    Args:
        c: The class it belongs to.
        names: Of the tensors that it may read and bind.
        leaves: Expressions that it may return, made by ``result``.
    """

    def __init__(self, c: Drawn, whole: bool) -> None:
        self.c, self.draw, self.whole = c, c.draw, whole
        self.lines: List[str] = []
        self.level = 2
        self.in_loops = 0
        self.asked: List[str] = []
        self.kept = 0

    def say(self, text: str) -> None:
        """A statement at this level, maybe of several lines."""
        self.lines += ["    " * self.level + line for line in text.split("\n")]

    def variable(self) -> str:
        """The name of a tensor."""
        return f"v{self.draw.randrange(3)}"

    def condition(self) -> str:
        """A test; often one that was asked before."""
        draw = self.draw
        if self.asked and draw.random() < 0.4:
            known = draw.choice(self.asked)
            return draw.choice(
                [
                    known,
                    known,
                    f"not ({known})",
                    f"{known} and {self._fresh()}",
                    f"{self._fresh()} or {known}",
                ]
            )
        fresh = self._fresh()
        self.asked.append(fresh)
        if draw.random() < 0.25:
            self.kept += 1
            self.say(f"c{self.kept} = bool({fresh})" if draw.random() < 0.5 else f"c{self.kept} = {fresh}")
            self.asked.append(f"c{self.kept}" if self.level == 2 else fresh)
            return f"c{self.kept}"
        return fresh

    def _fresh(self) -> str:
        kinds = [_ON_DATA, _ON_DATA, _ON_CONFIG, _ON_CONFIG, _ON_STATE, _ON_CHANCE]
        if self.c.asked:
            kinds += [self.c.asked] * 2
        return self.draw.choice(self.draw.choice(kinds))

    def atom(self) -> str:
        """A tensor that is there already."""
        return self.draw.choice(
            [self.variable()] * 6 + ["inputs", "xs[0]", "xs[-1]", "d['a']", "inputs * self.bias"]
        )

    def expression(self, depth: int) -> str:
        """A tensor."""
        draw, x = self.draw, self.atom() if depth <= 0 else None
        if x is None:
            x = self.expression(depth - 1)
        if draw.random() < 0.65 and self.c.uses:
            return draw.choice(self.c.uses).replace("{x}", x)
        y = self.atom()
        return draw.choice([
            x, f"({x} + {y})", f"({x} * {y})", f"({x}).relu()", f"F.relu({x})", f"torch.where(inputs > 0, {x}, {y})",
            f"({x}).detach()", f"torch.stack([{x}, {y}]).sum(0)", f"sum([{x}, {y}])", f"(lambda t: t * self.bias)({x})",
            f"[{x}, {y}][{draw.randrange(2)}]", f"dict(k={x}, j={y})['k']", f"max([{x}.sum(), {y}.sum()]) * inputs",
            f"torch.cat([{x}, {y}], dim=1)[:, :4]", f"{x}.clone()", f"torch.add(*[{x}, {y}])", f"apply_to({x}, lambda t: t * 2)",
            f"({x} if {draw.choice(_ON_DATA + _ON_CONFIG)} else {y})", f"pair({x}, {y})[{draw.randrange(2)}]",
            f"next(each([{x}, {y}]))", f"{x}.new_zeros(4) + {y}", f"torch.zeros_like({x}) * {y}", f"{x}.softmax(-1)",
            f"{x}.mean(0, keepdim=True)", f"{x}.data", f"{y} + torch.tensor(1.0)", f"dropped({x}, self.training)",
        ])  # fmt: skip

    def simple(self) -> None:
        """One statement without a block of its own, or what the class offers as a loop."""
        draw, v, w, e = self.draw, self.variable(), self.variable(), self.expression(self.draw.randint(0, 1))
        if self.c.loops and draw.random() < 0.45:
            self.say(draw.choice(self.c.loops).replace("{v}", v))
            return
        self.say(draw.choice([
            f"{v} = {e}", f"{v} = {e}", f"{v} = {e}", f"{v} = {v} + {e}", f"{v} += {e}" if draw.random() < 0.2 else f"{v} = {v} * {e}",
            f"xs.append({e})", f"xs = xs + [{e}]", f"d['a'] = {e}", f"d['b'] = {e}", f"d.update(b={e})", f"{v}, {w} = {w}, {e}",
            f"*_, {v} = [{w}, {e}]", f"self.last = {e}", f"{v} = xs.pop() if len(xs) > 1 else {v}", f"losses['loss_{v}'] = {e}",
            f"losses['aux_{v}'] = {e}", f"losses['loss_{v}'] = [{e}, {w}]", f"losses.update(loss_more={e})", f"xs[0] = {e}",
            f"if ({w} := {e}) is None: pass", f"{v} = {v}.clone(); {v}[0] = ({e})[0]", f"extra = [{e} for _ in data_samples]; {v} = extra[0]",
            f"losses['loss_x'] = losses.get('loss_x', 0) + {e}", f"{v} = d.get('b', {e})", f"{v} = sum(xs)",
        ]))  # fmt: skip

    def block(self, head: str, depth: int, most: int = 2) -> None:
        """A compound statement."""
        self.say(head)
        self.level += 1
        asked = list(self.asked)
        for _ in range(self.draw.randint(1, most)):
            self.statement(depth)
        self.asked = asked
        self.level -= 1

    def statement(self, depth: int) -> None:
        """Any statement."""
        draw = self.draw
        if depth <= 0 or draw.random() < 0.55:
            self.simple()
            return
        kind = draw.randrange(15)
        if kind <= 4:
            self.block(f"if {self.condition()}:", depth - 1)
            if draw.random() < 0.25:
                self.block(f"elif {self._fresh()}:", depth - 1)
            if draw.random() < 0.5:
                self.block("else:", depth - 1)
        elif kind <= 7:
            v = self.variable()
            self.in_loop(draw.choice([
                "for sample in data_samples:", "for i in range(len(data_samples)):", "for level in range(inputs.shape[0]):",
                "for i, sample in enumerate(data_samples):", "for box in data_samples[0]['boxes']:", "for row in inputs:",
                f"for item in xs[:3]:\n    {v} = {v} + item", "for i in range(self.depth):", f"for t in {v}.unbind(0):",
                "for name, item in list(d.items()):", f"for part in {v}.split(1):", "for i in self.chosen:",
                "for sample in (s for s in data_samples if s['flag']):", "for sample in data_samples[1:]:",
                "for i in range(inputs.size(1)):", "for i, (sample, item) in enumerate(zip(data_samples, xs)):",
            ]), depth)  # fmt: skip
        elif kind == 8:
            self.block(
                f"with {draw.choice(['torch.no_grad()', 'torch.enable_grad()', 'contextlib.nullcontext()', 'torch.set_grad_enabled(self.flag)', 'torch.no_grad() if self.off else contextlib.nullcontext()', 'torch.autograd.set_detect_anomaly(False)'])}:",
                depth - 1,
            )
        elif kind == 9:
            self.say("try:")
            self.level += 1
            self.simple()
            if draw.random() < 0.6:
                self.say(
                    f"if {draw.choice([*_ON_DATA, *_ON_CONFIG])}: raise {draw.choice(['ValueError', 'KeyError(1)', 'ValueError()'])}"
                )
            self.simple()
            self.level -= 1
            self.block(
                f"except {draw.choice(['ValueError', '(ValueError, KeyError)', 'Exception'])}:", depth - 1, 1
            )
            if draw.random() < 0.3:
                self.block(draw.choice(["else:", "finally:"]), 0, 1)
        elif kind in (10, 11) and self.in_loops:
            self.block(f"if {self.condition()}:", 0, 1)
            self.say("    " + draw.choice(["break", "continue"]))
        elif kind in (12, 13):
            self.say(f"if {self.condition()}:")
            self.level += 1
            if draw.random() < 0.5:
                self.simple()
            self.leave()
            self.level -= 1
        else:
            self.simple()

    def in_loop(self, head: str, depth: int) -> None:
        """A loop."""
        self.in_loops += 1
        self.block(head, depth - 1, 2)
        self.in_loops -= 1

    def leave(self) -> None:
        """A return."""
        if not self.whole:
            self.say(f"return {self.expression(1)}")
            return
        first, second = self.expression(1), self.expression(0)
        self.say(self.draw.choice([
            f"losses['loss'] = {first}\nreturn losses", f"return dict(loss={first}, **losses)", f"return dict(loss_a={first}, acc={second})",
            f"return {{'loss_cls': {first}, 'loss_box': [{second}, {first}], **losses}}", f"losses.update(loss={first}, other={second})\nreturn losses",
            f"return self.gather({first}, losses)", f"losses['loss_all'] = sum([{first}, {second}])\nreturn losses",
        ]))  # fmt: skip


def written(c: Drawn, head: str, start: List[str], whole: bool, statements: int) -> List[str]:
    """A method: its head, how it begins, some statements, a return."""
    flow = Flow(c, whole)
    for line in start:
        flow.say(line)
    for _ in range(statements):
        flow.statement(2)
    flow.leave()
    return ["", head, *(line[4:] for line in flow.lines)]
