"""Cures in the user's own code, end to end: shown, written, refused, taken back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from code_repository import PARTIAL, PLAIN, WRAPPER, freezing, repository
from git_helpers import commit, git, needs_git

import mmfix as library
from mmfix.errors import PatchError
from mmfix.python.disk import reading_of

REMEDY = ("--remedy", "non-reentrant-in-code")
DIFF = """\
--- a/net.py
+++ b/net.py
@@ -17,5 +17,5 @@
     def forward(self, inputs, data_samples=None, mode='tensor'):
         x = self.stem(inputs)
         if self.deep:
-            x = cp.checkpoint(self.a, x)
+            x = cp.checkpoint(self.a, x, use_reentrant=False)
         return dict(loss=self.b(self.a(x)).mean())
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> List[Tuple[str, bytes]]:
    return sorted(
        (str(path), path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts and path.suffix != ".pyc"
    )


def run(mmfix: Any, home: Path, *arguments: str) -> Any:
    return mmfix(*arguments, cwd=home)


def test_shown_written_checked_and_taken_back(home: Path, mmfix: Any) -> None:
    repository(home, PLAIN)
    before = files(home)
    shown = run(mmfix, home, "patch", "--diff", *REMEDY, "configs/train.py")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(DIFF)
    assert (
        "configs/train.py: would change your code with non-reentrant-in-code\n    net.py:20\n" in shown.stdout
    )
    assert files(home) == before
    written = run(mmfix, home, "patch", *REMEDY, "configs/train.py")
    assert "configs/train.py: changed your code with non-reentrant-in-code" in written.stdout
    assert "the finding is gone, nothing else has changed" in written.stdout
    assert written.returncode == 0
    assert "use_reentrant=False" in (home / "net.py").read_text()
    assert run(mmfix, home, "check", "configs").returncode == 0
    again = run(mmfix, home, "patch", *REMEDY, "configs/train.py")
    assert again.stdout == "1 config: nothing to patch\n"
    undone = run(mmfix, home, "patch", "--undo", "configs/train.py")
    assert "took a cure out of your code" in undone.stdout
    assert undone.stdout.endswith("1 config: 1 changed\n")
    assert files(home) == before


def test_never_unasked(home: Path, mmfix: Any) -> None:
    """Not without its name, nor as the default cure of the settings."""
    repository(home, PLAIN)
    (home / "mmfix.toml").write_text('default-remedy = "non-reentrant-in-code"\n')
    before = (home / "net.py").read_bytes()
    run(mmfix, home, "patch", "--no-loader", "configs")
    assert (home / "net.py").read_bytes() == before


def test_check_offers_it_and_imports_no_libcst(home: Path) -> None:
    repository(home, PLAIN)
    code = (
        "import sys\nsys.argv = ['mmfix', 'check', 'configs']\nfrom mmfix.cli import main\n"
        "try: main()\nexcept SystemExit: print('libcst' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "changes net.py:20" in done.stdout
    assert done.stdout.endswith("False\n")


def test_without_libcst_the_line_to_type(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = repository(home, PLAIN)
    hidden = (
        "import sys\nsys.modules['libcst'] = None\nimport importlib.util as u\nold = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'libcst' else old(name, *rest)\n"
        "from mmfix.cli import main\n"
    )

    def call(*arguments: str) -> Any:
        code = f"{hidden}sys.argv = ['mmfix', *{arguments!r}]\nmain()"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    checked = call("check", config)
    assert 'first: pip install "mmfix[code]"' in checked.stdout
    remedies = json.loads(call("check", "--format", "json", config).stdout)["configs"][0]["findings"][0][
        "remedies"
    ]
    assert [item["needs"] for item in remedies if item["code"]] == ['pip install "mmfix[code]"']
    refused = call("patch", *REMEDY, config)
    assert refused.returncode == 2
    assert 'needs LibCST, which is not installed (pip install "mmfix[code]")' in refused.stderr
    assert call("patch", "--undo", config).returncode == 0


def test_json_has_the_lines_and_the_diffs(home: Path, mmfix: Any) -> None:
    repository(home, PLAIN)
    checked = json.loads(run(mmfix, home, "check", "--format", "json", "configs").stdout)
    cures = checked["configs"][0]["findings"][0]["remedies"]
    assert [cure["code"] for cure in cures if cure["code"]] == [[{"path": "net.py", "line": 20}]]
    (patch,) = json.loads(run(mmfix, home, "patch", "--diff", "--format", "json", *REMEDY, "configs").stdout)[
        "patches"
    ]
    assert patch["edits"] == [{"path": "net.py", "lines": [20], "diff": DIFF}]
    assert (patch["status"], patch["diff"], patch["written"]) == ("patched", DIFF, False)


def test_sarif_has_it_as_a_fix_and_loads_no_libcst(home: Path) -> None:
    repository(home, PLAIN)
    code = (
        "import sys\nsys.argv = ['mmfix', 'check', '--format', 'sarif', 'configs']\n"
        "from mmfix.cli import main\ntry: main()\nexcept SystemExit: assert 'libcst' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (result,) = json.loads(done.stdout)["runs"][0]["results"]
    fixes = {item["description"]["text"].split()[0]: item for item in result["fixes"]}
    (change,) = fixes["non-reentrant-in-code"]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "net.py"
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"]["startLine"] == 20
    assert replacement["insertedContent"]["text"] == f"            {PLAIN[:-1]}, use_reentrant=False)\n"


def test_two_configs_are_one_cure(home: Path, mmfix: Any) -> None:
    """The diff is shown once, and the undo for one of them names the other."""
    config = Path(repository(home, PLAIN))
    config.with_name("other.py").write_text(config.read_text())
    shown = run(mmfix, home, "patch", "--diff", *REMEDY, "configs")
    assert shown.stdout.count("+++ b/net.py") == 1
    assert "2 configs use it" in shown.stdout
    assert run(mmfix, home, "patch", *REMEDY, "configs").stdout.endswith("2 configs: 2 changed\n")
    undone = run(mmfix, home, "patch", "--undo", "configs/train.py")
    assert "it was for configs/other.py, too" in undone.stdout


REFUSED = {
    "by getattr": (
        "x = getattr(cp, 'checkpoint')(self.a, x)",
        "",
        "net.py:20",
        "by a name that can be followed",
    ),
    "handed in": (
        "x = run(cp.checkpoint, self.a, x)",
        "def run(how, f, x):\n    return how(f, x)\n",
        "net.py:7",
        "by a name that can be followed",
    ),
    "by position": (
        "x = run(self.a, x, True)",
        "def run(f, x, old):\n    return cp.checkpoint(f, x, use_reentrant=old)\n",
        "net.py:22",
        "gets old by its position",
    ),
    "a variable": (
        "x = cp.checkpoint(self.a, x, use_reentrant=self.deep)",
        "",
        "net.py:20",
        "is a value that is computed",
    ),
    "arguments from elsewhere": (
        "x = cp.checkpoint(self.a, x, **OLD)",
        "OLD = {}\n",
        "net.py:21",
        "may be in **OLD",
    ),
    "an f-string": (
        "x = cp.checkpoint(self.a, x); f'{cp.checkpoint(self.a, x)}'",
        "",
        "net.py:20",
        "in an f-string",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_exactly_is_refused_in_one_line(name: str, home: Path, mmfix: Any) -> None:
    body, imports, place, why = REFUSED[name]
    repository(home, body, imports)
    before = files(home)
    done = run(mmfix, home, "patch", *REMEDY, "configs/train.py")
    assert done.returncode == 2
    assert f"non-reentrant-in-code is not done by mmfix here (By hand: {place}: " in done.stderr
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert files(home) == before
    checked = json.loads(run(mmfix, home, "check", "--format", "json", "configs").stdout)
    (cure,) = (
        cure
        for cure in checked["configs"][0]["findings"][0]["remedies"]
        if cure["name"] == "non-reentrant-in-code"
    )
    assert cure["code"] == []  # what is not done is not offered
    assert cure["cost"].startswith(f"By hand: {place}: ")


@pytest.mark.parametrize(
    ("body", "imports"), [("x = run(self.a, x)", WRAPPER), ("x = run(self.a, x)", PARTIAL)]
)
def test_through_a_function_and_a_partial(body: str, imports: str, home: Path, mmfix: Any) -> None:
    repository(home, body, imports)
    assert run(mmfix, home, "patch", *REMEDY, "configs").returncode == 0
    assert run(mmfix, home, "check", "configs").returncode == 0


def test_a_checkpoint_behind_one_that_was_cut_off(home: Path, mmfix: Any) -> None:
    """The cure of the first lets a gradient into the second."""
    body = "pass\n        x = cp.checkpoint(self.stem, inputs)\n        x = cp.checkpoint(self.a, x)"
    repository(home, body, on=False)
    assert "MMF110" in run(mmfix, home, "check", "configs").stdout
    done = run(mmfix, home, "patch", *REMEDY, "configs")
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / "net.py").read_text().count("use_reentrant=False") == 2
    assert run(mmfix, home, "check", "configs").returncode == 0


def test_undone_by_the_name_of_another_config(home: Path, mmfix: Any) -> None:
    config = Path(repository(home, PLAIN))
    assert run(mmfix, home, "patch", *REMEDY, "configs/train.py").returncode == 0
    config.with_name("other.py").write_text(config.read_text())
    undone = run(mmfix, home, "patch", "--undo", "configs/other.py")
    told = "non-reentrant-in-code in net.py was written for configs/train.py, and stays"
    assert f"note: {told}: `mmfix patch --undo configs/train.py` takes it back" in undone.stderr
    assert any(told in note for note in library.patch(str(config.with_name("other.py")), undo=True).notes)
    assert "use_reentrant=False" in (home / "net.py").read_text()
    assert run(mmfix, home, "patch", "--undo", "configs").stderr == ""
    assert "use_reentrant=False" not in (home / "net.py").read_text()


SPREAD = """\
custom_imports = dict(imports=['net'], allow_failed_imports=False)
train_dataloader = dict(batch_size=2)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
model = dict(type='Net', deep=True)
"""


def test_no_new_finding_for_another_config(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every config of the repository that uses the class is read again."""
    from mmfix.jobs import code_promise

    config = repository(home, PLAIN)
    (home / "configs" / "spread.py").write_text(SPREAD)
    shown = library.patch(config, "non-reentrant-in-code")
    assert any("2 configs use it" in note for note in shown.notes)
    real = code_promise.judge_document

    def judge(document: Any, settings: Any) -> Any:
        report = real(document, settings)
        broken = document.path.endswith("spread.py") and reading_of()
        return replace(report, findings=(finding,)) if broken else report

    (finding, *_) = library.check(config).findings
    monkeypatch.setattr(code_promise, "judge_document", judge)
    with pytest.raises(PatchError, match=r"MMF101 of model.deep would be found in configs.spread.py"):
        library.patch(config, "non-reentrant-in-code", write=True)
    assert "use_reentrant" not in (home / "net.py").read_text()


def test_several_processes_share_the_work_and_say_the_same(home: Path, mmfix: Any) -> None:
    config = Path(repository(home, PLAIN))
    for number in range(9):
        config.with_name(f"more{number}.py").write_text(SPREAD)
    shown = [
        run(mmfix, home, "patch", "--diff", *REMEDY, "configs/train.py", "--jobs", jobs)
        for jobs in ("1", "2")
    ]
    assert (shown[0].stdout, shown[0].stderr) == (shown[1].stdout, shown[1].stderr)
    assert "10 configs use it" in shown[1].stdout


def test_who_waits_is_told_how_far_it_is(home: Path) -> None:
    """What is to be read, then each config: the one that is named, all of the repository, those concerned."""
    from mmfix.config.reader import Reader
    from mmfix.jobs.code_cures import cure_code
    from mmfix.jobs.patching import Options

    config = Path(repository(home, PLAIN))
    config.with_name("other.py").write_text(SPREAD)
    config.with_name("stranger.py").write_text("model = dict(type='Nothing')\n")
    told: List[int] = []

    class Watch:
        def tick(self) -> None:
            pass

        def expect(self, more: int) -> None:
            told.append(more)

        def advance(self) -> None:
            told.append(-1)

    (result,) = cure_code([str(config)], Reader(), Options("non-reentrant-in-code"), (), 1, Watch())
    assert result.edits
    assert [number for number in told if number > 0] == [1, 3, 2]
    assert sum(told) == 0


def test_nothing_else_of_the_model_changes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmfix.jobs import code_promise

    config = repository(home, PLAIN)
    real = code_promise.code_of

    def reading(*given: Any) -> Any:
        code = real(*given)
        return code._replace(reading=replace(code.reading, built=())) if reading_of() else code

    monkeypatch.setattr(code_promise, "code_of", reading)
    with pytest.raises(PatchError, match=r"would change more of the model .*: the modules it is made of"):
        library.patch(config, "non-reentrant-in-code", write=True)
    assert "use_reentrant" not in (home / "net.py").read_text()


def test_from_python(home: Path) -> None:
    config = repository(home, PLAIN)
    shown = library.patch(config, "non-reentrant-in-code")
    assert (shown.diff(), shown.written, shown.exit_code) == (DIFF, False, 0)
    written = library.patch(config, "non-reentrant-in-code", write=True)
    assert written.written
    assert library.check(config).exit_code == 0  # at once: nothing of before is remembered
    assert library.patch(config, undo=True, write=True).edits
    assert library.check(config).exit_code == 1
    with pytest.raises(PatchError, match="non-reentrant-in-code is not offered for what is found here"):
        library.patch({"model": None, **library.load(config).to_dict()}, "non-reentrant-in-code")


@needs_git
def test_uncommitted_changes(home: Path, mmfix: Any) -> None:
    repository(home, PLAIN)
    git(home, "init", "-q")
    untracked = run(mmfix, home, "patch", *REMEDY, "configs")
    assert untracked.returncode == 2
    assert "net.py: error: has changes that are not committed" in untracked.stderr
    git(home, "add", ".")
    commit(home)
    (home / "net.py").write_text((home / "net.py").read_text() + "# more\n")
    shown = run(mmfix, home, "patch", "--diff", *REMEDY, "configs")
    assert "net.py has changes that are not committed, so this would not be written" in shown.stdout
    refused = run(mmfix, home, "patch", *REMEDY, "configs")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--allow-dirty" in refused.stderr
    assert run(mmfix, home, "patch", "--allow-dirty", *REMEDY, "configs").returncode == 0
    assert run(mmfix, home, "patch", "--undo", "configs").returncode == 0
    git(home, "checkout", "-q", "net.py")
    assert run(mmfix, home, "patch", *REMEDY, "configs").returncode == 0
    assert git(home, "diff", "--numstat").split() == ["1", "1", "net.py"]


@needs_git
def test_what_git_has_taken_back_is_no_longer_on_record(home: Path, mmfix: Any) -> None:
    repository(home, PLAIN)
    git(home, "init", "-q")
    git(home, "add", ".")
    commit(home)
    assert run(mmfix, home, "patch", *REMEDY, "configs").returncode == 0
    git(home, "checkout", "-q", "net.py")
    undone = run(mmfix, home, "patch", "--undo", "configs")
    assert (undone.returncode, undone.stderr) == (0, "")
    assert "non-reentrant-in-code was taken back before; it is no longer on record" in undone.stdout
    assert run(mmfix, home, "patch", "--undo", "configs").stdout.count("taken back") == 0


def test_an_interrupted_run_is_told_and_finished(home: Path, mmfix: Any) -> None:
    repository(home, PLAIN)
    run(mmfix, home, "patch", *REMEDY, "configs")
    record = json.loads((home / ".mmfix" / "code.json").read_text())
    (home / ".mmfix" / "code.json").unlink()
    (home / ".mmfix" / "code-journal.json").write_text(
        json.dumps({"version": 1, "cure": record["cures"][0], "kept": record["cures"]})
    )
    run(mmfix, home, "patch", "--diff", "configs")
    (home / "net.py").write_text((home / "net.py").read_text().replace(", use_reentrant=False", ""))
    checked = run(mmfix, home, "check", "configs")
    assert (
        ".mmfix/code-journal.json: a run was ended while it wrote code; the next `mmfix patch`"
        in checked.stdout
    )
    done = run(mmfix, home, "patch", "configs")
    assert "finished non-reentrant-in-code, which an earlier run began to write" in done.stderr
    assert "use_reentrant=False" in (home / "net.py").read_text()
    assert not (home / ".mmfix" / "code-journal.json").exists()
    assert run(mmfix, home, "patch", "--undo", "configs").returncode == 0
    assert not (home / ".mmfix").exists()


@pytest.mark.parametrize("option", [("--output", "x.py"), ("--overlay",), ("--verify", "--diff")])
def test_options_that_are_about_configs(option: Tuple[str, ...], home: Path, mmfix: Any) -> None:
    repository(home, PLAIN)
    done = run(mmfix, home, "patch", *option, *REMEDY, "configs/train.py")
    assert done.returncode == 2
    assert "changes code" in done.stderr


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write all")
def test_a_read_only_file(home: Path, mmfix: Any) -> None:
    repository(home, PLAIN)
    (home / "net.py").chmod(0o444)
    done = run(mmfix, home, "patch", *REMEDY, "configs")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "net.py: error: cannot be written: the file is read-only (no file was changed)" in done.stderr


def test_freezing_in_the_constructor(home: Path, mmfix: Any) -> None:
    freezing(home)
    before = files(home)
    assert run(mmfix, home, "check", "configs").returncode == 1
    written = run(mmfix, home, "patch", "--remedy", "freeze-before-wrap", "configs")
    assert "the finding is gone, nothing else has changed" in written.stdout
    assert (home / "net.py").read_text().count("self._freeze_stages()") == 2
    assert run(mmfix, home, "check", "configs").returncode == 0
    assert run(mmfix, home, "patch", "--undo", "configs").returncode == 0
    assert files(home) == before


def test_what_is_missing_in_the_constructor(home: Path, mmfix: Any) -> None:
    """A subclass makes what the method freezes after its base is built."""
    freezing(home)
    text = (home / "net.py").read_text().replace("        self.stem = nn.Conv2d(3, 8, 1)\n", "", 1)
    text = text.replace("class Net(BaseModel)", "class Base(BaseModel)").replace(
        "@MODELS.register_module()\n", ""
    )
    sub = "\n\n@MODELS.register_module()\nclass Net(Base):\n    def __init__(self, deep=True):\n"
    sub += "        super().__init__(deep)\n        self.stem = nn.Conv2d(3, 8, 1)\n"
    (home / "net.py").write_text(text + sub)
    before = files(home)
    done = run(mmfix, home, "patch", "--remedy", "freeze-before-wrap", "configs/train.py")
    assert done.returncode == 2, done.stdout
    assert "not changed: " in done.stderr
    assert files(home) == before
