"""What people do with the parts of a model: hooks, teachers, freezing, checkpoints, counters, chance."""

from __future__ import annotations

from typing import Callable, List

from .drawn import LINEAR, MAKERS, Drawn


def hooked(c: Drawn) -> None:
    a = c.new("hooked")
    c.init += [f"self.{a} = {c.layer()}", f"self.{a}_b = {c.layer()}", f"self.{a}_seen = None"]
    k = c.draw.randrange(6)
    if k == 0:  # keeps what the layer gives
        c.init.append(f"self.{a}.register_forward_hook(self.keep_{a})")
        c.method(f"def keep_{a}(self, module, args, output):", f"    self.{a}_seen = output")
        c.uses.append(f"(self.{a}({{x}}) * 0 + self.{a}_seen)")
        c.loops.append(f"self.{a}({{v}})\n{{v}} = {{v}} + self.{a}_seen")
    elif k == 1:  # changes it
        c.init.append(
            f"self.{a}.register_forward_hook(lambda module, args, output: output + self.{a}_b(args[0]))"
        )
    elif k == 2:
        c.init.append(f"self.{a}.register_forward_pre_hook(lambda module, args: (self.{a}_b(args[0]),))")
    elif k == 3:  # replaces it
        c.init.append(f"self.{a}.register_forward_hook(self.change_{a})")
        c.method(f"def change_{a}(self, module, args, output):",
                 f"    if {c.one('self.flag', 'self.off', 'self.training', 'args[0].sum() > 0')}:",
                 f"        return self.{a}_b({c.one('output', 'args[0]', 'output.detach()')})",
                 f"    return {c.one('None', 'output')}")  # fmt: skip
    elif k == 4:  # taken away again
        c.init += [f"handle = self.{a}.register_forward_hook(lambda module, args, output: output + self.{a}_b(output))",
                   c.one("handle.remove()", "self.handle = handle")]  # fmt: skip
    else:
        c.init += [
            f"for layer in (self.{a}, self.{a}_b):",
            f"    layer.register_forward_hook(lambda m, i, o: {c.one('o * 2', 'None', 'o.detach()')})",
        ]
    c.uses += [f"self.{a}({{x}})", f"self.{a}({{x}})", f"self.{a}_b({{x}})"]


def teacher(c: Drawn) -> None:
    a = c.new("student")
    c.init += [f"self.{a} = nn.Sequential({LINEAR}, nn.ReLU())",
               f"self.{a}_teacher = {c.one('copy.deepcopy(self.' + a + ')', 'nn.Sequential(' + LINEAR + ')')}"]  # fmt: skip
    c.init.append(c.one("pass", f"self.{a}_teacher.requires_grad_(False)", f"self.{a}_teacher.eval()",
                        f"for p in self.{a}_teacher.parameters():\n    p.requires_grad = False",
                        f"for p in self.{a}_teacher.parameters():\n    p.detach_()",
                        f"for p in self.{a}_teacher.parameters():\n    p.requires_grad_({c.one('self.flag', 'self.off')})"))  # fmt: skip
    c.loops += [f"with torch.no_grad():\n    target = self.{a}_teacher({{v}})\n{{v}} = self.{a}({{v}}) - target",
                f"{{v}} = self.{a}({{v}}) - self.{a}_teacher({{v}}).detach()",
                f"with torch.set_grad_enabled({c.one('self.flag', 'self.off', 'self.training')}):\n    {{v}} = {{v}} + self.{a}_teacher({{v}})",
                f"with torch.no_grad():\n    for mine, theirs in zip(self.{a}_teacher.parameters(), self.{a}.parameters()):\n        mine.mul_(0.9).add_(theirs, alpha=0.1)"]  # fmt: skip
    c.method("@torch.no_grad()", f"def ask_{a}(self, x):", f"    return self.{a}_teacher(x)")
    c.uses += [f"self.{a}({{x}})", f"({{x}} - self.ask_{a}({{x}}))"]


