"""Which class a registry name stands for: ways of registering, scopes, shadows, what cannot be known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict

import pytest

from mmfix.repository.library import Library

REGISTRY = "from mmengine.registry import MODELS as ROOT, Registry\nMODELS = Registry('model', parent=ROOT)\n"


def library(root: Path, files: Dict[str, str]) -> Library:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Library([str(root)])


def package(name: str, files: Dict[str, str]) -> Dict[str, str]:
    return {f"{name}/__init__.py": "", **{f"{name}/{path}": text for path, text in files.items()}}


FORMS = {
    "plain": ("@R.register_module()\nclass A: pass", "A", "A", 3),
    "without call": ("@R.register_module\nclass A: pass", "A", "A", 3),
    "positional name": ("@R.register_module('n')\nclass A: pass", "n", "A", 3),
    "name": ("@R.register_module(name='n')\nclass A: pass", "n", "A", 3),
    "list": ("@R.register_module(name=['n', 'm'])\nclass A: pass", "m", "A", 3),
    "tuple": ("@R.register_module(('n', 'm'))\nclass A: pass", "n", "A", 3),
    "constant": ("N = 'n'\n@R.register_module(N)\nclass A: pass", "n", "A", 4),
    "none": ("@R.register_module(None)\nclass A: pass", "A", "A", 3),
    "stacked, first": ("@R.register_module('n')\n@R.register_module('m')\nclass A: pass", "n", "A", 4),
    "stacked, second": ("@R.register_module('n')\n@R.register_module('m')\nclass A: pass", "m", "A", 4),
    "other decorator between": ("@R.register_module()\n@other\nclass A: pass", "A", "A", 4),
    "function": ("@R.register_module()\ndef build(): pass", "build", "build", 3),
    "module": ("class A: pass\nR.register_module(module=A)", "A", "A", 2),
    "name and module": ("class A: pass\nR.register_module(name='n', module=A)", "n", "A", 2),
    "positional name, module": ("class A: pass\nR.register_module('n', module=A)", "n", "A", 2),
    "all positional": ("class A: pass\nR.register_module('n', False, A)", "n", "A", 2),
    "class first": ("class A: pass\nR.register_module(A)", "A", "A", 2),
    "called twice": ("class A: pass\nR.register_module('n')(A)", "n", "A", 2),
    "assigned": ("class A: pass\nB = R.register_module('n')(A)", "n", "A", 2),
    "alias": ("class A: pass\nB = A\nR.register_module('n', module=B)", "n", "A", 2),
    "list loop": ("class A: pass\nfor c in [A]:\n    R.register_module(module=c)", "A", "A", 2),
    "named list loop": ("class A: pass\nL = (A,)\nfor c in L:\n    R.register_module(module=c)", "A", "A", 2),
    "dict loop": (
        "class A: pass\nfor k, c in {'n': A}.items():\n    R.register_module(k, module=c)",
        "n",
        "A",
        2,
    ),
    "pairs loop": ("class A: pass\nfor k, c in [('n', A)]:\n    R.register_module(k, False, c)", "n", "A", 2),
    "with block": ("with x:\n    @R.register_module()\n    class A: pass", "A", "A", 4),
    "nested class": ("class B:\n    @R.register_module()\n    class A: pass", "A", "B.A", 4),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_registration(tmp_path: Path, form: str) -> None:
    text, name, qualname, line = FORMS[form]
    files = package("fork", {"registry.py": REGISTRY, "m.py": f"from .registry import MODELS as R\n{text}\n"})
    (only,) = library(tmp_path, files).find(name, "fork").candidates
    assert only.name == name
    assert (only.module, only.qualname, only.line) == ("fork.m", qualname, line)
    assert (only.registry, only.scope, only.force, only.conditional) == ("MODELS", "fork", False, False)
    assert only.path == str(tmp_path / "fork" / "m.py")


UNKNOWN = {
    "run-time name": "@R.register_module(f'n{1}')\nclass A: pass",
    "run-time name in a list": "@R.register_module(['A', x()])\nclass A: pass",
    "spread arguments": "@R.register_module(**options)\nclass A: pass",
    "starred": "@R.register_module(*options)\nclass A: pass",
    "run-time class": "R.register_module('A', module=make())",
    "unknown loop": "A = 1\nfor A in things():\n    R.register_module(module=A)",
    "loop variable name": "class A: pass\nfor n in names():\n    R.register_module(n, module=A)",
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_made_at_run_time_is_a_problem_and_no_candidate(tmp_path: Path, case: str) -> None:
    files = {"m.py": f"from mmdet.registry import MODELS as R\n{UNKNOWN[case]}\n"}
    found = library(tmp_path, files).find("A", "mmdet")
    assert found.candidates == ()
    (problem,) = found.problems
    assert "run time" in problem.reason
    assert problem.place is not None
    assert problem.place.path == str(tmp_path / "m.py")
    assert problem.place.line >= 2


NOT_MODELS = {
    "dataset": "from mmdet.registry import DATASETS as R\n@R.register_module()\nclass A: pass",
    "aliased dataset": "from mmdet.registry import DATASETS as D\n@D.register_module()\nclass A: ...",
    "torch's own method": "class A:\n    def f(self):\n        self.register_module('A', A)",
    "local registry": "class A: pass\ndef f(registry):\n    registry.register_module('A', module=A)",
    "docstring": "'''@MODELS.register_module()'''\nclass A: pass",
    "bare factory": "from mmdet.registry import MODELS\nMODELS.register_module('A')",
}


@pytest.mark.parametrize("case", NOT_MODELS)
def test_what_registers_no_model(tmp_path: Path, case: str) -> None:
    found = library(tmp_path, {"m.py": NOT_MODELS[case]}).find("A", "mmdet")
    assert (found.candidates, found.problems) == ((), ())


SCOPES = {
    "imported, package not there": ("from elsewhere.registry import MODELS as R", "elsewhere"),
    "own registry": ("from fork.registry import MODELS as R", "fork"),
    "relative": ("from ..registry import MODELS as R", "fork"),
    "alias of an alias": ("from ..builder import HEADS as R", "fork"),
    "module": ("from fork import registry\nR = registry.MODELS", "fork"),
    "dotted module": ("import fork.registry\nR = fork.registry.MODELS", "fork"),
    "star": ("from ..star import *\nR = MODELS", "fork"),
    "mmcv 1.x": ("from mmcv_old.cnn import MODELS as R", "mmcv_old"),
    "told": ("from ..told import MODELS as R", "somebody"),
}


@pytest.mark.parametrize("case", SCOPES)
def test_scope_of_a_registry(tmp_path: Path, case: str) -> None:
    line, scope = SCOPES[case]
    files = package(
        "fork",
        {
            "registry.py": REGISTRY,
            "builder.py": "from .registry import MODELS\nBACKBONES = MODELS\nHEADS = BACKBONES\n",
            "star.py": "from .registry import *\n",
            "told.py": "from mmengine import Registry\nMODELS = Registry('model', scope='somebody')\n",
            "heads/__init__.py": "",
            "heads/m.py": f"{line}\n@R.register_module()\nclass A: pass\n",
        },
    )
    (only,) = library(tmp_path, files).find("A", scope).candidates
    assert only.scope == scope


def test_a_class_from_elsewhere_is_found_where_it_is_defined(tmp_path: Path) -> None:
    files = package(
        "fork",
        {
            "registry.py": REGISTRY,
            "layers/__init__.py": "from .deep import *\n",
            "layers/deep.py": "from .deeper import Real as L\n",
            "layers/deeper.py": "\n\nclass Real: pass\n",
            "m.py": "from .registry import MODELS as R\nfrom .layers import L\nR.register_module(module=L)",
        },
    )
    (only,) = library(tmp_path, files).find("L", "fork").candidates
    assert (only.module, only.qualname, only.line) == ("fork.layers.deeper", "Real", 3)
    assert only.path == str(tmp_path / "fork" / "layers" / "deeper.py")


def test_a_class_of_torch_keeps_the_line_that_registers_it(tmp_path: Path) -> None:
    text = (
        "from torch import nn\nfrom mmdet.registry import MODELS as R\nR.register_module('n', False, nn.ReLU)"
    )
    found = library(tmp_path, {"m.py": text}).find("n", "mmdet").candidates
    assert [(entry.module, entry.qualname, entry.line) for entry in found] == [("torch.nn", "ReLU", 3)]


DECORATED = "from {source} import MODELS\n@MODELS.register_module({arguments})\nclass {name}: pass\n"


def decorated(source: str, name: str = "A", arguments: str = "") -> str:
    return DECORATED.format(source=source, name=name, arguments=arguments)


class TestChoice:
    def test_the_scope_decides(self, tmp_path: Path) -> None:
        lib = library(tmp_path, {"a.py": decorated("mmdet.registry"), "b.py": decorated("mmseg.registry")})
        assert [entry.module for entry in lib.find("A", "mmdet").candidates] == ["a"]
        assert [entry.module for entry in lib.find("A", "mmseg").candidates] == ["b"]

    def test_without_a_scope_all_of_the_repository_count(self, tmp_path: Path) -> None:
        lib = library(tmp_path, {"a.py": decorated("mmdet.registry"), "b.py": decorated("mmseg.registry")})
        assert [entry.module for entry in lib.find("A", None).candidates] == ["a", "b"]

    def test_mmengine_comes_after_the_scope_and_before_a_foreign_one(self, tmp_path: Path) -> None:
        files = {"a.py": decorated("mmengine.registry"), "b.py": decorated("mmseg.registry")}
        assert [entry.module for entry in library(tmp_path, files).find("A", "mmdet").candidates] == ["a"]
        files["c.py"] = decorated("mmdet.registry")
        assert [entry.module for entry in library(tmp_path, files).find("A", "mmdet").candidates] == ["c"]

    def test_the_repository_s_own_registry_is_the_last_resort(self, tmp_path: Path) -> None:
        lib = library(tmp_path, {"a.py": decorated("fork.registry")})
        assert [entry.scope for entry in lib.find("A", "mmdet").candidates] == ["fork"]

    def test_twice_in_one_scope_both_are_candidates(self, tmp_path: Path) -> None:
        lib = library(tmp_path, {"a.py": decorated("mmdet.registry"), "b.py": decorated("mmdet.registry")})
        assert [entry.module for entry in lib.find("A", "mmdet").candidates] == ["a", "b"]

    def test_the_forced_one_wins(self, tmp_path: Path) -> None:
        forced = decorated("mmdet.registry", arguments="force=True")
        lib = library(tmp_path, {"a.py": decorated("mmdet.registry"), "b.py": forced})
        (only,) = lib.find("A", "mmdet").candidates
        assert (only.module, only.force) == ("b", True)

    def test_a_forced_one_under_a_condition_may_win(self, tmp_path: Path) -> None:
        text = (
            "from mmdet.registry import MODELS\nif mlu:\n    @MODELS.register_module('A', force=True)\n"
            "    class B: pass\n@MODELS.register_module()\nclass A: pass\n"
        )
        found = library(tmp_path, {"a.py": text}).find("A", "mmdet").candidates
        assert [(entry.qualname, entry.conditional) for entry in found] == [("A", False), ("B", True)]

    @pytest.mark.parametrize(
        "text",
        [
            "if x:\n    class A: pass\nelse:\n    class A: pass\nMODELS.register_module(module=A)",
            "try:\n    @MODELS.register_module()\n    class A: pass\nexcept ImportError:\n    pass",
            "def register():\n    @MODELS.register_module()\n    class A: pass",
        ],
    )
    def test_conditional_definitions_are_found(self, tmp_path: Path, text: str) -> None:
        lib = library(tmp_path, {"a.py": f"from mmdet.registry import MODELS\n{text}\n"})
        (only,) = lib.find("A", "mmdet").candidates
        assert only.qualname.endswith("A")
        assert only.conditional == ("register_module(module" not in text)

    def test_a_class_defined_twice_in_one_file(self, tmp_path: Path) -> None:
        lib = library(tmp_path, {"a.py": decorated("mmdet.registry") + "\n" + decorated("mmdet.registry")})
        assert [entry.line for entry in lib.find("A", "mmdet").candidates] == [3, 7]

    def test_modules_rank_before_helpers_and_a_hint_selects(self, tmp_path: Path) -> None:
        helper = decorated("mmdet.registry").replace("MODELS", "TASK_UTILS")
        lib = library(tmp_path, {"a.py": helper, "b.py": decorated("mmdet.registry")})
        assert [entry.module for entry in lib.find("A", "mmdet").candidates] == ["b", "a"]
        assert [entry.module for entry in lib.find("A", "mmdet", "TASK_UTILS").candidates] == ["a"]
        assert [entry.module for entry in lib.find("A", "mmdet", "HEADS").candidates] == ["b", "a"]

    def test_a_copy_in_the_repository_shadows_the_installed_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed = package("mmfixdet", {"registry.py": REGISTRY, "a.py": decorated("mmfixdet.registry")})
        library(tmp_path / "site", installed)
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        assert [entry.path for entry in library(tmp_path / "x", {}).find("A", "mmfixdet").candidates] == [
            str(tmp_path / "site" / "mmfixdet" / "a.py")
        ]
        found = library(tmp_path / "repo", installed).find("A", "mmfixdet")
        assert [entry.path for entry in found.candidates] == [str(tmp_path / "repo" / "mmfixdet" / "a.py")]
        assert str(tmp_path / "site" / "mmfixdet") not in found.looked_in

    def test_a_vendored_project_keeps_its_dotted_names(self, tmp_path: Path) -> None:
        inner = package(
            "mmfixdet",
            {
                "registry.py": REGISTRY,
                "a.py": decorated(".registry"),
            },
        )
        files = {f"third_party/mmdetection/{name}": text for name, text in inner.items()}
        lib = library(tmp_path, {**files, "third_party/mmdetection/setup.py": ""})
        (only,) = lib.find("A", "mmfixdet").candidates
        assert (only.module, only.scope) == ("mmfixdet.a", "mmfixdet")
        module = lib.module("mmfixdet.a")
        assert module is not None
        assert module.path == only.path


def test_names_are_not_case_folded_or_split(tmp_path: Path) -> None:
    lib = library(tmp_path, {"a.py": decorated("mmdet.registry")})
    assert lib.find("a", "mmdet").candidates == lib.find("mmdet.A", "mmdet").candidates == ()


@pytest.mark.parametrize("scope", ["..", "../..", "mmdet.models", "", "a\0b", "sys", "builtins", "é"])
def test_odd_scopes_are_harmless(tmp_path: Path, scope: str) -> None:
    lib = library(tmp_path, {"a.py": decorated("mmdet.registry")})
    assert [entry.module for entry in lib.find("A", scope).candidates] == ["a"]


def test_circular_star_imports_end(tmp_path: Path) -> None:
    files = package(
        "fork",
        {
            "a.py": "from .b import *\n",
            "b.py": "from .a import *\nfrom .b import *\n",
            "m.py": "from .a import MODELS, Layer\nMODELS.register_module(module=Layer)\n",
        },
    )
    lib = library(tmp_path, files)
    (only,) = lib.find("Layer", "fork").candidates
    assert (only.module, only.scope) == ("fork.a", "fork")
    assert lib.where("fork.a", "Layer") is None


def test_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"
    files = package(
        "mmfixtrap", {"__init__.py": trap, "registry.py": trap + REGISTRY, "sub/__init__.py": trap}
    )
    files["mmfixtrap/sub/m.py"] = trap + decorated("mmfixtrap.registry")
    library(tmp_path / "site", files)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    before = set(sys.modules)
    for lib in (library(tmp_path / "empty", {}), library(tmp_path / "site", {})):
        assert lib.find("A", "mmfixtrap").candidates
        assert lib.module("mmfixtrap.sub.m") is not None
        assert lib.where("mmfixtrap.sub.m", "MODELS") == ("mmfixtrap.registry", "MODELS")
    assert not (tmp_path / "ran").exists()
    assert {name for name in set(sys.modules) - before if name.startswith("mmfixtrap")} == set()


def test_a_package_that_registers_in_the_registries_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of mmrotate 0.x is in ``mmdet.models.builder.MODELS``; asked for is ``mmrotate`` all the same."""
    files = {
        **package("mmfixdet", {"registry.py": REGISTRY}),
        **package("mmfixrot", {"a.py": decorated("mmfixdet.registry")}),
    }
    library(tmp_path / "site", files)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (only,) = library(tmp_path / "repo", {}).find("A", "mmfixrot").candidates
    assert (only.module, only.scope) == ("mmfixrot.a", "mmfixdet")
