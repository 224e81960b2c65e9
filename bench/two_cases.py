"""The two cases that mmfix was made for, the whole way as their users would go it. Writes docs/two-cases.md.

    python bench/two_cases.py FOLDER_CMT FOLDER_RAPSAM --write docs/two-cases.md
        [--mmcv1 PATHS] [--mmengine PATHS]

The folders are clones of junjie18/CMT and xushilin1/RAP-SAM. They are copied, and nothing is written into them, fetched or
built. PATHS are what PYTHONPATH needs for a rehearsal of either era, where it is not installed: mmcv-full 1.7.0, mmdet 2.28,
mmsegmentation 0.30 and mmdet3d 1.0.0rc6 (their Python part will do); MMEngine, mmcv-lite 2.1, mmdet 3.3 and kornia. What the
models ask for besides and a CPU does not have is a stub; the page says which.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Tuple

UNUSED = (
    "RuntimeError: Expected to have finished reduction in the prior iteration before starting a new one. This error indicates that "
    "your module has parameters that were not used in producing loss. You can enable unused parameter detection by passing the keyword "
    "argument `find_unused_parameters=True` to `torch.nn.parallel.DistributedDataParallel`.\n"
    "Parameter indices which did not receive grad for rank 1: {indices}\n"
)
TWICE = (
    '  File "torch/utils/checkpoint.py", line 146, in backward\n    torch.autograd.backward(outputs_with_grad, args_with_grad)\n'
    "RuntimeError: Expected to mark a variable ready only once. This error is caused by one of the following reasons: 1) Use of a module "
    "parameter outside the `forward` function. 2) Reused parameters in multiple reentrant backward passes.\n"
    "Parameter at index {indices} has been marked as ready twice.\n"
)
STUB = 'raise NotImplementedError("a stub: needs a GPU")'
MOST_LINES = 26
HOOK = "The pre-commit hook's command"


@dataclass(frozen=True)
class Step:
    """One thing a user does.

    Attributes:
        title: What it is.
        arguments: Of ``mmfix``; a text is a Python program.
        wanted: A pattern -> what it answers, if its output has that.
        lines: Shown of its output, from the first line with this pattern on.
    """

    title: str
    arguments: object
    wanted: Dict[str, str]
    lines: str = ""


@dataclass(frozen=True)
class Case:
    """One project and what its user had."""

    title: str
    folder: Path
    paths: str
    config: str
    files: Dict[str, str]
    error: str
    notes: Tuple[str, ...]
    stubs: Dict[str, str] = field(default_factory=dict)
    prepare: str = ""
    left: Tuple[str, ...] = ()


def cases(cmt: Path, rapsam: Path, mmcv1: str, mmengine: str) -> Tuple[Case, ...]:
    """Both, with the configs and stubs that they need."""
    sam = "configs/reg_sam/regnet_ade20k.py"
    aqr = "projects/configs/fusion/cmt_aqr_voxel0100_r50_800x320_cbgs.py"
    return (
        Case(
            "Case 1: conditional modules, `find_unused_parameters=False` (RAP-SAM)",
            rapsam,
            mmengine,
            sam,
            {
                sam: "from mmengine.config import read_base\n\nfrom seg.models.detectors.reg_sam import RegSAM\n\n"
                "with read_base():\n    from ..rap_sam.rap_sam_r50_12e_adaptor import *\n\n"
                "model.update(\n    dict(type=RegSAM, use_learnable_fusion=True, use_resolution_distill=True, use_sam_distill=False))\n"
                "find_unused_parameters = False\n",
                "seg/models/detectors/reg_sam.py": "import torch\nfrom mmdet.registry import MODELS\nfrom torch import nn\n\n"
                "from .rapsam import RapSAM\n\n\n@MODELS.register_module()\nclass RegSAM(RapSAM):\n"
                "    def __init__(self, use_learnable_fusion=False, use_resolution_distill=False, use_sam_distill=False, **kwargs):\n"
                "        super().__init__(**kwargs)\n        if use_learnable_fusion:\n"
                "            self.fusion_weights = nn.Parameter(torch.ones(4))\n        if use_resolution_distill:\n"
                "            self.resolution_distill_module = nn.Conv2d(256, 256, 1)\n"
                "        self.sam_distill = nn.Conv2d(256, 256, 1)  # also where it is off\n",
            },
            UNUSED.format(indices="0 197 198 199 200 201 202"),
            (
                "The public repository has no RegSAM: the case's flags and the modules behind them are written here, in a class of a few lines.",
                "A stub: the class embeddings that the head loads from `~/.cache/embd` are random.",
            ),
            prepare="import os, torch\nfolder = os.path.expanduser('~/.cache/embd')\nos.makedirs(folder, exist_ok=True)\n"
            "name = 'convnext_large_d_320_Concat_CocoPanopticOVDataset_YouTubeVISDataset_2019.pth'\n"
            "made = torch.nn.functional.normalize(torch.randn(155, 1, 768), dim=-1)\ntorch.save(made, os.path.join(folder, name))\n",
            left=(
                "The rehearsal above is of 2 ranks on a CPU, with the stubs and stand-ins that it names: where the model trains, "
                "`torchrun --nproc-per-node 8 -m mmfix prove CONFIG` takes NCCL, the real operators and the real embeddings.",
                "RegNet and ADE20K of the case change none of this and are left out.",
            ),
        ),
        Case(
            "Case 2: reentrant gradient checkpoint under DDP (CMT)",
            cmt,
            mmcv1,
            aqr,
            {aqr: "_base_ = './cmt_voxel0100_r50_800x320_cbgs.py'\nfind_unused_parameters = True\n"},
            TWICE.format(indices="432"),
            (
                "The case's own model has parts that the public one lacks, so its index 432 is none of this model's.",
                "Stubs: `flash_attn` and `spconv` can be imported and cannot compute.",
            ),
            {
                "flash_attn/__init__.py": "",
                "flash_attn/flash_attn_interface.py": f"def flash_attn_unpadded_kvpacked_func(*args, **kwargs):\n    {STUB}\n",
                "flash_attn/bert_padding.py": f"def unpad_input(*args):\n    {STUB}\n\n\npad_input = index_first_axis = unpad_input\n",
                "spconv/__init__.py": "",
                "spconv/pytorch/__init__.py": "",
                "spconv/pytorch/utils.py": f"class PointToVoxel:\n    def __init__(self, **kwargs):\n        pass\n\n    def __call__(self, points):\n        {STUB}\n",
            },
            left=(
                "No step can be taken on a CPU: flash attention (`flash_attn`) and sparse convolutions (`spconv`, mmcv's own) have GPU kernels only, and "
                "mmfix makes up no point clouds. Where the model trains: `torchrun --nproc-per-node 2 -m mmfix prove CONFIG --data real`, "
                "or an input maker ([inputs.md](inputs.md)).",
                "Until then the names of all parameters, by index, are known from `--build` and from `prove --format json`.",
            ),
        ),
    )


def steps(case: Case) -> Tuple[Step, ...]:
    """The whole way."""
    config, first = case.config, "READY_TWICE" in case.error or "ready twice" in case.error
    code = "MMF101" if first else "MMF102"
    fix = "model.img_backbone.with_cp = False" if first else "find_unused_parameters = True"
    index = "211" if first else "0"
    python = (
        f"import mmfix\nfrom mmengine.config import Config\nresult = mmfix.patch(Config.fromfile({config!r}))\n"
        "print([remedy for remedy in result.remedies], [str(one) for one in result.overrides])"
    )
    if first:
        python = python.replace("from mmengine.config import Config", "from mmcv import Config")
    case_index = (
        Step(
            "And the index of the case?",
            ["explain", "error.txt", "--config", config, "--build"],
            {
                r"index 432, and the model \d+ parameters": "that this log is of another model than the config's"
            },
            "note",
        ),
    )
    return (
        Step(
            "Will it die?",
            ["check", config],
            {code: "the error that will come, its key and line", fix: "the cure"},
        ),
        Step(
            "Why did it die? The error text alone",
            ["explain", "error.txt"],
            {r"UNUSED|READY_TWICE": "which error it is", r"find_unused|with_cp": "the usual cure"},
        ),
        Step(
            "The error text, and the config",
            ["explain", "error.txt", "--config", config],
            {code: "what in the config does it", fix: "the cure"},
        ),
        Step(
            "A full log, which has printed its config",
            ["explain", "train.log"],
            {code: "what in the config does it", r"config +printed in train.log": "the config of the run"},
        ),
        Step(
            "Which parameters are these?",
            ["explain", "index.txt", "--config", config, "--build"],
            {rf"\b{index}\s+[a-z_]\w*": f"the name of index {index}"},
            "params",
        ),
        *(case_index if first else ()),
        Step(
            "What would the patch be?", ["patch", "--diff", config], {r"^\+.*mmfix": "the block, as a diff"}
        ),
        Step(
            "Patch it",
            ["patch", config],
            {
                r"1 (config|file)s? (was )?(patched|written)|patched": "written, and confirmed by the era's loader",
                "look for": "what to look for afterwards",
            },
        ),
        Step("Is it well now?", ["check", config], {r"nothing found": "nothing is left"}),
        Step(
            "Undo",
            ["patch", "--undo", config],
            {"took the mmfix block out": "the block is out"},
        ),
        Step(
            HOOK,
            ["patch", "--fail-on-change", "--allow-unjudged", config],
            {"patched|written": "the commit stops, and the patched file is there"},
        ),
        Step(
            "From Python, the config in memory",
            python,
            {re.escape(fix.split(" = ")[0]): "the cure, on a copy"},
        ),
        Step(
            "Prove it",
            ["prove", config, "--timeout", "280"],
            {r": OK|READY_TWICE|UNUSED": "an outcome", r"params": "how many parameters DDP waits for"},
        ),
    )


def full_log(case: Case, config_text: str) -> str:
    """A log as the framework writes it: environment, config, first lines, the error."""
    return (
        "2026-11-02 10:11:12,345 - mmdet - INFO - Environment info:\nPyTorch: 1.13.1\n"
        f"2026-11-02 10:11:13,345 - mmdet - INFO - Config:\n{config_text}\n"
        "2026-11-02 10:12:13,345 - mmdet - INFO - workflow: [('train', 1)], max: 20 epochs\n"
        f'Traceback (most recent call last):\n  File "tools/train.py", line 263, in <module>\n    main()\n{case.error}'
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:\n"
    )


class Ran:
    """One case in a copy of its folder."""

    def __init__(self, case: Case, scratch: Path) -> None:
        self.case, self.root = case, scratch / "work"
        shutil.copytree(str(case.folder), str(self.root), ignore=shutil.ignore_patterns(".git"))
        self.home, stubs = scratch / "home", scratch / "stubs"
        for folder, files in ((self.root, case.files), (stubs, case.stubs)):
            for name, text in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
        self.home.mkdir()
        path = os.pathsep.join(part for part in (case.paths, str(stubs)) if part)
        self.env = {
            **os.environ,
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home),
            "PYTHONPATH": path,
        }
        self.hidden = [
            str(self.root) + os.sep,
            *(part + os.sep for part in path.split(os.pathsep)),
            str(scratch) + os.sep,
        ]
        if case.prepare:
            subprocess.run([sys.executable, "-c", case.prepare], env=self.env, check=True)
        index = "211" if "twice" in case.error else "0"
        own = {
            "error.txt": case.error,
            "index.txt": re.sub(r"(index |rank 1: )[\d ]+", rf"\g<1>{index} ", case.error),
        }
        for name, text in own.items():
            (self.root / name).write_text(text, encoding="utf-8")
        (self.root / "train.log").write_text(full_log(case, self._config_text()), encoding="utf-8")

    def _config_text(self) -> str:
        """The config as a run prints it."""
        program = f"import mmfix\nfor key, value in mmfix.load({self.case.config!r}).to_dict().items():\n    print(key, '=', repr(value))"
        return self._run([sys.executable, "-c", program])[1]

    def _run(self, command: Sequence[str]) -> Tuple[int, str]:
        done = subprocess.run(
            command, cwd=str(self.root), env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", timeout=900,
        )  # fmt: skip
        return done.returncode, done.stdout

    def run(self, step: Step) -> Tuple[str, int, str]:
        """The command as it is typed, its exit code and its output, without the paths of this machine."""
        if isinstance(step.arguments, str):
            code, text = self._run([sys.executable, "-W", "ignore", "-c", step.arguments])
            shown = f'python -c "..."  # {step.arguments.splitlines()[2]}'
        else:
            arguments: List[str] = list(step.arguments)  # type: ignore[call-overload]
            code, text = self._run([sys.executable, "-W", "ignore", "-m", "mmfix", *arguments])
            shown = " ".join(["mmfix", *arguments])
        for part in self.hidden:
            text = text.replace(part, "")
        return shown, code, re.sub(r"\S*site-packages/", "", text)


def page(given: Sequence[Case], tell: Callable[[str], None]) -> str:
    """Both cases, step by step."""
    lines = [
        "# The two cases that mmfix was made for",
        "",
        "Made by `python bench/two_cases.py FOLDER_CMT FOLDER_RAPSAM --write docs/two-cases.md`, in copies of the two public repositories: a",
        "derived config as each case tells of it, and then everything that its user would type. Below each command stands what it answers,",
        "looked for in its output, and what not. Long output is cut.",
        "",
    ]
    with ThreadPoolExecutor(len(given)) as pool:
        for part in pool.map(lambda case: one(case, tell), given):
            lines += part
    return "\n".join(lines).rstrip() + "\n"


def one(case: Case, tell: Callable[[str], None]) -> List[str]:
    """One case."""
    lines = [
        f"## {case.title}",
        "",
        f"`{case.config}`:",
        "",
        "```python",
        case.files[case.config].rstrip(),
        "```",
        "",
    ]
    lines += [*(f"- {note}" for note in case.notes), ""]
    with tempfile.TemporaryDirectory() as scratch:
        ran = Ran(case, Path(scratch))
        before = (ran.root / case.config).read_bytes()
        for step in steps(case):
            tell(f"{case.config}: {step.title}")
            lines += shown(step, *ran.run(step))
            if step.title == "Undo":
                same = (ran.root / case.config).read_bytes() == before
                lines += [f"The file is {'the same, byte for byte' if same else '**not the same**'}.", ""]
            if step.title == HOOK:
                (ran.root / case.config).write_bytes(before)  # as the user had it, for what follows
    return [*lines, "### What is left to do", "", *(f"- {note}" for note in case.left), ""]


def shown(step: Step, command: str, code: int, text: str) -> List[str]:
    """One step on the page."""
    output = text.rstrip().splitlines()
    start = next((number for number, line in enumerate(output) if step.lines and step.lines in line), 0)
    cut = output[start : start + MOST_LINES]
    more = len(output) - len(cut)
    found = {said for pattern, said in step.wanted.items() if re.search(pattern, text, re.M)}
    missing = [said for said in step.wanted.values() if said not in found]
    answers = "; ".join(said for said in step.wanted.values() if said in found) or "nothing of what was asked"
    return [
        f"### {step.title}", "", "```", f"$ {command}", *(line[:200] for line in cut),
        *([f"... {more} lines more"] if more > 0 else []), "```", "",
        f"Exit {code}. Answers: {answers}." + (f" **Does not answer**: {'; '.join(missing)}." if missing else ""), "",
    ]  # fmt: skip


def main() -> None:
    """Both cases, onto the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cmt", type=Path)
    parser.add_argument("rapsam", type=Path)
    parser.add_argument("--mmcv1", default="")
    parser.add_argument("--mmengine", default="")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    text = page(
        cases(given.cmt, given.rapsam, given.mmcv1, given.mmengine), lambda line: print(line, file=sys.stderr)
    )
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
