"""One construct of Python or torch after the other: which parameters reach the loss."""

from pathlib import Path

import pytest
from small_nets import HEADER, net, read

from mmfix.model.reading import read_model
from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES
from mmfix.repository.library import Library

#: what is done, the body of forward, more of __init__, methods, verdicts of what is not used throughout
CASES = [
    (
        "an object of the source is entered and left",
        "global Watched\nclass Watched:\n    def __init__(self): self.on, self.seen = False, []\n"
        "    def __enter__(self): self.on = True; return self\n"
        "    def __exit__(self, *error): self.on = False\n"
        "watched = Watched()\n"
        "with watched as w:\n    y = self.a(x) if w.on else self.b(x)\n"
        "    w.seen.append(y)\n"
        "loss = watched.seen[0] + (self.b(x) if watched.on else self.c(x))",
        "",
        "",
        {"b": NEVER},
    ),
    (
        "what is done about an error sets an attribute in __dict__",
        "self.kept = self.a(x)\ntry: y = x * 2\nexcept ValueError: self.__dict__['kept'] = x\n"
        "loss = self.kept",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a bag of tensors is as long as they are",
        "bag = InstanceData()\nbag.masks = self.a(x)\nlosses = []\n"
        "for item in [bag]:\n    if len(item) == 0:\n        continue\n    losses.append(item.masks)\n"
        "loss = self.b(x) + (torch.stack(losses).sum() if len(losses) else 0)",
        "global InstanceData\nfrom mmengine.structures import InstanceData",
        "",
        {"a": SOMETIMES, "c": NEVER},
    ),
    (
        "a buffer that was loaded is a tensor, and no module",
        "loss = self.b(x) if isinstance(self.kept, nn.Module) else self.a(x)",
        "self.register_buffer('kept', torch.load('kept.pth').permute(1, 0))",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "what was computed before, and only what is done about an error uses",
        "y = self.a(x)\ntry: loss = self.c(x).sum()\nexcept RuntimeError: loss = y.sum() + self.b(x)",
        "",
        "",
        {"a": NEVER, "b": CANNOT_TELL},
    ),
    (
        "an entry is scaled in place, in what may be a dict",
        "loss = self.a(x)\nif x.sum() > 1: loss = loss + self.b(x)\nloss = self.weighted(loss)",
        "",
        "def weighted(self, given):\n    if hasattr(given, 'keys'):\n"
        "        for key in given: given[key] *= 2\n    return given",
        {"b": SOMETIMES, "c": NEVER},
    ),
    (
        "a batch that may be a list, where the code takes it as a tensor",
        "y = [self.a(x)] if x.sum() > 1 else self.a(x)\nloss = y.cpu()",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "norms that are synchronised",
        "loss = self.a(x)",
        "nn.SyncBatchNorm.convert_sync_batchnorm(self)",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "both sides of an if use it",
        "if x.sum() > 1: loss = self.a(x)\nelse: loss = self.a(x) * 2",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "one side of an if uses it",
        "loss = self.a(x)\nif x.sum() > 1: loss = loss + self.b(x)",
        "",
        "",
        {"b": SOMETIMES, "c": NEVER},
    ),
    (
        "a flag of the object",
        "loss = self.a(x)\nif self.on: loss = loss + self.b(x)\nif not self.on: loss = self.c(x)",
        "self.on = True",
        "",
        {"c": NEVER},
    ),
    (
        "a conditional expression",
        "loss = self.a(x) if x.sum() > 1 else self.b(x)",
        "",
        "",
        {"a": SOMETIMES, "b": SOMETIMES, "c": NEVER},
    ),
    (
        "a loop over an unknown number of samples",
        "loss = 0\nfor item in data_samples: loss = loss + self.a(item)",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "what flows from one turn to the next",
        "y = z = x\nfor _ in data_samples:\n    out = self.a(y)\n"
        "    y = self.b(z)\n    z = self.c(x)\nloss = out.sum()",
        "",
        "",
        {"b": SOMETIMES, "c": SOMETIMES},
    ),
    (
        "a list filled in a loop, then zipped",
        "xs = []\nfor item in data_samples: xs.append((self.a(item), self.b(item)))\n"
        "us, vs = zip(*xs)\nloss = sum(us)",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "continue after a mutation",
        "d = {}\nfor m in [self.a, self.b]:\n    d['x'] = x\n    if x.sum() > 1:\n"
        "        d['x'] = m(x)\n        continue\nloss = d['x'] + self.a(x)",
        "",
        "",
        {"b": SOMETIMES, "c": NEVER},
    ),
    (
        "break keeps what was there",
        "y = x\nfor m in [self.a, self.b]:\n    y = m(y)\n    if x.sum() > 1: break\n"
        "    y = x\nloss = y + self.c(x)",
        "",
        "",
        {"a": SOMETIMES, "b": SOMETIMES},
    ),
    (
        "while",
        "n = 3\nwhile n > 0:\n    n -= 1\n    x = self.a(x)\nloss = x",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "an early return after a mutation",
        "d = {'y': x}\nself.fill(d, x)\nloss = d['y'] + self.b(x)",
        "",
        "def fill(self, d, x):\n    if x.sum() > 1:\n        d['y'] = self.a(x)\n        return\n"
        "    d['y'] = x",
        {"a": SOMETIMES, "c": NEVER},
    ),
    (
        "a key that one path sets",
        "d = {}\nif x.sum() > 1: d['y'] = self.a(x)\n"
        "loss = d['y'] if 'y' in d else self.b(x)\nloss = loss + self.c(x)",
        "",
        "",
        {"a": SOMETIMES, "b": SOMETIMES},
    ),
    (
        "an exception that may be raised",
        "try: loss = self.a(x)\nexcept ValueError: loss = self.b(x)",
        "",
        "",
        {"b": CANNOT_TELL, "c": NEVER},
    ),
    (
        "with no_grad",
        "with torch.no_grad(): y = self.a(x)\nloss = self.b(y)",
        "",
        "",
        {"a": NEVER, "c": NEVER},
    ),
    (
        "no_grad by a condition",
        "with torch.no_grad() if x.sum() > 1 else nullcontext(): y = self.a(x)\nloss = self.b(y)",
        "",
        "",
        {"a": SOMETIMES, "c": NEVER},
    ),
    (
        "enable_grad inside of no_grad",
        "with torch.no_grad():\n    with torch.enable_grad(): loss = self.a(x)",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "set_grad_enabled",
        "with torch.set_grad_enabled(False): y = self.a(x)\nloss = self.b(y)",
        "",
        "",
        {"a": NEVER, "c": NEVER},
    ),
    ("detach", "loss = self.a(x).detach() + self.b(x)", "", "", {"a": NEVER, "c": NEVER}),
    ("as_tensor keeps the gradient", "loss = torch.as_tensor(self.a(x)) + self.b(x)", "", "", {"c": NEVER}),
    (
        "a comparison has none",
        "loss = (self.a(x) > self.b(x)).float() + self.c(x)",
        "",
        "",
        {"a": NEVER, "b": NEVER},
    ),
    ("a comprehension", "loss = sum(m(x) for m in [self.a, self.b])", "", "", {"c": NEVER}),
    (
        "a walrus in a comprehension",
        "ys = [y for m in [self.a] if (y := m(x)) is not None]\nloss = y",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a lambda with a default",
        "fs = []\nfor m in [self.a, self.b]: fs.append(lambda t, m=m: m(t))\nloss = fs[0](x)",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "nonlocal",
        "y = x\ndef inner(t):\n    nonlocal y\n    y = self.a(t)\ninner(x)\nloss = y",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a generator",
        "loss = sum(self.each(x))",
        "",
        "def each(self, x):\n    yield self.a(x)\n    yield self.b(x)",
        {"c": NEVER},
    ),
    (
        "a property",
        "loss = self.head(x)",
        "",
        "@property\ndef head(self): return self.a",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a property with a setter",
        "self.kept = self.a(x)\nloss = self.kept",
        "self._kept = None",
        "@property\ndef kept(self): return self._kept\n@kept.setter\ndef kept(self, v): self._kept = v",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "an attribute of the class",
        "type(self).shared = self.a(x)\nloss = self.shared",
        "",
        "shared = None",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "an attribute that the class is given after it was asked for",
        "loss = self.b(x) if hasattr(self, 'late') else self.c(x)\n"
        "type(self).late = self.a(x)\nloss = loss + self.late",
        "",
        "",
        {"b": NEVER},
    ),
    (
        "a list that is another behind the first image, if there is one",
        "xs = [self.a(x)]\nfor sample in data_samples[1:]:\n    xs = [self.b(x)]\nloss = self.c(xs[-1])",
        "",
        "",
        {"a": CANNOT_TELL},
    ),
    (
        "a key that is another behind the first image, if there is one",
        "d = dict(k=self.a(x))\nfor sample in data_samples[1:]:\n    d['k'] = self.b(x)\n"
        "loss = self.c(d['k'])",
        "",
        "",
        {"a": CANNOT_TELL},
    ),
    (
        "a key that is updated behind the first image, if there is one",
        "d = dict(k=self.a(x))\nfor sample in data_samples[1:]:\n    d.update(k=self.b(x))\n"
        "loss = self.c(d['k'])",
        "",
        "",
        {"a": CANNOT_TELL},
    ),
    (
        "a list that gets longer behind the first image, if there is one",
        "xs = [self.a(x)]\nfor sample in data_samples[1:]:\n    xs = xs + [self.b(x)]\nloss = self.c(xs[-1])",
        "",
        "",
        {"a": CANNOT_TELL, "b": SOMETIMES},
    ),
    (
        "what a loop over the boxes of an image replaces, if there are any",
        "v = self.a(x)\nfor box in data_samples[0]['boxes']:\n    v = self.b(x)\nloss = self.c(v)",
        "",
        "",
        {"a": CANNOT_TELL},
    ),
    (
        "a list that each image makes longer, though nothing flows into it",
        "xs = [x]\nfor image in range(x.shape[0]):\n    xs = xs + [x.detach()]\nv = x\n"
        "for layer, _ in zip([self.a, self.b, self.c], xs):\n    v = layer(v)\nloss = v",
        "",
        "",
        {},
    ),
    (
        "a forward hook that changes the result or leaves it",
        "loss = self.a(x) + self.c(x)",
        "self.a.register_forward_hook(self.change)",
        "def change(self, module, args, output):\n    if args[0].sum() > 0:\n        return self.b(args[0])",
        {"a": SOMETIMES, "b": SOMETIMES},
    ),
    (
        "a method set on the class where it has one",
        "first = self.run(x)\ntype(self).run = lambda self, x: self.b(x)\nloss = self.c(first) + self.run(x)",
        "",
        "def run(self, x):\n    return self.a(x)",
        {"b": SOMETIMES},
    ),
    (
        "a forward that is an attribute",
        "loss = self.b(x)",
        "self.b.forward = self.a.forward",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a forward hook",
        "self.a(x)\nloss = self.seen",
        "self.a.register_forward_hook(self.keep)\nself.seen = None",
        "def keep(self, m, i, o): self.seen = o",
        {"b": NEVER, "c": NEVER},
    ),
    ("getattr by a known name", "loss = getattr(self, 'a')(x)", "", "", {"b": NEVER, "c": NEVER}),
    (
        "getattr by an unknown name",
        "loss = getattr(self, data_samples.name)(x)",
        "",
        "",
        {"a": CANNOT_TELL, "b": CANNOT_TELL, "c": CANNOT_TELL},
    ),
    (
        "setattr by a known name",
        "setattr(self, 'y', self.a(x))\nloss = self.y",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    ("an index store", "y = torch.zeros(3)\ny[0] = self.a(x)\nloss = y", "", "", {"b": NEVER, "c": NEVER}),
    (
        "a store through a view",
        "y = torch.zeros(3)\nv = y[1:]\nv[0] = self.a(x)\nloss = y + self.b(x)",
        "",
        "",
        {"a": CANNOT_TELL, "c": NEVER},
    ),
    (
        "a store into .data under a view",
        "y = self.b(x)\ny.data.copy_(self.a(x))\nloss = y",
        "",
        "",
        {"a": NEVER, "c": NEVER},
    ),
    (
        "non-reentrant checkpoint of data",
        "loss = checkpoint(self.a, x, use_reentrant=False)",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "reentrant checkpoint of data",
        "loss = checkpoint(self.a, x, use_reentrant=True) + self.b(x)",
        "",
        "",
        {"a": NEVER, "c": NEVER},
    ),
    (
        "reentrant checkpoint of a feature",
        "loss = checkpoint(self.a, self.b(x), use_reentrant=True)",
        "",
        "",
        {"c": NEVER},
    ),
    (
        "reentrant checkpoint that is handed more than it uses",
        "loss = checkpoint(lambda y, *more: self.a(y), self.b(x), self.c(x), self.p, use_reentrant=True)",
        "self.p = nn.Parameter(torch.zeros(1))",
        "",
        {},
    ),
    (
        "non-reentrant checkpoint that is handed more than it uses",
        "loss = checkpoint(lambda y, *more: self.a(y), self.b(x), self.c(x), self.p, use_reentrant=False)",
        "self.p = nn.Parameter(torch.zeros(1))",
        "",
        {"c": NEVER, "p": NEVER},
    ),
    (
        "a list that a reentrant checkpoint is handed",
        "loss = checkpoint(lambda y, zs: self.a(y), self.b(x), [self.c(x)], use_reentrant=True)",
        "",
        "",
        {"c": NEVER},
    ),
    (
        "a deep copy",
        "loss = self.a(x) + self.d(x)",
        "self.d = copy.deepcopy(self.a)\nself.e = copy.deepcopy(self.a)",
        "",
        {"b": NEVER, "c": NEVER, "e": NEVER},
    ),
    ("tied weights", "loss = self.b(x)", "self.a.weight = self.b.weight", "", {"c": NEVER}),
    (
        "a ModuleDict",
        "loss = self.d['x'](x)",
        "self.d = nn.ModuleDict({'x': conv(), 'y': conv()})",
        "",
        {"a": NEVER, "b": NEVER, "c": NEVER, "d.y": NEVER},
    ),
    (
        "a ParameterList",
        "loss = self.ps[0] * x",
        "self.ps = nn.ParameterList([nn.Parameter(torch.ones(1)) for _ in range(2)])",
        "",
        {"a": NEVER, "b": NEVER, "c": NEVER, "ps.1": NEVER},
    ),
    (
        "frozen in __init__",
        "loss = self.a(x)",
        "self.b.requires_grad_(False)\nfor p in self.c.parameters(): p.requires_grad = False",
        "",
        {},
    ),
    ("deleted", "loss = self.a(x)", "del self.b\ndel self.c", "", {}),
    (
        "keyword arguments passed on",
        "loss = self.run(x, m=self.a, n=self.b)",
        "",
        "def run(self, x, **kw): return self.pick(x, **kw)\ndef pick(self, x, m, n=None): return m(x)",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "functools.partial",
        "loss = functools.partial(self.run, m=self.a)(x)",
        "",
        "def run(self, x, m): return m(x)",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "only entries named loss count",
        "return dict(loss=self.a(x), acc=self.b(x))\nloss = 0",
        "",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "recursion of unknown depth",
        "loss = self.down(self.a(x))",
        "",
        "def down(self, t): return self.down(t / 2) if t.sum() > 1 else t",
        {"b": CANNOT_TELL, "c": CANNOT_TELL},
    ),
    (
        "a large table of numbers",
        "loss = self.a(x)",
        "n = 0\nfor i in range(2000):\n    for j in range(2000): n += 1",
        "",
        {"b": NEVER, "c": NEVER},
    ),
    (
        "a module handed to an unknown library",
        "import somelib\nloss = somelib.run(self.a, x) + self.b(x)",
        "",
        "",
        {"a": CANNOT_TELL, "c": NEVER},
    ),
]


@pytest.mark.parametrize(("forward", "init", "methods", "expected"), [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])  # fmt: skip
def test_construct(tmp_path, forward, init, methods, expected):
    assert read(tmp_path, net(forward, init, methods)) == expected


def test_a_decorator_of_the_source_is_applied(tmp_path):
    head = """
    def silent(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with torch.no_grad():
                return function(*args, **kwargs)
        return wrapper


    """
    source = net("loss = self.run(x) + self.b(x)", "", "@silent\ndef run(self, x): return self.a(x)")
    assert read(tmp_path, source, head) == {"a": NEVER, "c": NEVER}


def test_an_autograd_function_depends_on_all_it_is_given(tmp_path):
    head = """
    class Add(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y): return x + y


    """
    assert read(tmp_path, net("loss = Add.apply(self.a(x), self.b(x))"), head) == {"c": NEVER}


def test_super_follows_the_order_of_resolution(tmp_path):
    head = """
    class Base:
        def run(self, x): return self.a(x)


    class Left(Base):
        def run(self, x): return super().run(x) + self.b(x)


    class Right(Base):
        def run(self, x): return self.c(x)


    """
    source = net("loss = self.run(x)").replace("class Net(nn.Module)", "class Net(Left, Right, nn.Module)")
    assert read(tmp_path, source, head) == {"a": NEVER}


@pytest.mark.skipif("not hasattr(__import__('ast'), 'Match')")
def test_match(tmp_path):
    source = net(
        "match data_samples:\n    case [y]: loss = self.a(x)\n    case _: loss = self.b(x)\n"
        "loss = loss + self.c(x)"
    )
    assert read(tmp_path, source) == {"a": SOMETIMES, "b": SOMETIMES}


def test_a_file_that_is_imported_by_two_names_has_its_classes_once(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "base.py").write_text("class Base: pass\n\nclass Kind(Base): pass\n")
    source = net("loss = self.a(x) if isinstance(self.kind, Base) else self.b(x)", "self.kind = Kind()")
    head = "from shop.base import Base\nfrom base import Kind\n"
    (tmp_path / "shop" / "net.py").write_text(HEADER + head + source)
    library = Library([str(tmp_path / "shop"), str(tmp_path)])
    reading = read_model({"type": "shop.net.Net"}, library, "mmengine", "shop")
    assert {part.name: part.verdict for part in reading.submodules} == {"b": NEVER, "c": NEVER}


def test_a_registry_belongs_to_the_package_that_makes_it(tmp_path: Path) -> None:
    """And not to the one whose code asks for it first."""
    part = (
        "from {} import NETS\nfrom torch import nn\n\n@NETS.register_module()\nclass Part(nn.Linear): pass\n"
    )
    files = {
        "other/__init__.py": "",
        "other/registry.py": "from mmengine.registry import Registry\nNETS = Registry('nets')\n",
        "other/part.py": part.format("other.registry"),
        "shop/registry.py": "from mmengine.registry import Registry\nNETS = Registry('nets')\n",
        "shop/part.py": part.format("shop.registry").replace("nn.Linear", "nn.Identity"),
        "shop/__init__.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    source = net(
        "loss = self.a(x)", "self.part = NETS.build(dict(type='Part', in_features=3, out_features=3))"
    )
    (tmp_path / "shop" / "net.py").write_text(f"{HEADER}from other.registry import NETS\n{source}")
    reading = read_model({"type": "shop.net.Net"}, Library([str(tmp_path)]), "mmengine")
    assert {part.name for part in reading.submodules} == {"b", "c", "part"}