def freezing(c: Drawn) -> None:
    a = c.new("cold")
    c.init += [f"self.{a} = nn.Sequential({LINEAR}, {LINEAR})", f"self.{a}_b = {c.layer()}"]
    k = c.draw.randrange(8)
    if k == 0:
        c.init.append(f"self.{a}{c.one('', '[0]', '_b')}.requires_grad_({c.one('False', 'self.flag')})")
    elif k == 1:
        c.init += [
            f"if {c.one('self.flag', 'self.off', 'self.depth > 1')}:",
            f"    for p in self.{a}.parameters():",
            "        p.requires_grad = False",
        ]
    elif k == 2:
        c.ends += ["for name, p in self.named_parameters():",
                   f"    if {c.one(chr(39) + a + '.0' + chr(39) + ' in name', 'name.startswith(' + chr(39) + a + '_b' + chr(39) + ')', 'name.endswith(' + chr(39) + 'bias' + chr(39) + ')')}:",
                   "        p.requires_grad = False"]  # fmt: skip
    elif k == 3:
        c.frozen += [f"for p in self.{a}.parameters():", "    p.requires_grad = False"]
    elif k == 4:
        c.frozen += [
            f"if {c.one('mode', 'self.flag', 'mode and self.off')}:",
            f"    self.{a}_b.requires_grad_(False)",
        ]
    elif k == 5:
        c.init.append("self.freeze_some()")
        c.method("def freeze_some(self):", f"    for i in range({c.one('self.depth - 1', '1', '0', '2')}):",
                 f"        m = {c.one(f'self.{a}[i]', f'getattr(self, {chr(39)}{a}{chr(39)})[i]')}", "        m.eval()",
                 "        for p in m.parameters():", "            p.requires_grad = False")  # fmt: skip
    elif k == 6:
        c.frozen += ["for m in self.modules():", "    if isinstance(m, nn.LayerNorm):", "        m.eval()",
                     f"        m.weight.requires_grad_({c.one('False', 'True')})"]  # fmt: skip
    else:
        c.init += [f"with torch.no_grad():\n    self.{a}[0].weight.fill_(0.5)", f"self.{a}.apply(touch)"]
    c.uses += [f"self.{a}({{x}})", f"self.{a}[1]({{x}})", f"self.{a}_b({{x}})"]


def checkpointed(c: Drawn) -> None:
    a = c.new("saved")
    c.init += [f"self.{a} = nn.Sequential({LINEAR}, nn.ReLU())", f"self.{a}_b = {c.layer()}",
               f"self.with_cp = {c.one('True', 'False', 'self.flag')}"]  # fmt: skip
    how = c.one("True", "True", "False")
    c.uses += [f"checkpoint(self.{a}, {{x}} + self.bias, use_reentrant={how})",
               f"checkpoint(self.{a}, {{x}}, use_reentrant={how})",
               f"checkpoint(lambda t: self.{a}(t) + self.{a}_b(t), {{x}} + self.bias, use_reentrant={how})",
               f"(checkpoint(self.{a}, {{x}}, use_reentrant={how}) if self.with_cp and {{x}}.requires_grad else self.{a}({{x}}))"]  # fmt: skip
    c.loops += [f"def inner(t):\n    return self.{a}(t)\nif self.with_cp:\n    {{v}} = checkpoint(inner, {{v}} + self.bias, use_reentrant={how})\nelse:\n    {{v}} = inner({{v}})",
                f"for turn in range({c.one('2', '1', 'len(data_samples)')}):\n    {{v}} = checkpoint(self.{a}, {{v}} + self.bias, use_reentrant={how})",
                f"for turn in range(2):\n    if turn == 0:\n        with torch.no_grad():\n            {{v}} = checkpoint(self.{a}, {{v}} + self.bias, use_reentrant={how})\n    else:\n        {{v}} = checkpoint(self.{a}, {{v}} + self.bias, use_reentrant={how})",
                f"w = checkpoint(self.{a}, {{v}} + self.bias, use_reentrant={how})\nw = checkpoint(self.{a}, w + self.bias, use_reentrant={how}){c.one('', '.detach()')}\n{{v}} = {c.one('w', '{v} + w')}"]  # fmt: skip


def counted(c: Drawn) -> None:
    a = c.new("step")
    c.init += [f"self.{a} = 0", f"self.{a}_layer = {c.layer()}"]
    test = c.one(f"self.{a} > 2", f"self.{a} % 2 == 0", f"self.{a} < 2", f"self.{a} == 3", f"self.{a} >= self.depth",
                 f"(self.{a} + 1) % 3 == 0")  # fmt: skip
    c.asked.append(test)
    c.loops += [f"self.{a} += 1\nif {test}:\n    {{v}} = {{v}} + self.{a}_layer({{v}})",
                f"if {test}:\n    {{v}} = self.{a}_layer({{v}})\nelse:\n    {{v}} = {{v}} + 0 * self.{a}_layer({{v}}).sum()\nself.{a} += 1"]  # fmt: skip
    c.uses.append(f"self.{a}_layer({{x}})")


