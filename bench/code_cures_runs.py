"""Classes of released packages as somebody's own, cured in code: real runs before and after.

    pip install mmcv-lite mmdet mmsegmentation      # versions: tests/locked/openmmlab.txt
    python bench/code_cures_runs.py [NAME...] [--write docs/code_cures.md]

Each class is copied into a repository of its own, under another name, with a config that trains it. Then, as its author
would: `mmfix prove`, `mmfix patch --remedy`, `mmfix prove`. Besides, the model is built twice from the same numbers,
with the code of before and of after, and takes one step alone: the largest difference of a gradient. Takes about two
minutes a model on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

CODE, FREEZE = "non-reentrant-in-code", "freeze-before-wrap"
MARK, END = "<!-- runs -->\n", "<!-- end of runs -->"


class Model(NamedTuple):
    """A class that is copied, and the config that trains it.

    Attributes:
        file: In the installed packages.
        name: The class.
        arguments: What the config gives it, but for the type.
        model: The rest of the model.
        more: Code behind the copy.
        type: The class that the config names, where that is in ``more``.
        changed: A line of the file, and what is in its place.
        part: What of the model it is.
    """

    file: str
    name: str
    arguments: str
    model: str
    more: str = ""
    type: str = ""
    changed: Tuple[str, str] = ("", "")
    part: str = "backbone"


def _detector(channels: str) -> str:
    return f"neck=dict(in_channels={channels})"


def _segmentor(channels: int, index: int = -1) -> str:
    return (
        "pretrained=None, auxiliary_head=None, data_preprocessor=dict(size=(64, 64)), "
        f"decode_head=dict(in_channels={channels}, in_index={index}, norm_cfg=dict(type='BN'))"
    )


_MMDET, _MMSEG = "mmdet/models/backbones/", "mmseg/models/backbones/"
_BASES = {
    "mmdet": "mmdet::retinanet/retinanet_r18_fpn_1x_coco.py",
    "mmseg": "mmseg::fcn/fcn_r50-d8_4xb2-40k_cityscapes-512x1024.py",
}
_NESTED = """

import torch.utils.checkpoint


@MODELS.register_module()
class Nested(OwnResNet):
    def forward(self, x):
        x = self.maxpool(self.relu(self.norm1(self.conv1(x))))
        outs = []
        for name in self.res_layers:
            x = torch.utils.checkpoint.checkpoint(getattr(self, name), x)
            outs.append(x)
        return tuple(outs)
