"""``check`` and ``patch`` with a proof beside the configs: the example configs of this repository."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path

import pytest
from proof_helpers import group, rehearsal

import mmfix as package
from mmfix.config.reader import Reader
from mmfix.proofs.store import save
from mmfix.proofs.types import Proof, Rehearsal, RemedyResult, Scenario
from mmfix.remedies import solve
from mmfix.training import read

CMT = "configs/cmt/cmt_aqr_voxel0100_r50_800x320_cbgs.py"
RAPSAM = "configs/rapsam/regnet_ade20k.py"
HEALTHY = "configs/healthy/retinanet_r50_fpn_1x_coco.py"
TWICE = rehearsal(
    "READY_TWICE", group("ready twice", "img_backbone.layer4", "model.img_backbone"), reentrant=True
)
UNUSED = rehearsal("UNUSED", group("never", "fusion_weights", "model", 3))


@pytest.fixture(autouse=True)
def _path_of_the_command(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m pytest` has this repository on its path, where the examples have their models, too."""
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(repository))])


def keep(folder: Path, name: str, found: Rehearsal, *remedies: RemedyResult) -> None:
    path = str(folder / name)
    document = Reader().load(path)
    save(Proof(path, found, remedies), document, solve(read(document)))


def test_a_fresh_proof_in_text(examples: Path, tmp_path: Path, mmfix) -> None:
    keep(tmp_path, CMT, TWICE, RemedyResult("non-reentrant", "OK", "", 2 * 1000**3))
    done = mmfix("check", CMT)
    assert done.returncode == 1
    assert "known    proven: seen in a rehearsal\n" in done.stdout
    assert "READY_TWICE, 2 parameters of img_backbone.layer4 (Block)" in done.stdout
    assert "           Expected to mark a variable ready only once.\n" in done.stdout
    assert "non-reentrant (safe; rehearsed: OK, activations 2.00 GB): Same memory" in done.stdout
    assert "1 config checked (1 with a proof): 1 error\n" in done.stdout
    assert "could not be followed" not in done.stdout


def test_a_refuted_suspicion_in_text(examples: Path, tmp_path: Path, mmfix) -> None:
    before = mmfix("check", RAPSAM)
    assert before.returncode == 1
    keep(tmp_path, RAPSAM, rehearsal("OK"))
    done = mmfix("check", RAPSAM)
    said = done.stdout.splitlines()
    assert (done.returncode, said[-1]) == (
        0,
        "1 config checked (1 with a proof): nothing found, 3 taken back by a proof",
    )
    assert sum(": taken back: " in line and "[MMF102] " in line for line in said) == 3
    word = f".mmfix/proofs.json, by {getpass.getuser()}: rehearsed on "
    assert sum(line.startswith(f"  proof    {word}") for line in said) == 3
    without = mmfix("check", RAPSAM, "--no-proofs")
    assert (without.returncode, without.stdout) == (1, before.stdout)


def test_a_stale_proof_is_not_used_and_said_once(examples: Path, tmp_path: Path, mmfix) -> None:
    before = mmfix("check", RAPSAM).stdout
    keep(tmp_path, RAPSAM, rehearsal("OK"))
    path = tmp_path / RAPSAM
    path.write_text(path.read_text().replace("agg_dim=128", "agg_dim=256"))
    done = mmfix("check", RAPSAM)
    note = (
        f"note: {RAPSAM}: the proof in .mmfix/proofs.json is from an older config (model changed); run "
        f"`mmfix prove {RAPSAM} --save` again\n"
    )
    assert done.stdout.replace(note, "") == before
    assert done.stdout.count(note) == 1
    assert note.split(": ", 1)[1].strip() in mmfix("patch", "--diff", RAPSAM).stdout


def test_a_broken_file_is_one_note(examples: Path, tmp_path: Path, mmfix) -> None:
    before = mmfix("check", "configs")
    (tmp_path / ".mmfix").mkdir()
    (tmp_path / "setup.py").write_text("")
    (tmp_path / ".mmfix" / "proofs.json").write_text("[]")
    done = mmfix("check", "configs")
    note = (
        "note: .mmfix/proofs.json is not a proof file that this mmfix can use: it cannot be read; move it "
        "away, then run `mmfix prove CFG --save` again\n"
    )
    assert (done.returncode, done.stderr) == (before.returncode, before.stderr)
    assert done.stdout.count(note) == 1
    assert done.stdout.replace(note, "") == before.stdout


