"""Hostile or broken files: one clear line, in bounded time and memory, and nothing is run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mmfix.config.reader import Reader
from mmfix.errors import ConfigError

HOSTILE = {
    "endless loop": "while True:\n    pass\n",
    "endless loop with work": "n = 0\nwhile True:\n    n += 1\n",
    "huge power": "x = 10 ** 10 ** 10\n",
    "huge power by pow": "x = pow(10, 10 ** 10)\n",
    "huge shift": "x = 1 << 10 ** 12\n",
    "huge text": "x = 'a' * 10 ** 12\n",
    "doubling text": "x = 'a'\nfor i in range(64):\n    x = x + x\n",
    "doubling list": "x = [1]\nfor i in range(64):\n    x = x + x\n",
    "doubling in place": "x = [1]\nfor i in range(64):\n    x += x\n",
    "huge range": "x = list(range(10 ** 12))\n",
    "huge sum": "x = sum(range(10 ** 12))\n",
    "huge loop": "for i in range(10 ** 12):\n    x = i\n",
    "huge comprehension": "x = [i for i in range(10 ** 12)]\n",
    "huge field": "x = '{:>10000000000}'.format(1)\n",
    "huge nested field": "x = '{:>{}}'.format(1, 10 ** 10)\n",
    "huge percent field": "x = '%10000000000d' % 1\n",
    "huge star field": "x = '%*d' % (10 ** 10, 1)\n",
    "huge padding": "x = 'a'.ljust(10 ** 10)\n",
    "huge replace": "x = ('a' * 100000).replace('a', 'b' * 100000)\n",
    "huge f-string field": "x = f'{1:>10000000000}'\n",
    "huge bytes": "x = bytes(10 ** 10)\n",
    "endless recursion": "def f(x):\n    return f(x)\ny = f(1)\n",
    "exponential calls": "def f(n):\n    return f(n - 1) + f(n - 1) if n else 1\nx = f(38)\n",
    "shared parts that explode": "a = [1] * 10\n" + "".join("a = [a] * 10\n" for _ in range(12)),
    "a list that holds itself": "a = []\na.append(a)\n",
    "a dict that holds itself": "a = dict()\na['a'] = a\n",
    "deep brackets": "x = " + "[" * 10_000 + "]" * 10_000 + "\n",
    "deep dicts": "x = " + "dict(a=" * 10_000 + "1" + ")" * 10_000 + "\n",
    "deep minus": "x = " + "-" * 10_000 + "1\n",
    "long sum": "x = " + "1 + " * 20_000 + "1\n",
    "50 MB": "x = '" + "a" * 50_000_000 + "'\n",
    "not finished": "x = dict(\n",
    "null byte": "x = 1\0\n",
    "exec": "exec('x = 1')\n",
    "globals": "globals()['x'] = 1\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.py"
    path.write_text(HOSTILE[name])
    start = time.process_time()
    with pytest.raises(ConfigError) as caught:
        Reader().load(str(path))
    assert time.process_time() - start < 10
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["deep.json", "deep.yaml"])
def test_deep_data(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text('{"a": ' + "[" * 10_000 + "]" * 10_000 + "}")
    with pytest.raises(ConfigError, match="nested too deeply"):
        Reader().load(str(path))


def test_yaml_that_expands(tmp_path: Path) -> None:
    path = tmp_path / "laughs.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="too large"):
        Reader().load(str(path))


def test_nothing_is_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    path = tmp_path / "config.py"
    path.write_text(
        f"_base_ = []\nimport os, shutil, subprocess\nos.remove({str(victim)!r})\n"
        f"shutil.rmtree({str(tmp_path)!r})\nsubprocess.run(['touch', {str(tmp_path / 'made')!r}])\n"
        f"open({str(victim)!r}, 'w').write('gone')\nmodel = dict(a=1)\n"
    )
    assert Reader().load(str(path)).to_dict()["model"] == {"a": 1}
    assert victim.read_text() == "precious"
    assert not (tmp_path / "made").exists()


def test_yaml_python_tags_are_not_run(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"a: !!python/object/apply:os.mkdir [{tmp_path}/made]\nb: 1\n")
    document = Reader().load(str(path))
    assert [key for key, _ in document.unknowns()] == [("a",)]
    assert not (tmp_path / "made").exists()


PROBLEMS = {
    "not UTF-8": (b"a = 1\nb = '\xff\xfe'\n", 2, "UTF-8"),
    "syntax error": (b"a = 1\nb = (2\n", 2, "syntax error"),
    "missing base": (b"x = 1\n_base_ = './nope.py'\n", 2, "nope.py does not exist"),
    "missing name": (b"a = 1\n\nb = nothing\n", 3, "name 'nothing' is not defined"),
    "missing key": (b"a = dict()\nb = a['x']\n", 2, "KeyError"),
    "in a function": (b"def f():\n    return q\n\nx = f()\n", 4, "name 'q'"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_problem_names_the_line(name: str, tmp_path: Path) -> None:
    data, line, message = PROBLEMS[name]
    path = tmp_path / "config.py"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=message) as caught:
        Reader().load(str(path))
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_missing_folder_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="file not found"):
        Reader().load(str(tmp_path / "nope.py"))
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(ConfigError, match="is a directory"):
        Reader().load(str(tmp_path / "folder.py"))


def test_circle_names_the_files(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.py").write_text(f"_base_ = './{base}.py'\n")
    with pytest.raises(ConfigError, match=r"in a circle: a\.py -> b\.py -> c\.py -> a\.py"):
        Reader().load(str(tmp_path / "a.py"))


def test_long_chain(tmp_path: Path) -> None:
    (tmp_path / "c0.py").write_text("x = 1\n")
    for i in range(1, 200):
        (tmp_path / f"c{i}.py").write_text(f"_base_ = './c{i - 1}.py'\n")
    with pytest.raises(ConfigError, match="in a row"):
        Reader().load(str(tmp_path / "c199.py"))


def test_a_failed_file_does_not_harm_others(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = nothing\n")
    (tmp_path / "child.py").write_text("_base_ = './bad.py'\n")
    (tmp_path / "good.py").write_text("x = 1\n")
    reader = Reader()
    for _ in range(2):
        with pytest.raises(ConfigError):
            reader.load(str(tmp_path / "child.py"))
        assert reader.load(str(tmp_path / "good.py")).to_dict() == {"x": 1}
