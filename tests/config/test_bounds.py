"""Hostile or broken files: one clear line, in bounded time and memory, and nothing is run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mmfix.config.nesting import MAX_NESTING
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
    "shared parts in a format": "x = ()\nfor i in range(40):\n    x = (x, x)\ny = 'a %s' % x\n",
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


def flow(depth: int) -> str:
    return '{"a": ' + "[" * (depth - 1) + "1" + "]" * (depth - 1) + "}"


#: Format -> a config of so many collections inside one another.
NESTED = {
    "flow.json": flow,
    "a line each.json": lambda depth: flow(depth).replace("[", "[\n"),
    "maps.json": lambda depth: '{"a": ' * depth + "1" + "}" * depth,
    "flow.yaml": flow,
    "a line each.yaml": lambda depth: flow(depth).replace("[", "[\n"),
    "maps.yaml": lambda depth: "{a: " * depth + "1" + "}" * depth,
    "pairs.yaml": lambda depth: "a: " + "[" * (1 - depth % 2) + "[b: " * ((depth - 1) // 2) + "1" + "]" * (depth // 2),
    "dashes.yaml": lambda depth: "a:\n " + "- " * (depth - 1) + "1",
    "dashes, not indented.yaml": lambda depth: "a:\n" + "- " * (depth - 1) + "1",
    "indented.yaml": lambda depth: "".join(" " * i + "a:\n" for i in range(depth)) + " " * depth + "1",
    "questions.yaml": lambda depth: "a:\n " + "? " * (depth - 1) + "1",
}  # fmt: skip


def nested(name: str, depth: int, tmp_path: Path) -> Path:
    path = tmp_path / name
    path.write_text(NESTED[name](depth))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        Reader().load(str(path))
    assert caught.value.line is not None
    return caught.value.message


@pytest.fixture(params=["as installed", "no C parser"])
def _each_yaml_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    if request.param == "no C parser":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


@pytest.mark.usefixtures("_each_yaml_parser")
@pytest.mark.parametrize("name", NESTED)
def test_the_bound_on_nesting(name: str, tmp_path: Path) -> None:
    start = time.process_time()
    just_under = nested(name, MAX_NESTING, tmp_path)
    if name == "questions.yaml":  # a collection as a key is no config at any depth
        assert refusal(just_under) == "a mapping key is not hashable"
    else:
        assert list(Reader().load(str(just_under)).to_dict()) == ["a"]
    for depth in (MAX_NESTING + 1, 1001, 1500, 100_000):
        if name == "indented.yaml" and depth > 1500:
            continue  # 5 GB of spaces
        assert refusal(nested(name, depth, tmp_path)) == "is nested too deeply to be read"
    assert time.process_time() - start < 10


@pytest.mark.usefixtures("_each_yaml_parser")
@pytest.mark.parametrize(
    "text",
    [
        "{'a': '%s', 'b': [1]}" % ("[" * 5000),
        '{"a": "%s", "b": [1]}' % (r"\\ \" [{" * 5000),
        "{" + ", ".join(f'"a{i}": [[], {{"b": []}}]' for i in range(500)) + "}",
    ],
    ids=["brackets in a text", "escaped quotes", "many side by side"],
)
@pytest.mark.parametrize("ending", [".json", ".yaml"])
def test_what_is_not_nesting(text: str, ending: str, tmp_path: Path) -> None:
    if ending == ".json":
        text = text.replace("'", '"')
    path = tmp_path / f"config{ending}"
    path.write_text(text)
    assert len(Reader().load(str(path)).to_dict()) >= 2


@pytest.mark.usefixtures("_each_yaml_parser")
@pytest.mark.parametrize(
    "text",
    ["# [[\na: it's {\nb: }\n", "a: |\n" + " [\n" * 300 + "b: {\n", "a: [1\n", "a: \t- {\n", "a: [[[}]]]\n"],
)
def test_a_syntax_error_is_not_nesting(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert refusal(path).startswith("syntax error")


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
    with pytest.raises(ConfigError, match="is a folder"):
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