def test_json(examples: Path, tmp_path: Path, mmfix) -> None:
    keep(tmp_path, CMT, TWICE, RemedyResult("checkpoint-off", "OK"))
    (config,) = json.loads(mmfix("check", CMT, "--format", "json").stdout)["configs"]
    date = config["proof"].pop("date")
    assert date[:2] == "20"
    assert config["proof"].pop("says").startswith(f"rehearsed on {date}: 2 gloo ranks, torch 2.13.0")
    assert config["proof"] == {
        "fresh": True,
        "why_stale": None,
        "by": getpass.getuser(),
        "file": ".mmfix/proofs.json",
        "outcome": "READY_TWICE",
        "scenarios": [{"name": name, "outcome": "READY_TWICE"} for name in ("normal", "empty")],
    }
    assert config["notes"] == []
    said = {remedy["name"]: remedy["rehearsed"] for remedy in config["findings"][0]["remedies"]}
    assert (said["checkpoint-off"], said["non-reentrant"]) == ("OK", None)
    keep(tmp_path, HEALTHY, rehearsal("OK", reentrant=True))
    path = tmp_path / HEALTHY
    path.write_text(path.read_text() + "find_unused_parameters = True\n")
    (config,) = json.loads(mmfix("check", HEALTHY, "--format", "json").stdout)["configs"]
    assert (config["proof"]["fresh"], config["proof"]["why_stale"]) == (
        False,
        "find_unused_parameters changed",
    )
    assert len(config["notes"]) == 1


def test_what_a_proof_takes_back_in_json_and_in_a_patch(examples: Path, tmp_path: Path, mmfix) -> None:
    keep(tmp_path, RAPSAM, rehearsal("OK"))
    report = json.loads(mmfix("check", RAPSAM, "--format", "json").stdout)
    assert report["summary"]["taken_back"] == len(report["configs"][0]["taken_back"]) == 3
    assert {item["code"] for item in report["configs"][0]["taken_back"]} == {"MMF102"}
    done = mmfix("patch", RAPSAM, "--diff")
    said = done.stdout.splitlines()
    assert (done.returncode, said[-1]) == (0, "1 config: 3 taken back by a proof")
    assert sum(line.startswith("  taken back: ") for line in said) == 3
    assert sum(line.startswith("    proof: .mmfix/proofs.json, by ") for line in said) == 1
    (patched,) = json.loads(mmfix("patch", RAPSAM, "--diff", "--format", "json").stdout)["patches"]
    assert (len(patched["taken_back"]), patched["proof"]["fresh"]) == (3, True)
    without = mmfix("patch", RAPSAM, "--diff", "--no-proofs")
    assert "taken back" not in without.stdout
    assert "find_unused_parameters = True" in without.stdout
    assert package.check(tmp_path / RAPSAM).exit_code == 0
    assert package.check(tmp_path / RAPSAM, proofs=False).exit_code == 1
    assert package.patch(tmp_path / RAPSAM, possible=True).overrides == ()
    assert package.patch(tmp_path / RAPSAM, possible=True, proofs=False).overrides


def test_an_explanation_says_what_a_proof_takes_back(examples: Path, tmp_path: Path, mmfix) -> None:
    keep(tmp_path, RAPSAM, rehearsal("OK"))
    (tmp_path / "train.log").write_text("nothing that went wrong\n")
    said = mmfix("explain", "train.log", "--config", RAPSAM).stdout
    assert ".mmfix/proofs.json takes 3 of what check finds in the config back" in " ".join(said.split())


