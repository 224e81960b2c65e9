"""Every sentence that mmfix prints is a template with named fields, and the catalog has them all."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Dict, List, Set, Tuple

import pytest

from mmfix.wording import mark, say
from printed import fields, said, unsaid
from rooms import ROOMS, SOURCE, files, room_of

sys.path.append(str(Path(__file__).resolve().parents[1] / "bench"))

from sentences import POT, catalog

#: What stands in code and looks like a sentence, and is none of mmfix's: file, what it begins with, why.
QUOTED: Tuple[Tuple[str, str, str], ...] = (
    ("traces.py", "mmfix {}", "what a name is made of"),
    ("terminal.py", "mmfix: {}", "the name of the program"),
    ("results/change.py", "{}\n\\ No newline", "as diff has it"),
    ("results/comparison.py", "cannot tell", "a value in JSON"),
    *(("results/judged.py", value, "a value in JSON") for value in ("keys only", "not judged")),
    *(
        ("results/model.py", value, "a value in JSON")
        for value in ("in the model", "not in the model", "not found in source", "cannot tell")
    ),
    *(
        ("python/signatures.py", begin, "what Python says")
        for begin in ("takes {} positional", "got multiple", "got a pos", "got an unexp", "missing a req")
    ),
    *(("config/data.py", begin, "what Python's JSON says") for begin in ("Extra data", "Expecting ")),
    ("config/interpreter/access.py", "name '{}' is not defined", "what Python says"),
    ("project/adding.py", "# mmfix: ignore", "code"),
    ("project/ignores.py", "# mmfix: ignore", "code"),
    ("project/held.py", "--base-dir", "an option"),
    ("project/keys.py", "by path", "a kind of key"),
    ("report/text/cures.py", " --remedy", "a command"),
    ("report/text/check.py", "mmfix patch", "a command"),
    ("report/text/holding.py", "({}: gpus = 1)", "a setting"),
    ("report/text/inherited.py", "mmfix patch", "a command"),
    ("report/text/proof.py", "mmfix patch", "a command"),
    *(("patches/block.py", begin, "a line that is looked for") for begin in ("# >>>", "# (the", "# not")),
    *(("patches/plan.py", begin, "code") for begin in ("from mmengine", "with read_base", "    from {}")),
    ("patches/records.py", "# changed in line ", "a line that is looked for"),
    ("patches/seal.py", "# mmfix wrote", "a line that is looked for"),
    ("patches/verify.py", "pip install", "a command"),
    *(
        (f"codemods/{file}.py", begin, "what examples are made of")
        for file, begin in (
            ("freeze_before_wrap", "class Net"),
            ("freeze_before_wrap", "\n    def "),
            ("non_reentrant_in_code", "no checkpoint is called here"),
            ("non_reentrant_in_code", "import functools"),
            ("training_script", "cfg.get("),
            ("training_script", "what becomes find_unused"),
            ("unused_module", "        "),
            ("unused_module", "extra is not used under"),
        )
    ),
    *(("jobs/curing.py", f"mmfix {command}", "a command") for command in ("patch", "explain")),
    ("jobs/installed.py", "pip install", "a command"),
    ("jobs/key_changes.py", "type {}", "text that is compared"),
    ("cli_runs.py", "H W", "what stands for an argument"),
    *(
        (f"rules/{file}.py", begin, "code of examples")
        for file, begin in (
            ("argument_nobody_takes", "\nfrom torch"),
            ("argument_nobody_takes", "model = dict"),
            ("import_of_no_module", "import torch"),
            ("key_of_the_other_era", "model = dict"),
            ("missing_argument", "\nfrom torch"),
            ("misspelt_top_level_key", "model = dict"),
            ("proven_failure", "rehearsed on"),
            ("proven_failure", "model = dict"),
            ("rule", "train_dataloader = dict"),
            ("rule", "data = dict"),
            ("set_twice", "model = dict"),
            ("stale_variable", "scale = "),
            ("sync_batchnorm_without_process_group", "\nnorm_cfg"),
            ("type_in_no_registry", "\nfrom torch"),
        )
    ),
    ("rules/common.py", "'Expected to ", "what torch says"),
    ("rules/type_in_no_registry.py", "{}: Registry.get", "a place in a framework"),
    ("rules/rule.py", "each child", "the name of a wrapper"),
    ("rules/rule.py", "find unused", "the name of a wrapper"),
    ("training/other_era.py", "optim_wrapper (", "keys"),
    ("training/parts.py", "model: {}", "a key"),
    ("remedies/advice.py", "opti", "a key and its type"),
    ("remedies/script_argument.py", "{}.get(", "code"),
    ("diagnosis/configs.py", "--cfg-options", "an option"),
    ("diagnosis/kinds/out_of_memory.py", "[\\d.]+ ", "a pattern"),
    ("model/machine/paths.py", "last index", "the name of a test"),
    *(("model/types.py", value, "a value in JSON") for value in ("never used", "used only", "cannot tell")),
    ("proofs/types.py", "ready twice", "a value in JSON"),
    ("proofs/judged.py", "OK, {}", "an outcome"),
    ("proofs/measured.py", "torch {}", "a version"),
    ("proofs/price.py", "{} ", "a number and its unit"),
    ("prove/era_mmengine.py", "pip install", "a command"),
    ("prove/joining.py", "pip install", "a command"),
    ("prove/joining.py", "so far", "a name in the store"),
    ("prove/inputs/detection.py", "thing {}", "the name of a made-up class"),
    ("prove/ops/extension.py", "Plain-torch", "documentation"),
    *(
        ("prove/outside.py", begin, "a pattern: what systems and torch say")
        for begin in (
            *(
                "too many open files in",
                "too many open files|",
                "shared memory|",
                "no space left",
                "file too",
            ),
            *("read-only file", "^MemoryError|", "failed to map", "can't start new", "address already"),
            *("client socket", "SignalException"),
        )
    ),
    *(
        ("prove/verdict.py", begin, "what torch says")
        for begin in ("ready only once", "marked as ready", "expected to have", "training graph has")
    ),
    ("prove/stage.py", "{} ", "names of steps"),
    ("report/junit.py", "<?xml", "XML"),
)


@pytest.mark.parametrize(
    ("template", "given", "expected"),
    [
        ("no key is set", {}, "no key is set"),
        ("{config} sets no {key}", {"config": "a.py", "key": "model"}, "a.py sets no model"),
        ("{why!r} after {seconds:.1f} s", {"why": "x", "seconds": 2}, "'x' after 2.0 s"),
        ("dict(a={1: 2})", {}, "dict(a={1: 2})"),
        ("{{}} of {key}", {"key": "{a}"}, "{} of {a}"),
    ],
)
def test_a_template_is_filled_in(template: str, given: Dict[str, object], expected: str) -> None:
    assert say(template, **given) == expected


def test_a_field_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError, match="key"):
        say("{config} sets no {key}", config="a.py")


def test_a_marked_template_is_itself() -> None:
    assert say(mark("no {key}"), key="model") == "no model"


def test_the_catalog_is_what_the_source_says() -> None:
    assert POT.read_text(encoding="utf-8") == catalog(), "python bench/sentences.py --write"


def test_the_catalog_has_each_template() -> None:
    found = {node.args[0].value for _, _, node in _calls() if isinstance(node.args[0], ast.Constant)}
    written = catalog()
    assert [text for text in found if _as_in_a_catalog(text) not in written] == []


def test_templates_are_literals_with_the_fields_that_are_given() -> None:
    wrong: List[str] = []
    for place, line, node in _calls():
        template, given = node.args[0], [keyword.arg for keyword in node.keywords]
        called = node.func.id  # type: ignore[attr-defined]
        if isinstance(template, ast.Constant):
            # without fields, braces are text
            named = set(fields(template.value)) if given or called == "mark" else set()
            forgotten = not given and called == "say" and any(map(str.isidentifier, _braced(template.value)))
            if (called == "say" and named != set(given)) or forgotten or len(node.args) > 1:
                wrong.append(f"{place}:{line}: {template.value!r} is given {given}")
            wrong += [f"{place}:{line}: {name!r} is no word" for name in named if not _is_a_word(name)]
        elif called == "mark" or not _is_of_a_table(template):
            wrong.append(f"{place}:{line}: {ast.dump(template)} is no template")
    assert wrong == []


@pytest.mark.parametrize("room", ROOMS)
def test_all_sentences_of_a_room_are_said(room: str) -> None:
    used: Set[Tuple[str, str, str]] = set()
    wrong = []
    for path, dotted, tree in files():
        if room_of(dotted) == room:
            place = path.relative_to(SOURCE).as_posix()
            for line, text in unsaid(tree):
                rows = [row for row in QUOTED if row[0] == place and text.startswith(row[1])]
                used.update(rows)
                if not rows:
                    wrong.append(f"{place}:{line}: {text!r}")
    assert wrong == []
    here = {row for row in QUOTED if room_of(row[0][: -len(".py")].replace("/", ".")) == room}
    assert here == used, "a row of QUOTED is left over"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('print("is not here")', ["is not here"]),
        ('print(f"{a} files")', ["{} files"]),
        ('print(f"no {a}")', ["no {}"]),
        ('print(say("{count} files are {state}", count=1, state="not here"))', ["not here"]),
        ('print(say(f"{a} is here"))', ["{} is here"]),
        ('NAMES = {"a b": "one thing"}', ["one thing"]),
        ('CASES = ["a b"]', []),
        ('raise NameError(f"name {a!r} is not defined")', []),
        ('raise Refusal(f"name {a!r} is not defined")', ["name {} is not defined"]),
        ('if "is not here" in text: pass', []),
        ('"a b c".split()', []),
        ('print(TABLE["a b"], TABLE[say("{a} is here", a="no file")])', ["no file"]),
        ('text.startswith("no such file")', []),
        ('re.compile("no (such) file")', []),
        ('def f(a: "Dict of str"):\n    "Does it all."', []),
        ('print(f"{a}.{b}: {c}", "unused", "with_cp=True")', []),
    ],
)
def test_what_looks_like_a_sentence(code: str, found: List[str]) -> None:
    assert [text for _, text in unsaid(ast.parse(code))] == found


def _calls() -> List[Tuple[str, int, ast.Call]]:
    return [
        (path.relative_to(SOURCE).as_posix(), node.lineno, node)
        for path, dotted, tree in files()
        if dotted != "wording"
        for node in said(tree)
    ]


def _is_of_a_table(template: ast.expr) -> bool:
    if isinstance(template, ast.IfExp):
        return _is_of_a_table(template.body) and _is_of_a_table(template.orelse)
    return isinstance(template, (ast.Name, ast.Attribute, ast.Subscript))


def _braced(template: str) -> List[str]:
    return re.findall(r"(?<!\{)\{(\w+)\}", template)


def _is_a_word(name: str) -> bool:
    return re.fullmatch(r"[a-z]{2,}(_[a-z]{2,})*", name) is not None and all(
        re.search("[aeiouy]", part) for part in name.split("_")
    )


def _as_in_a_catalog(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').split("\n")[0]