"""
_SWIN = "embed_dims=24, depths=(1, 1, 1, 1), num_heads=(1, 2, 3, 4), window_size=7"
_SWIN_NECK = _detector("[24, 48, 96, 192]")
_RES = "depth=18, num_stages=4, out_indices=(0, 1, 2, 3), norm_cfg=dict(type='BN')"
_VIT = "img_size=64, patch_size=16, embed_dims=48, num_layers=3, num_heads=3, out_indices=(2,), with_cp=True"
_UNET = (
    "base_channels=8, num_stages=4, strides=(1, 1, 1, 1), enc_num_convs=(2, 2, 2, 2), dec_num_convs=(2, 2, 2), "
    "downsamples=(True, True, True), enc_dilations=(1, 1, 1, 1), dec_dilations=(1, 1, 1), with_cp=True"
)
_MIT = "embed_dims=16, num_layers=[1, 1, 1, 1], num_heads=[1, 2, 2, 4], with_cp=True"
_V2_OUT = "out_indices=(1, 2, 4, 7)"
MODELS: Dict[str, Model] = {
    "ResNet": Model(_MMDET + "resnet.py", "ResNet", f"{_RES}, with_cp=True", _detector("[64, 128, 256, 512]")),
    "ResNet nested": Model(
        _MMDET + "resnet.py",
        "ResNet",
        f"{_RES}, with_cp=True",
        _detector("[64, 128, 256, 512]"),
        _NESTED,
        "Nested",
    ),
    "Res2Net": Model(
        _MMDET + "res2net.py", "Res2Net", "depth=50, with_cp=True", _detector("[256, 512, 1024, 2048]")
    ),
    "ResNeSt": Model(
        _MMDET + "resnest.py", "ResNeSt", "depth=50, with_cp=True", _detector("[256, 512, 1024, 2048]")
    ),
    "Swin": Model(_MMDET + "swin.py", "SwinTransformer", f"{_SWIN}, with_cp=True", _SWIN_NECK),
    "ViT": Model(_MMSEG + "vit.py", "VisionTransformer", _VIT, _segmentor(48)),
    "MiT": Model(_MMSEG + "mit.py", "MixVisionTransformer", _MIT, _segmentor(64)),
    "UNet": Model(_MMSEG + "unet.py", "UNet", _UNET, _segmentor(8)),
    "CGNet": Model(
        _MMSEG + "cgnet.py", "CGNet", "num_blocks=(1, 2), with_cp=True", _segmentor(256)
    ),
    "ResNet of mmseg": Model(_MMSEG + "resnet.py", "ResNet", f"{_RES}, with_cp=True", _segmentor(512)),
    "Swin of mmseg": Model(
        _MMSEG + "swin.py", "SwinTransformer", f"{_SWIN}, with_cp=True", _segmentor(192)
    ),
    "decoder layers": Model(
        "mmseg/models/decode_heads/segmenter_mask_head.py",
        "SegmenterMaskTransformerHead",
        "in_channels=48, channels=48, num_classes=19, num_layers=2, num_heads=3, embed_dims=48, "
        "dropout_ratio=0.0, in_index=-1, loss_decode=dict(type='CrossEntropyLoss')",
        "pretrained=None, auxiliary_head=None, data_preprocessor=dict(size=(64, 64)), "
        "backbone=dict(_delete_=True, type='VisionTransformer', img_size=64, patch_size=16, embed_dims=48, "
        "num_layers=2, num_heads=3, out_indices=(1,))",
        changed=("            x = layer(x)\n", "            x = torch.utils.checkpoint.checkpoint(layer, x)\n"),
        part="decode_head",
    ),
    "Swin late": Model(_MMDET + "swin.py", "SwinTransformer", f"{_SWIN}, frozen_stages=2", _SWIN_NECK),
    "MobileNetV2 late": Model(
        _MMDET + "mobilenet_v2.py", "MobileNetV2", f"{_V2_OUT}, frozen_stages=2", _detector("[24, 32, 96, 1280]")
    ),
    "CSPDarknet late": Model(
        _MMDET + "csp_darknet.py",
        "CSPDarknet",
        "deepen_factor=0.33, widen_factor=0.125, out_indices=(1, 2, 3, 4), frozen_stages=2",
        _detector("[16, 32, 64, 128]"),
    ),
    "EfficientNet late": Model(
        _MMDET + "efficientnet.py",
        "EfficientNet",
        "arch='es', out_indices=(2, 3, 4, 5), frozen_stages=2",
        _detector("[32, 48, 144, 192]"),
    ),
    "MobileNetV3 late": Model(
        _MMSEG + "mobilenet_v3.py", "MobileNetV3", "arch='small', frozen_stages=2", _segmentor(576)
    ),
}  # fmt: skip


def package_of(model: Model) -> str:
    """``mmdet``."""
    return model.file.partition("/")[0]


def copied(model: Model) -> str:
    """The file of a class with the registered classes under other names, and imports from where it was."""
    package = package_of(model)
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parents[1] / model.file).read_text()
    folders = model.file.split("/")[:-1]

    def absolute(found: re.Match[str]) -> str:
        dots, rest = found[1], found[2]
        return f"from {'.'.join(folders[: len(folders) - len(dots) + 1])}{'.' if rest else ''}{rest} import"

    text = re.sub(r"^from (\.+)(\S*) import", absolute, text, flags=re.MULTILINE)
    for name in re.findall(r"@MODELS\.register_module\(\)\nclass (\w+)", text):
        text = re.sub(rf"\b{name}\b", f"Own{name}", text)
    old, new = model.changed
    if old and old not in text:
        raise SystemExit(f"{model.file} has no line {old}")
    return (text.replace(old, new) if old else text) + model.more


def repository(model: Model, top: Path) -> Path:
    """Its files; the config is returned."""
    (top / "configs").mkdir()
    (top / "setup.py").touch()
    (top / "own.py").write_text(copied(model))
    config = top / "configs" / "own.py"
    config.write_text(
        f"_base_ = '{_BASES[package_of(model)]}'\n"
        "custom_imports = dict(imports=['own'], allow_failed_imports=False)\n"
        f"find_unused_parameters = {remedy_of(model) == CODE}\n"
        f"model = dict({model.part}=dict(_delete_=True, type='{model.type or 'Own' + model.name}', {model.arguments}), "
        f"{model.model})\n"
    )
    return config


def remedy_of(model: Model) -> str:
    """The cure that it is tried with."""
    return FREEZE if "frozen" in model.arguments else CODE


def run(top: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """mmfix in a repository."""
    environment = {**os.environ, "PYTHONPATH": str(top)}
    command = [sys.executable, "-m", "mmfix", *arguments]
    return subprocess.run(command, cwd=top, env=environment, capture_output=True, text=True)


def outcome(top: Path) -> str:
    """What `mmfix prove` says."""
    done = run(top, "prove", "--scenario", "normal", "--format", "json", "configs/own.py")
    if not done.stdout.startswith("{"):
        return (done.stderr.strip().splitlines() or ["nothing"])[-1]
    proof = json.loads(done.stdout)
    return str(
        proof["outcome"] if proof["outcome"] != "NOT_PROVED" else proof.get("reason", proof["outcome"])
    )


#: One step alone: the backbone of a config, from the same numbers, on the same image.
_STEP = """
import importlib, sys, torch
from mmfix.prove import ops
ops.install()
from mmengine.config import Config
from mmengine.registry import init_default_scope
cfg = Config.fromfile(sys.argv[1])
init_default_scope(cfg.default_scope)
MODELS = importlib.import_module(cfg.default_scope + ".registry").MODELS
torch.manual_seed(0)
part = sys.argv[3]
model = MODELS.build(cfg.model[part])
torch.manual_seed(1)
model.init_weights()
model.train()
torch.manual_seed(2)
outs = model(torch.randn(2, 3, 64, 64) if part == "backbone" else [torch.randn(2, 48, 4, 4)])
torch.manual_seed(3)
sum((out * torch.randn_like(out)).mean() for out in (outs if isinstance(outs, (list, tuple)) else [outs])).backward()
torch.save({name: p.grad for name, p in model.named_parameters() if p.grad is not None}, sys.argv[2])
"""


def gradients(top: Path, into: Path, part: str) -> None:
    """Keep those of one step."""
    environment = {**os.environ, "PYTHONPATH": str(top)}
    command = [sys.executable, "-W", "ignore", "-c", _STEP, "configs/own.py", str(into), part]
    done = subprocess.run(command, cwd=top, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])


def furthest(one: Path, other: Path) -> Tuple[int, float]:
    """How many parameters got a gradient, and the largest difference."""
    import torch

    before, after = torch.load(one), torch.load(other)
    if before.keys() != after.keys():
        raise SystemExit(f"other parameters got a gradient: {sorted(before.keys() ^ after.keys())[:5]}")
    return len(before), max(float((before[name] - after[name]).abs().max()) for name in before)


def row(name: str, model: Model) -> str:
    """The row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder).resolve()
        repository(model, top)
        before = outcome(top)
        gradients(top, top / "before.pt", model.part)
        done = run(
            top, "patch", "--format", "json", "--allow-dirty", "--remedy", remedy_of(model), "configs/own.py"
        )
        edits = json.loads(done.stdout)["patches"][0]["edits"] if done.stdout.startswith("{") else []
        if not edits:
            return f"| {name} | {model.file} | {before} | {done.stderr.strip() or done.stdout} |"
        lines = sum(len(edit["lines"]) for edit in edits)
        after = outcome(top)
        gradients(top, top / "after.pt", model.part)
        count, difference = furthest(top / "before.pt", top / "after.pt")
    cells = (name, f"`{model.file}`", remedy_of(model), lines, before, after, count, difference)
    return "| " + " | ".join(map(str, cells)) + " |"


HEAD = (
    "| model | class of | cure | lines | before | after | parameters with a gradient | largest difference |\n"
    "|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    rows: List[str] = []
    for name, model in MODELS.items():
        if not arguments.names or name in arguments.names:
            rows.append(row(name, model))
            print(rows[-1], flush=True)
    if arguments.write:
        text = arguments.write.read_text()
        head, rest = text.split(MARK)
        tail = rest.split(END)[1]
        table = "\n".join((HEAD, *rows))
        arguments.write.write_text(f"{head}{MARK}{table}\n{END}{tail}")


if __name__ == "__main__":
    main()
