"""Promise: whatever a config does, reading it ends soon and in little memory, with a result or one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, Iterator, Tuple

import pytest
from work.child import Child, Cost
from work.samples import BASE, programs, unseen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in KB only there")

#: What a config may take, in seconds of CPU time and in megabytes.
SECONDS, MEGABYTES = 2, 300
#: How large and how often: it is done less often than in ``bench/bounds.py``.
FEW, MORE = (30_000, 200), (100_000, 1_000)
SHARDS = 2


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as one:
        yield one


def is_bounded(cost: Cost) -> bool:
    told = cost.how == "result" or cost.how.startswith("/")  # one line, which begins with the path
    return told and "\n" not in cost.how and cost.seconds < SECONDS and cost.megabytes < MEGABYTES


def read(child: Child, text: str, folder: Path, name: str = "c.py") -> Cost:
    return child.cost("read", str(folder / name), text)


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.slow
@pytest.mark.parametrize("effort", [FEW, pytest.param(MORE, marks=pytest.mark.full)], ids=["few", "more"])
def test_everything_that_the_reader_knows(
    effort: Tuple[int, int], shard: int, child: Child, tmp_path: Path
) -> None:
    size, times = effort
    (tmp_path / "base.py").write_text(BASE)
    found = programs(all_of_them=False)
    assert len(found) > 400
    costs = {
        f"{program.name}: {program.code}": read(child, program.text(size, times), tmp_path)
        for program in found[shard::SHARDS]
    }
    assert {code: cost for code, cost in costs.items() if not is_bounded(cost)} == {}
    assert any(cost.how == "result" for cost in costs.values())


def test_every_kind_of_code_has_a_program() -> None:
    assert unseen(programs(all_of_them=False)) == []


@pytest.mark.slow
def test_what_is_not_paid_for_is_found(child: Child, tmp_path: Path) -> None:
    text = "l = list(range(90_000))\nx = [l.count(i) for i in range(400)]\n"
    assert is_bounded(read(child, text, tmp_path))
    cost = child.cost("read_unpaid", str(tmp_path / "c.py"), text, "count")
    assert not is_bounded(cost), cost


#: What a session of attacks has found, and what its cures have brought up.
FOUND: Dict[str, str] = {
    "many generator functions": "for i in range(20000):\n    def g():\n        yield 1\n    g()\n",
    "count": "l = list(range(90000))\nx = [l.count(i) for i in range(20000)]\n",
    "copies of a growing dict": "d = {}\nfor i in range(100000):\n    d[str(i)] = dict(d)\n",
    "updates of a dict": "a = {str(i): i for i in range(40000)}\nb = {}\nfor i in range(3000): b.update(a)\n",
    "a shared tuple as a key": "t = ()\nfor i in range(60): t = (t, t)\nd = {t: 1}\n",
    "a long number": "x = 0x" + "f" * 100_000 + "\ny = dict(x=[x, (x, {x})])\n",
    "unions": "s = set(range(90000))\nx = [s | s for i in range(3000)]\n",
    "a set in many places": "s = set(range(50000))\nx = [s] * 1000\n",
    "a text in many places": "x = ['a' * 1000000] * 100000\n",
    "many long numbers": "x = [(1 << 99000) + i for i in range(90000)]\n",
    "names that read each other": "a = 1\nb = 1\n" + "a = b\nb = a\n" * 60,
    "an unknown in a deep sum": "import random\nu = random.random()\n" + "x = u" + " + 1" * 600 + "\n",
    "unknown again and again": "import random\nu = random.random()\n" + ("x = u" + " + 1" * 300 + "\n") * 150,
    "many sums that may be done": "import random\nif random.random():\n    a = 0\n" + "    a += 1\n" * 20_000,
    "many names that may be set": "import random\nl = [[]]\nif random.random():\n"
    + "".join(f"    a{i} = [l]\n    b{i} = a{i}\n" for i in range(8_000)),
    "a deep tuple as a key": "t = ()\nfor i in range(60000): t = (t,)\nx = {t: 1}\n",
    "wide rows": "x = [len(list(zip(*[range(100)] * 1000))) for i in range(100)]\n",
    "a range that is looked through": "x = 'a' in range(10 ** 12)\n",
    "a range that is put into a set": "x = set()\nx.update(range(10 ** 12))\n",
    "a slow encoding": "x = ('\\xfc' * 90000).encode('punycode')\n",
    "a search from the end": "x = [('a' * 90000).rfind('b' + 'a' * 45000) for i in range(90)]\n",
    "a power of a modulus": "x = [pow(3, 2 ** 300 - i, 2 ** 300) for i in range(30000)]\n",
    "paths": "import os.path\nx = os.path.join(*['a' * 1000] * 10000)\n",
    "environment variables": "x = '" + "{{$A:" * 200_000 + "'\n",
    "a long key that is not there": "x = {}['a' * 1000000]\n",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str, child: Child, tmp_path: Path) -> None:
    path = tmp_path / "c.py"
    path.write_text(FOUND[name])
    for arguments in (["show"], ["check"]):
        cost = child.cost("command", *arguments, str(path))
        assert is_bounded(cost), cost
        assert len(cost.how) < 1000


#: Files of a megabyte that are all code, or all values.
LARGE: Dict[str, str] = {
    "flat.py": "x = [" + "1," * 500_000 + "]\n",
    "texts.py": "x = [" + "'a'," * 250_000 + "]\n",
    "dicts.py": "x = [" + "dict(a=1)," * 100_000 + "]\n",
    "just under.py": "x = [" + "dict(a=1)," * 14_000 + "]\n",
    "names.py": "".join(f"a{i} = {i}\n" for i in range(33_000)),
    "one text.py": "x = '''" + "a b\n" * 250_000 + "'''\n",
    "flat.json": '{"a": [' + "1," * 500_000 + "1]}",
    "keys.json": "{" + ",".join(f'"{i}": {i}' for i in range(90_000)) + "}",
    "flat.yaml": "a: [" + "1, " * 330_000 + "1]\n",
    "keys.yaml": "".join(f"k{i}: {i}\n" for i in range(19_000)),
    "number.yaml": "a: " + "1:" * 500_000 + "1\n",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file(name: str, child: Child, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(LARGE[name])
    cost = child.cost("command", "check", str(path))
    assert is_bounded(cost), cost


def test_a_long_number_is_shown_shortened(child: Child, tmp_path: Path) -> None:
    path = tmp_path / "c.py"
    path.write_text("x = 0x" + "f" * 20_000 + "\nmodel = dict(type='A', x=[x, (x, {x})])\n")
    for arguments in (["show"], ["show", "--format", "json"], ["show", "x"], ["check"]):
        assert child.cost("command", *arguments[:1], str(path), *arguments[1:]).how == "result"