def chance(c: Drawn) -> None:
    a = c.new("lucky")
    c.init += [f"self.{a} = nn.ModuleList([{c.layer()} for _ in range(2)])"]
    test = c.one("random.random() < 0.5", "torch.rand(1).item() > 0.5", "np.random.rand() > 0.5", "random.randint(0, 1)",
                 "torch.rand(1) < 0.5", "random.choice([True, False])", "np.random.randint(2) == 1",
                 "self.training and random.random() < 0.5")  # fmt: skip
    c.asked.append(test)
    c.loops += [f"if {test}:\n    {{v}} = self.{a}[0]({{v}})\nelse:\n    {{v}} = self.{a}[{c.one('0', '1')}]({{v}})",
                f"drop = {test}\nif not drop:\n    {{v}} = self.{a}[0]({{v}})\nif drop:\n    {{v}} = {{v}} + {c.one('0 * ', '')}self.{a}[0]({{v}})",
                f"for layer in self.{a}:\n    if {test}:\n        continue\n    {{v}} = layer({{v}})",
                f"{{v}} = self.{a}[random.randrange(2)]({{v}})", f"{{v}} = random.choice(self.{a})({{v}})",
                f"{{v}} = random.choice([self.{a}[0], self.{a}[1]])({{v}})",
                f"for i in torch.randperm(2).tolist():\n    {{v}} = self.{a}[i]({{v}})",
                f"for layer in random.sample(list(self.{a}), 1):\n    {{v}} = layer({{v}})"]  # fmt: skip
    c.uses.append(f"self.{a}[0]({{x}})")


def zeroed(c: Drawn) -> None:
    a = c.new("dummy")
    c.init += [f"self.{a} = {c.layer()}", f"self.{a}_b = nn.Sequential({LINEAR}, nn.ReLU())"]
    c.loops += [f"{{v}} = {{v}} + 0 * sum(p.sum() for p in self.{c.one(a, a + '_b')}.parameters())",
                f"for p in self.{a}_b.parameters():\n    {{v}} = {{v}} + p.sum() * 0.0",
                f"if inputs.sum() > 0:\n    {{v}} = self.{a}({{v}})\nelse:\n    {{v}} = {{v}} + 0. * sum([p.sum() for p in self.{a}.parameters()])",
                f"{{v}} = {{v}} + sum(p.sum() for name, p in self.{a}_b.named_parameters() if 'weight' in name) * 0",
                f"{{v}} = {{v}} + 0 * torch.cat([p.flatten() for p in self.{a}.parameters()]).sum()"]  # fmt: skip


def stateful(c: Drawn) -> None:
    a = c.new("memory")
    c.init += [f"self.{a} = None", f"self.{a}_layer = {c.layer()}"]
    c.asked.append(f"self.{a} is None")
    c.loops += [f"if self.{a} is None:\n    self.{a} = {{v}}.detach()[:1]\n{{v}} = {{v}} + self.{a}_layer(self.{a})",
                f"if self.{a} is not None:\n    {{v}} = {{v}} + self.{a}_layer(self.{a})\nself.{a} = {{v}}.detach()[:1]",
                f"self.{a} = self.{a}_layer({{v}})\n{{v}} = {c.one('self.' + a, '{v} * 2', '{v} + self.' + a)}\nself.{a} = None"]  # fmt: skip


def frames(c: Drawn) -> None:
    """Several frames, of which some have no gradient."""
    a = c.new("view")
    c.init.append(f"self.{a} = nn.Sequential({LINEAR}, nn.ReLU())")
    c.loops += [f"seen = []\nfor t in range({c.one('3', 'self.depth', 'len(data_samples)')}):\n    if t {c.one('== 0', '> 0', '< 1')}:\n        seen.append(self.{a}({{v}}))\n    else:\n        with torch.no_grad():\n            seen.append(self.{a}({{v}}))\n{{v}} = {c.one('seen[0]', 'seen[-1]', 'sum(seen)', 'torch.stack(seen).sum(0)')}",
                f"hist = {{v}}\nwith torch.no_grad():\n    for t in range(2):\n        hist = self.{a}(hist)\n{{v}} = {{v}} + {c.one('hist', 'self.' + a + '(hist)')}",
                f"pieces = torch.split({{v}}, 2, dim=1)\n{{v}} = torch.cat([self.{a}(torch.cat([p, p], 1))[:, :2] for p in pieces], 1)",
                f"first, *rest = {{v}}.unbind(-1)\n{{v}} = {{v}} + self.{a}({{v}}) * first.sum()"]  # fmt: skip


HABITS: List[Callable[[Drawn], None]] = [
    hooked, hooked, teacher, freezing, freezing, checkpointed, checkpointed, counted, chance, chance, zeroed, stateful, frames,
]  # fmt: skip


def furnish(c: Drawn, parts: int, habits: int) -> None:
    """Gives a class some of both."""
    for make in [c.draw.choice(MAKERS) for _ in range(parts)] + [
        c.draw.choice(HABITS) for _ in range(habits)
    ]:
        make(c)
