"""The proof file: where it is, what is in it, when a proof is stale, and what cannot be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from proof_helpers import MODEL, RESNET, group, rehearsal, repository

from mmfix.config.memory import from_mapping
from mmfix.config.reader import Reader
from mmfix.errors import MmfixError
from mmfix.findings import Override, Remedy
from mmfix.proofs.codec import MOST_NAMES
from mmfix.proofs.digest import NotDigestible, digest
from mmfix.proofs.place import proof_file
from mmfix.proofs.store import load, save
from mmfix.proofs.types import Proof, RemedyResult, Scenario

FOUND = rehearsal(
    "UNUSED",
    group("never", "head.tokens", "model"),
    group("sometimes", "neck", "model", frozen_by="train"),
    reason="head.tokens gets no gradient",
    replaced=("SyncBN",),
    activation_bytes=5,
    step_seconds=0.25,
)
#: Of the cure's own rehearsal: other data filled these.
CURED = (Scenario("normal", "OK", ("head.tokens",)), Scenario("single", "OK", ("head.tokens", "head.bias")))
REMEDIES = (RemedyResult("find-unused", "OK", "", 7, 0.5, ("find_unused_parameters = True",), CURED),)
FIND_UNUSED = Remedy("find-unused", "safe", "", (Override(("find_unused_parameters",), True, ""),))


def proof_of(path: Path) -> Proof:
    return Proof(str(path), FOUND, REMEDIES, 12.5)


def kept(path: Path):
    return load(Reader().load(str(path)))


def test_a_proof_comes_back_as_it_was(tmp_path: Path) -> None:
    path = repository(tmp_path)
    assert kept(path) is None
    file = save(proof_of(path), Reader().load(str(path)))
    assert file == tmp_path / ".mmfix" / "proofs.json"
    found = kept(path)
    assert (found.fresh, found.why_stale, found.file) == (True, "", str(file))
    sizes = [item.size for item in found.proof.rehearsal.groups]
    assert sizes == [2, 2]
    assert json.loads(file.read_text())["configs"]["configs/a.py"]["groups"][0]["class"] == "Block"
    back = found.proof.rehearsal
    assert back.scenarios == FOUND.scenarios
    assert [(g.status, g.names, g.frozen_by) for g in back.groups] == [
        (g.status, g.names, g.frozen_by) for g in FOUND.groups
    ]
    assert (back.activation_bytes, back.step_seconds, back.replaced) == (5, 0.25, ("SyncBN",))
    assert (found.proof.remedies, found.proof.seconds) == (REMEDIES, 12.5)


def test_long_lists_are_cut_and_counted(tmp_path: Path) -> None:
    path = repository(tmp_path)
    many = rehearsal("UNUSED", *(group("never", f"m{i}", "model", 1000) for i in range(3)))
    scenario = Scenario("normal", "UNUSED", tuple(map(str, range(5000))), error="x" * 10000)
    many = type(many)(**{**vars(many), "scenarios": (scenario,) * 4})
    file = save(Proof(str(path), many), Reader().load(str(path)))
    first = kept(path).proof.rehearsal.groups[0]
    assert (first.size, len(first.names)) == (1000, MOST_NAMES)
    assert file.stat().st_size < 40_000


def test_configs_are_merged_and_sorted(tmp_path: Path) -> None:
    path = repository(tmp_path)
    other = path.with_name("B.py")
    other.write_text(path.read_text())
    for config in (path, other, path):
        file = save(proof_of(config), Reader().load(str(config)))
    assert list(json.loads(file.read_text())["configs"]) == ["configs/B.py", "configs/a.py"]
    assert kept(path).fresh
    assert kept(other).fresh


def test_saving_at_once_loses_nothing(tmp_path: Path) -> None:
    path = repository(tmp_path)
    code = (
        "import sys\n"
        "from mmfix.config.reader import Reader\n"
        "from mmfix.proofs.store import save\n"
        "from mmfix.proofs.types import Proof, Rehearsal\n"
        "for config in sys.argv[1:]:\n"
        "    save(Proof(config, Rehearsal('OK')), Reader().load(config))\n"
    )
    names = [[str(path.with_name(f"c{child}_{index}.py")) for index in range(10)] for child in range(3)]
    for some in names:
        for name in some:
            Path(name).write_text("model = dict(type='FCOS')\n")
    children = [subprocess.Popen([sys.executable, "-c", code, *some]) for some in names]
    assert [child.wait(timeout=120) for child in children] == [0, 0, 0]
    found = json.loads((tmp_path / ".mmfix" / "proofs.json").read_text())["configs"]
    assert len(found) == 30
    assert sorted(item.name for item in (tmp_path / ".mmfix").iterdir()) == ["proofs.json"]


@pytest.mark.parametrize(
    ("marker", "config", "root"),
    [
        ("repo/.git", "repo/configs/x/a.py", "repo"),
        ("repo/pyproject.toml", "repo/a.py", "repo"),
        ("", "repo/configs/x/a.py", "repo"),
        ("", "repo/x/a.py", "repo/x"),
    ],
)
def test_where_the_file_is(tmp_path: Path, marker: str, config: str, root: str) -> None:
    (tmp_path / "repo").mkdir()
    if marker:
        (tmp_path / marker).write_text("")
    assert proof_file(str(tmp_path / config)) == str(tmp_path / root / ".mmfix" / "proofs.json")


def test_a_home_directory_is_no_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    config = tmp_path / "configs" / "a.py"
    assert proof_file(str(config)) == str(tmp_path / "configs" / ".mmfix" / "proofs.json")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("depth=50", "depth=101", "model changed"),
        (RESNET, RESNET + "find_unused_parameters = True\n", "find_unused_parameters changed"),
        ("depth=50", "depth=int(open('x').read())", "model.backbone.depth decides"),
        ("lr=0.01", "lr=0.1", ""),
    ],
)
def test_a_changed_config(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = repository(tmp_path)
    save(proof_of(path), Reader().load(str(path)))
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    found = kept(path)
    assert found.fresh is (why == "")
    assert found.why_stale.startswith(why)


def test_own_code_changed(tmp_path: Path) -> None:
    path = repository(tmp_path, "model = dict(type='Own')\n")
    (tmp_path / "own.py").write_text(MODEL)
    (tmp_path / "other.py").write_text("x = 1\n")
    save(proof_of(path), Reader().load(str(path)))
    (tmp_path / "other.py").write_text("x = 2\n")
    assert kept(path).fresh
    (tmp_path / "own.py").write_text(MODEL.replace("4, 4", "5, 5"))
    assert kept(path).why_stale == "own.py changed"
    (tmp_path / "own.py").unlink()
    assert kept(path).why_stale == "own.py changed"


def test_own_code_without_a_check_sum(tmp_path: Path) -> None:
    """Whoever wrote the entry by hand: later changes of this file would go unseen."""
    path = repository(tmp_path, "model = dict(type='Own')\n")
    (tmp_path / "own.py").write_text(MODEL)
    file = save(proof_of(path), Reader().load(str(path)))
    content = json.loads(file.read_text())
    entry = content["configs"]["configs/a.py"]
    assert list(entry["code"]) == ["own.py"]
    entry["code"] = {}
    file.write_text(json.dumps(content))
    assert (kept(path).fresh, kept(path).why_stale) == (False, "own.py has no check sum in it")


def test_who_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = repository(tmp_path)
    monkeypatch.setenv("LOGNAME", "somebody")
    file = save(proof_of(path), Reader().load(str(path)))
    assert kept(path).by == "somebody"
    content = json.loads(file.read_text())
    del content["configs"]["configs/a.py"]["by"]  # as mmfix once wrote it
    file.write_text(json.dumps(content))
    assert (kept(path).fresh, kept(path).by) == (True, "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    path = repository(tmp_path)
    (tmp_path / ".mmfix").mkdir()
    os.mkfifo(tmp_path / ".mmfix" / "proofs.json")
    with pytest.raises(MmfixError, match="it is a named pipe, not a file"):
        kept(path)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", '{"version": 1}', '{"version": 1, "configs": 3}', "\udcff", "[" * 100_000],
)
def test_a_broken_file_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = repository(tmp_path)
    (tmp_path / ".mmfix").mkdir()
    file = tmp_path / ".mmfix" / "proofs.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(MmfixError, match="is not a proof file that this mmfix can use") as error:
        kept(path)
    assert error.value.hint
    with pytest.raises(MmfixError, match="is not a proof file"):
        save(proof_of(path), Reader().load(str(path)))
    assert file.read_bytes() == text.encode("utf-8", "surrogateescape")


def test_another_version(tmp_path: Path) -> None:
    path = repository(tmp_path)
    file = save(proof_of(path), Reader().load(str(path)))
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": 2}))
    with pytest.raises(MmfixError, match="version 2"):
        kept(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("outcome", value) for value in ("FINE", None, [])),
        *(("groups", value) for value in (3, [{}], ["x"])),
        *(("scenarios", value) for value in (None, [{"name": 1}])),
        *(("parts", value) for value in (None, 3)),
        ("cured", None),
        ("left", "x"),
        *(("code", value) for value in (None, [1])),
        ("versions", "x"),
        ("remedies", [None]),
    ],
)
def test_a_broken_entry_is_an_error_of_its_config_only(tmp_path: Path, key: str, value: object) -> None:
    path = repository(tmp_path)
    other = path.with_name("b.py")
    other.write_text(path.read_text())
    save(proof_of(other), Reader().load(str(other)))
    file = save(proof_of(path), Reader().load(str(path)))
    content = json.loads(file.read_text())
    content["configs"]["configs/a.py"][key] = value
    file.write_text(json.dumps(content))
    with pytest.raises(MmfixError, match=r"the entry of configs/a\.py"):
        kept(path)
    assert kept(other).fresh


def test_a_cure_that_is_patched_in_speaks_with_its_own_scenarios(tmp_path: Path) -> None:
    path = repository(tmp_path)
    file = save(proof_of(path), Reader().load(str(path)), (FIND_UNUSED,))
    path.write_text(path.read_text() + "find_unused_parameters = True\n")
    found = kept(path)
    assert (found.fresh, found.proof.rehearsal.outcome) == (True, "OK")
    assert found.proof.rehearsal.scenarios == CURED
    assert found.proof.rehearsal.left == ("empty",)
    # an older file has no scenarios of its cures: nobody knows what their OK rests on
    content = json.loads(file.read_text())
    del content["configs"]["configs/a.py"]["remedies"][0]["scenarios"]
    file.write_text(json.dumps(content))
    assert (kept(path).fresh, kept(path).why_stale) == (False, "find_unused_parameters changed")


def test_an_entry_that_names_a_cure_it_does_not_have(tmp_path: Path) -> None:
    path = repository(tmp_path)
    file = save(proof_of(path), Reader().load(str(path)))
    text = path.read_text()
    path.write_text(text.replace("depth=50", "depth=101"))
    content = json.loads(file.read_text())
    content["configs"]["configs/a.py"]["cured"] = {"gone": digest(Reader().load(str(path)))}
    file.write_text(json.dumps(content))
    with pytest.raises(MmfixError, match="the entry of"):
        kept(path)


def test_what_is_not_proved_or_not_known_is_not_saved(tmp_path: Path) -> None:
    path = repository(tmp_path)
    nothing = Proof(str(path), rehearsal("NOT_PROVED", reason="op X is not available"))
    with pytest.raises(MmfixError, match="op X is not available"):
        save(nothing, Reader().load(str(path)))
    with pytest.raises(MmfixError, match="in memory"):
        save(proof_of(path), from_mapping({"model": {}}))
    path.write_text(path.read_text().replace("depth=50", "depth=int(open('x').read())"))
    with pytest.raises(NotDigestible):
        save(proof_of(path), Reader().load(str(path)))
    assert not (tmp_path / ".mmfix").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    path = repository(tmp_path)
    (tmp_path / ".mmfix").write_text("")
    with pytest.raises(MmfixError, match="the proof cannot be written"):
        save(proof_of(path), Reader().load(str(path)))
    assert kept(path) is None