def test_an_impossible_proof_is_refused_in_one_line(examples: Path, tmp_path: Path, mmfix) -> None:
    before = mmfix("check", RAPSAM).stdout
    forged = Rehearsal("OK", scenarios=(Scenario("normal", "OK"), Scenario("empty", "UNUSED")))
    keep(tmp_path, RAPSAM, forged)
    done = mmfix("check", RAPSAM)
    note = (
        f"note: {RAPSAM}: the proof in .mmfix/proofs.json is refused: it claims OK, and its scenarios say "
        f"UNUSED; run `mmfix prove {RAPSAM} --save` again\n"
    )
    assert (done.returncode, done.stdout.replace(note, "")) == (1, before)
    (config,) = json.loads(mmfix("check", RAPSAM, "--format", "json").stdout)["configs"]
    assert (config["proof"]["fresh"], config["taken_back"]) == (False, [])


def test_patch_takes_the_cure_of_what_was_measured(examples: Path, tmp_path: Path) -> None:
    path = tmp_path / HEALTHY
    assert package.patch(path).overrides == ()
    keep(tmp_path, HEALTHY, rehearsal("UNUSED", group("never", "neck.extra", "model.neck"), reentrant=False))
    result = package.patch(path, write=True)
    assert [str(item) for item in result.overrides] == ["find_unused_parameters = True"]


def test_patch_passes_over_a_cure_that_failed(examples: Path, tmp_path: Path) -> None:
    path = tmp_path / CMT
    assert package.patch(path).remedies == ("checkpoint-off",)
    keep(tmp_path, CMT, TWICE, RemedyResult("checkpoint-off", "UNUSED"))
    assert package.patch(path).remedies == ("non-reentrant",)
    with pytest.raises(package.PatchError, match="no cure is called checkpoint-off"):
        package.patch(path, "checkpoint-off")


def test_the_python_api_and_configs_in_memory(examples: Path, tmp_path: Path) -> None:
    keep(tmp_path, RAPSAM, UNUSED)
    finding = package.check(tmp_path / RAPSAM).findings[0]
    assert (finding.confidence, finding.key) == ("proven", ("model", "use_learnable_fusion"))
    memory = package.check(package.load(tmp_path / RAPSAM).to_dict())
    assert memory.findings
    assert "proven" not in {finding.confidence for finding in memory.findings}, "a proof is of a file"
    assert memory.configs[0].proof is None


def test_one_process_does_not_look_at_proofs(examples: Path, tmp_path: Path) -> None:
    keep(tmp_path, RAPSAM, UNUSED)
    report = package.check(tmp_path / RAPSAM, launcher="none")
    assert (report.findings, report.configs[0].proof) == ((), None)


@pytest.mark.parametrize("remedy", ["checkpoint-off", "non-reentrant", "find-unused-off"])
def test_the_proof_holds_for_a_patched_config(examples: Path, tmp_path: Path, remedy: str) -> None:
    names = ("checkpoint-off", "non-reentrant", "find-unused-off")
    ends = {name: "OK" if name == remedy else "UNUSED" for name in names}
    results = [RemedyResult(name, end, scenarios=(Scenario("normal", end),)) for name, end in ends.items()]
    keep(tmp_path, CMT, TWICE, *results)
    path = tmp_path / CMT
    assert package.patch(path, remedy, write=True).written
    (config,) = package.check(path).configs
    assert (config.findings, config.notes) == ((), ())
    assert (config.proof.fresh, config.proof.outcome) == (True, "OK")
    assert config.proof.scenarios == (("normal", "OK"),)
    base = tmp_path / "configs/cmt/cmt_voxel0100_r50_800x320_cbgs.py"
    text = base.read_text()
    base.write_text(text.replace("depth=50", "depth=101"))
    (config,) = package.check(path).configs
    assert not config.proof.fresh
    base.write_text(text)
    package.patch(path, undo=True, write=True)
    (config,) = package.check(path).configs
    assert (config.proof.fresh, config.proof.outcome) == (True, "READY_TWICE")


def test_the_proof_does_not_hold_for_a_cure_that_failed(examples: Path, tmp_path: Path) -> None:
    keep(tmp_path, CMT, TWICE, RemedyResult("checkpoint-off", "OK"))
    path = tmp_path / CMT
    package.patch(path, "non-reentrant", write=True)
    (config,) = package.check(path).configs
    assert (config.proof.fresh, config.proof.why_stale) == (False, "custom_imports changed")
