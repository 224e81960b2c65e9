"""What a class of a random model has: how its parts are made, and how a training step can use them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Callable, List

LINEAR = "nn.Linear(4, 4, bias=False)"


@dataclass
class Drawn:
    """A class while it is written.

    Attributes:
        draw: All choices come from it.
        name: Of the class.
        init: Lines of ``__init__``, after ``super().__init__()``.
        methods: Lines of further methods.
        body: Lines of the class body, before the methods.
        uses: Expressions of a tensor ``{x}`` that give a tensor.
        loops: Statements of a variable ``{v}``, some of several lines.
        asked: Conditions on its attributes.
        count: How many attributes have been named.
        frozen: Lines of ``train()``.
        ends: Lines of ``__init__`` after all parts are made.
    """

    draw: random.Random
    name: str
    init: List[str] = field(default_factory=list)
    methods: List[str] = field(default_factory=list)
    body: List[str] = field(default_factory=list)
    uses: List[str] = field(default_factory=list)
    loops: List[str] = field(default_factory=list)
    asked: List[str] = field(default_factory=list)
    count: int = 0
    frozen: List[str] = field(default_factory=list)
    ends: List[str] = field(default_factory=list)

    def new(self, stem: str) -> str:
        """A name that no other attribute has."""
        self.count += 1
        return f"{stem}{self.count}"

    def one(self, *choices: str) -> str:
        """One of these."""
        return self.draw.choice(choices)

    def layer(self) -> str:
        """An expression that makes a layer."""
        return self.draw.choice([LINEAR] * 5 + ["nn.Linear(4, 4)", "nn.LayerNorm(4)", "Scale()", "Affine(4)",
                                 "make_layer()", "make_layer(4, bias=False)", "nn.PReLU()",
                                 "nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU())"])  # fmt: skip

    def method(self, *lines: str) -> None:
        """A method, written at the level of the class body."""
        self.methods += ["", *lines]


def plain(c: Drawn) -> None:
    a = c.new("layer")
    c.init.append(f"self.{a} = {c.layer()}")
    c.uses += [f"self.{a}({{x}})", f"self.{a}({{x}})", f"getattr(self, '{a}')({{x}})"]


def parameter(c: Drawn) -> None:
    a = c.new("weight")
    c.init.append(c.one(f"self.{a} = nn.Parameter(torch.ones(4))",
                        f"self.register_parameter('{a}', nn.Parameter(torch.ones(4)))",
                        f"self.{a} = nn.Parameter(torch.ones(4), requires_grad={c.one('True', 'False')})",
                        f"self.{a} = nn.Parameter(torch.ones(4) if self.flag else torch.zeros(4))"))  # fmt: skip
    c.uses += [f"({{x}} * self.{a})", f"({{x}} + self.{a}.sum())", f"torch.where({{x}} > 0, {{x}}, self.{a})",
               f"F.linear({{x}}, self.{a}.expand(4, 4))", f"({{x}} * self.{a}.detach())",
               f"torch.mul({{x}}, self.{a}, out=None)"]  # fmt: skip


def parameters(c: Drawn) -> None:
    a = c.new("scales")
    if c.draw.random() < 0.5:
        c.init.append(f"self.{a} = nn.ParameterList([nn.Parameter(torch.ones(4)) for _ in range(3)])")
        c.uses += [f"({{x}} * self.{a}[{c.draw.randrange(3)}])", f"({{x}} + sum(p.sum() for p in self.{a}))",
                   f"({{x}} * torch.stack(list(self.{a})).sum(0))"]  # fmt: skip
        c.loops.append(f"for scale in self.{a}[{c.one('', '1', '-1')}:]:\n    {{v}} = {{v}} * scale")
    else:
        c.init.append(
            f"self.{a} = nn.ParameterDict({{'a': nn.Parameter(torch.ones(4)), 'b': nn.Parameter(torch.ones(4))}})"
        )
        c.uses += [f"({{x}} * self.{a}['a'])", f"({{x}} + self.{a}['b'])"]
        c.loops.append(
            f"for key, scale in self.{a}.items():\n    if key != 'a':\n        {{v}} = {{v}} * scale"
        )


def buffer(c: Drawn) -> None:
    a = c.new("buffer")
    c.init.append(f"self.register_buffer('{a}', torch.ones(4){c.one('', ', persistent=False')})")
    c.uses += [f"({{x}} + self.{a})"]
    c.loops += [f"self.{a} = {{v}}.detach().mean() * torch.ones(4)", f"self.{a}.mul_(0.9)"]


def sequential(c: Drawn) -> None:
    a = c.new("seq")
    k = c.draw.randrange(6)
    if k == 0:
        c.init.append(f"self.{a} = nn.Sequential({c.layer()}, nn.ReLU(), {c.layer()})")
    elif k == 1:
        c.init += [f"layers = [{c.layer()} for _ in range({c.one('2', 'self.depth', '3')})]",
                   c.one(f"layers.append({c.layer()})", "layers.insert(0, nn.ReLU())", "layers += [nn.ReLU()]"),
                   f"self.{a} = nn.Sequential(*layers)"]  # fmt: skip
    elif k == 2:
        c.init += [f"self.{a} = nn.Sequential()", f"for i in range({c.one('2', 'self.depth')}):",
                   f"    self.{a}.add_module({c.one('str(i)', chr(39) + 'conv%d' + chr(39) + ' % i')}, {c.layer()})"]  # fmt: skip
    elif k == 3:
        c.init.append(
            f"self.{a} = nn.Sequential(OrderedDict([('first', {c.layer()}), ('second', {c.layer()})]))"
        )
        c.uses.append(f"self.{a}.{c.one('first', 'second')}({{x}})")
    elif k == 4:
        c.init += [f"self.{a} = nn.Sequential({c.layer()})", f"self.{a}.append({c.layer()})",
                   f"setattr(self.{a}, 'more', {c.layer()})"]  # fmt: skip
    else:
        c.init += [f"self.{a} = nn.Sequential({c.layer()}, {c.layer()})",
                   c.one(f"self.{a}[1] = {c.layer()}", f"del self.{a}[0]", f"self.{a}.extra = {c.layer()}",
                         f"self.{a}.register_module('last', {c.layer()})")]  # fmt: skip
    c.uses += [f"self.{a}({{x}})", f"self.{a}[0]({{x}})", f"self.{a}[-1]({{x}})", f"self.{a}[:1]({{x}})"]
    c.loops += [f"for layer in self.{a}:\n    {{v}} = layer({{v}})",
                f"for name, layer in self.{a}.named_children():\n    {{v}} = layer({{v}})",
                f"for layer in list(self.{a}.children())[:-1]:\n    {{v}} = layer({{v}})",
                f"for layer in self.{a}._modules.values():\n    {{v}} = layer({{v}})"]  # fmt: skip


def module_list(c: Drawn) -> None:
    a = c.new("many")
    n = c.one("3", "self.depth", "2")
    k = c.draw.randrange(5)
    if k == 0:
        c.init.append(f"self.{a} = nn.ModuleList([{c.layer()} for _ in range({n})])")
    elif k == 1:
        c.init += [f"self.{a} = nn.ModuleList()", f"for i in range({n}):",
                   f"    self.{a}.append({c.layer()} if i {c.one('> 0', '% 2 == 0', '< 9')} else nn.Identity())"]  # fmt: skip
    elif k == 2:
        c.init += [f"self.{a} = nn.ModuleList([{c.layer()}])", f"self.{a}.extend([{c.layer()}, {c.layer()}])",
                   c.one("pass", f"self.{a}.insert(0, {c.layer()})", f"self.{a} += [{c.layer()}]")]  # fmt: skip
    elif k == 3:
        c.init += [
            f"one = {c.layer()}",
            f"self.{a} = nn.ModuleList([{c.one('one', 'copy.deepcopy(one)')} for _ in range({n})])",
        ]
    else:
        c.init.append(f"self.{a} = nn.ModuleList(map(lambda i: {c.layer()}, range({n})))")
    i = c.one("0", "-1", "1", "len({a}) - 1".replace("{a}", f"self.{a}"), "self.depth - 2")
    c.uses += [f"self.{a}[{i}]({{x}})", f"run_all(self.{a}, {{x}})", f"sum(m({{x}}) for m in self.{a})",
               f"[m({{x}}) for m in self.{a}][{c.one('0', '-1')}]", f"functools.reduce(lambda t, m: m(t), self.{a}, {{x}})",
               f"next(iter(self.{a}))({{x}})"]  # fmt: skip
    c.loops += [
        f"for layer in self.{a}{c.one('', '', '[1:]', '[:-1]', '[::2]', '[:self.depth - 1]')}:\n    {{v}} = layer({{v}})",
        f"for layer in reversed(self.{a}):\n    {{v}} = layer({{v}})",
        f"for i, layer in enumerate(self.{a}):\n    if i {c.one('> 0', '== 1', 'in self.chosen', '% 2')}:\n        {{v}} = layer({{v}})",
        f"for i, layer in enumerate(self.{a}):\n    {{v}} = layer({{v}})\n    if i == {c.one('0', '1', 'self.depth - 1')}:\n        break",
        f"for layer, item in zip(self.{a}, {c.one('xs', 'data_samples', '[{v}, {v}]', 'inputs')}):\n    {{v}} = layer({{v}})",
        f"for i in range({c.one('len(self.' + a + ')', '2', 'inputs.shape[0]')}):\n    {{v}} = self.{a}[i % len(self.{a})]({{v}})",
        f"outs = [layer({{v}}) for layer in self.{a}]\n{{v}} = {c.one('outs[0]', 'outs[-1]', 'sum(outs)', 'sum(outs[:1])', 'torch.stack(outs).mean(0)')}",
        f"index = len(self.{a})\nwhile index > {c.one('0', '1')}:\n    index -= 1\n    {{v}} = self.{a}[index]({{v}})",
    ]  # fmt: skip


def module_dict(c: Drawn) -> None:
    a = c.new("named")
    c.init.append(c.one(
        f"self.{a} = nn.ModuleDict({{'a': {c.layer()}, 'b': {c.layer()}}})",
        f"self.{a} = nn.ModuleDict([(name, {c.layer()}) for name in ('a', 'b', 'c')])",
        f"self.{a} = nn.ModuleDict()\nfor name in ['a', 'b']:\n    self.{a}[name] = {c.layer()}",
        f"self.{a} = nn.ModuleDict({{'a': {c.layer()}}})\nself.{a}.update({{'b': {c.layer()}}})",
        f"self.{a} = nn.ModuleDict({{name: {c.layer()} for name in 'ab' if name in self.wanted or name == 'a'}})",
    ))  # fmt: skip
    c.uses += [f"self.{a}['a']({{x}})", f"self.{a}['a' if self.flag else 'b']({{x}})" if "for name in 'ab'" not in c.init[-1] else f"self.{a}['a']({{x}})",
               f"self.{a}.a({{x}})", f"sum(m({{x}}) for m in self.{a}.values())"]  # fmt: skip
    c.asked += [f"'b' in self.{a}"]
    c.loops += [f"for name, layer in self.{a}.items():\n    {{v}} = layer({{v}})",
                f"for name in self.{a}:\n    if name {c.one('==', '!=')} 'a':\n        {{v}} = self.{a}[name]({{v}})",
                f"for name in {c.one('self.wanted', 'sorted(self.' + a + '.keys())', '[k for k in ' + chr(39) + 'ab' + chr(39) + ' if k in self.' + a + ']')}:\n"
                f"    if name in self.{a}:\n        {{v}} = self.{a}[name]({{v}})"]  # fmt: skip


def nested(c: Drawn) -> None:
    a = c.new("grid")
    c.init.append(
        f"self.{a} = nn.ModuleList([nn.ModuleList([{c.layer()} for _ in range(2)]) for _ in range(self.depth)])"
    )
    c.uses += [f"self.{a}[0][1]({{x}})", f"self.{a}[-1][0]({{x}})"]
    c.loops += [f"for row in self.{a}:\n    for layer in row:\n        {{v}} = layer({{v}})",
                f"for row in self.{a}:\n    {{v}} = row[{c.one('0', '1')}]({{v}})",
                f"for first, second in self.{a}:\n    {{v}} = first({{v}}) + {c.one('second({v})', '0')}",
                f"for layer in itertools.chain(*self.{a}):\n    {{v}} = layer({{v}})",
                f"for level, row in zip(range(2), self.{a}):\n    {{v}} = row[level]({{v}})"]  # fmt: skip


def by_number(c: Drawn) -> None:
    a = c.new("stage")
    setter = c.one(f"setattr(self, f'{a}_{{i}}', {c.layer()})", f"self.add_module(f'{a}_{{i}}', {c.layer()})",
                   f"self.register_module(name=f'{a}_{{i}}', module={c.layer()})",
                   f"self.__setattr__('{a}_' + str(i), {c.layer()})", f"self.add_module('{a}_%d' % i, {c.layer()})")  # fmt: skip
    c.init += [f"self.{a}_names = []", f"for i in range({c.one('2', 'self.depth', '3')}):", f"    {setter}",
               f"    self.{a}_names.append(f'{a}_{{i}}')"]  # fmt: skip
    c.uses += [f"self.{a}_0({{x}})", f"getattr(self, '{a}_1')({{x}})", f"getattr(self, self.{a}_names[-1])({{x}})",
               f"getattr(self, '{a}_%d' % (len(data_samples) % 2))({{x}})", f"self._modules['{a}_0']({{x}})",
               f"self.get_submodule('{a}_0')({{x}})"]  # fmt: skip
    c.loops += [f"for name in self.{a}_names{c.one('', '[1:]', '[:1]')}:\n    {{v}} = getattr(self, name)({{v}})",
                f"for i in range(2):\n    if i in self.chosen:\n        {{v}} = getattr(self, f'{a}_{{i}}')({{v}})",
                f"for i in self.chosen:\n    if hasattr(self, f'{a}_{{i}}'):\n        {{v}} = getattr(self, f'{a}_{{i}}')({{v}})",
                f"for name, child in self.named_children():\n    if name.startswith('{a}_'):\n        {{v}} = child({{v}})"]  # fmt: skip


def kept_aside(c: Drawn) -> None:
    a = c.new("kept")
    k = c.draw.randrange(4)
    if k == 0:  # a plain list beside the registered modules
        c.init += [f"self.{a}_list = []", "for i in range(2):", f"    layer = {c.layer()}",
                   f"    self.add_module(f'{a}_{{i}}', layer)", f"    self.{a}_list.append(layer)"]  # fmt: skip
        c.loops.append(f"for layer in self.{a}_list{c.one('', '[:1]')}:\n    {{v}} = layer({{v}})")
        c.uses.append(f"self.{a}_list[0]({{x}})")
    elif k == 1:  # a dict of methods and modules
        c.init += [f"self.{a} = {c.layer()}", f"self.{a}_b = {c.layer()}",
                   f"self.{a}_table = dict(first=self.{a}, second=lambda x: self.{a}_b(x), third=self.run_{a})"]  # fmt: skip
        c.method(f"def run_{a}(self, x):", f"    return self.{a}(x) + x")
        c.uses += [f"self.{a}_table['{c.one('first', 'second', 'third')}']({{x}})",
                   f"self.{a}_table.get(self.which, self.{a}_b)({{x}})"]  # fmt: skip
    elif k == 2:  # hidden from the modules
        c.init += [c.one(f"self.__dict__['{a}'] = {c.layer()}", f"object.__setattr__(self, '{a}', {c.layer()})",
                         f"self.{a} = [{c.layer()}][0]")]  # fmt: skip
        c.uses.append(f"self.{a}({{x}})")
    else:
        c.init += [f"self.{a} = {c.layer()}", f"self.{a}_run = functools.partial(run_scaled, self.{a}, scale=2)",
                   f"self.{a}_make = functools.partial(nn.Linear, 4, 4, bias=False)", f"self.{a}_made = self.{a}_make()"]  # fmt: skip
        c.uses += [f"self.{a}_run({{x}})", f"functools.partial(self.{a}_made)({{x}})"]


def optional(c: Drawn) -> None:
    a = c.new("extra")
    asked = c.one(
        "self.flag",
        "self.off",
        "self.depth > 2",
        "self.which == 'first'",
        "not self.flag",
        "'b' in self.wanted",
    )
    k = c.draw.randrange(4)
    if k == 0:
        c.init.append(f"self.{a} = {c.layer()} if {asked} else None")
        test = c.one(f"self.{a} is not None", f"self.{a}")
    elif k == 1:
        c.init += [f"if {asked}:", f"    self.{a} = {c.layer()}"]
        test = f"hasattr(self, '{a}')"
    elif k == 2:
        c.init += [f"self.{a} = None", f"if {asked}:", f"    self.{a} = {c.layer()}"]
        test = c.one(f"getattr(self, '{a}', None) is not None", f"self.{a} is not None")
    else:  # made in any case, used behind the switch
        c.init.append(f"self.{a} = {c.layer()}")
        test = asked
    c.asked.append(test)
    c.uses.append(f"(self.{a}({{x}}) if {test} else {{x}})")
    c.loops += [f"if {test}:\n    {{v}} = self.{a}({{v}})",
                f"if not ({test}):\n    {{v}} = {{v}} * 2\nelse:\n    {{v}} = {{v}} + self.{a}({{v}})"]  # fmt: skip


def behind_property(c: Drawn) -> None:
    a = c.new("inner")
    c.init.append(f"self._{a} = {c.layer()}")
    k = c.draw.randrange(3)
    if k == 0:
        c.method("@property", f"def {a}(self):", f"    return self._{a}")
    elif k == 1:
        c.method("@property", f"def {a}(self):", f"    if {c.one('self.flag', 'self.off', 'self.training')}:",
                 f"        return self._{a}", "    return lambda x: x")  # fmt: skip
    else:
        c.init.append(f"self.{a}_name = '_{a}'")
        c.method("@property", f"def {a}(self):", f"    return getattr(self, self.{a}_name)")
    c.uses += [f"self.{a}({{x}})"] * 2


def shared(c: Drawn) -> None:
    a = c.new("twin")
    k = c.draw.randrange(5)
    if k == 0:
        c.init += [f"self.{a} = {c.layer()}", f"self.{a}_b = self.{a}"]
    elif k == 1:
        c.init += [f"self.{a} = {LINEAR}", f"self.{a}_b = {LINEAR}", f"self.{a}_b.weight = self.{a}.weight"]
    elif k == 2:
        c.init += [
            f"self.{a} = nn.Embedding(4, 4)",
            f"self.{a}_b = {LINEAR}",
            f"self.{a}_b.weight = self.{a}.weight",
        ]
        c.uses += [f"({{x}} + self.{a}.weight.sum(0))", f"self.{a}_b({{x}})"]
        return
    elif k == 3:
        c.init += [
            f"self.{a} = nn.Sequential({c.layer()}, nn.ReLU())",
            f"self.{a}_b = nn.ModuleList([self.{a}[0]] * 2)[{c.one('0', '1')}]",
        ]
    else:
        c.init += [f"self.{a} = {LINEAR}", f"self.{a}_b = copy.deepcopy(self.{a})"]
    c.uses += [f"self.{a}({{x}})", f"self.{a}_b({{x}})"]


MAKERS: List[Callable[[Drawn], None]] = [
    plain, plain, parameter, parameters, buffer, sequential, sequential, module_list, module_list, module_list,
    module_dict, nested, by_number, by_number, kept_aside, optional, optional, behind_property, shared,
]  # fmt: skip
