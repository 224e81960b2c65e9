"""What MMEngine's Runner says, with a toy model. Each scene is a config and ``tools/train.py``. Not a test module."""

from __future__ import annotations

import torch
from mmengine.config import Config
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.registry import DATASETS, MODELS
from mmengine.runner import Runner, runner
from stage import scene, write
from torch import nn
from torch.utils.checkpoint import checkpoint

CONFIG = """
default_scope = "mmengine"
work_dir = "{name}"
norm_cfg = dict(type="SyncBN", requires_grad=True)
model = dict(type="Segmentor", backbone=dict(type="Backbone", with_cp=False), distill=False, positives=True)
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="Points", length=80),
)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=1)
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="SGD", lr=0.01, momentum=0.9))
param_scheduler = [dict(type="MultiStepLR", milestones=[1], by_epoch=True)]
default_hooks = dict(logger=dict(type="LoggerHook", interval=10))
env_cfg = dict(dist_cfg=dict(backend="gloo"))
find_unused_parameters = False
"""


class OnCpu(MMDistributedDataParallel):
    """The Runner hands over ``device_ids`` even if there is no GPU, which DDP refuses."""

    def __init__(self, module, device_ids=None, **settings):
        super().__init__(module, **settings)


runner.MMDistributedDataParallel = OnCpu
torch.cuda.set_device = lambda device: None
ENVIRONMENT = runner.collect_env()  # takes a second; all scenes have the same
runner.collect_env = lambda: ENVIRONMENT


@MODELS.register_module()
class Backbone(nn.Module):
    def __init__(self, with_cp):
        super().__init__()
        self.with_cp = with_cp
        self.stem = nn.Linear(4, 4)
        self.layers = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x):
        x = self.stem(x)
        return checkpoint(self.layers, x, use_reentrant=True) if self.with_cp else self.layers(x)


@MODELS.register_module()
class Segmentor(BaseModel):
    """``distill`` makes a branch that takes no part; without positives its box head takes none."""

    def __init__(self, backbone, distill, positives, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.decode_head = nn.Linear(4, 1)
        self.positives = positives
        if distill:
            self.distill = nn.Linear(4, 4)
        if not positives:
            self.bbox_head = nn.Linear(4, 4)

    def forward(self, inputs, found, mode="tensor"):
        x = self.backbone(torch.stack(inputs))
        losses = {"loss_seg": self.decode_head(x).square().mean()}
        if not self.positives and torch.stack(found).any():
            losses["loss_bbox"] = self.bbox_head(x).square().mean()
        return losses


@DATASETS.register_module()
class Points:
    """Nothing is to be found in item 60 and those after it."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return {"inputs": torch.randn(4), "found": torch.tensor(index < 60)}


def config_file(name, text="", base=CONFIG):
    write(f"{name}_base.py", base.replace("{name}", name))
    write(f"{name}.py", f'_base_ = ["{name}_base.py"]\n{text}\n')
    return f"{name}.py"


def train(name, text="", launcher="none", base=CONFIG):
    """``tools/train.py``, as all packages of this era have it."""
    cfg = Config.fromfile(config_file(name, text, base))
    cfg.launcher = launcher
    Runner.from_cfg(cfg).train()


@scene(ranks=2)
def runner_unused():
    train("runner_unused", "model = dict(distill=True)", "pytorch")


@scene(ranks=2)
def runner_unused_later():
    train("runner_unused_later", "model = dict(positives=False)", "pytorch")


@scene(ranks=2)
def runner_twice():
    text = "find_unused_parameters = True\nmodel = dict(backbone=dict(with_cp=True))"
    train("runner_twice", text, "pytorch")


@scene(ranks=2)
def runner_succeeds_with_all_keys():
    text = "find_unused_parameters = False\nnorm_cfg = dict(_delete_=True, type='SyncBN')\n"
    text += "model = dict(backbone=dict(with_cp=True))\nuse_static_graph = True"
    train("runner_succeeds_with_all_keys", text, "pytorch")


@scene(ranks=2)
def runner_finds_nothing_unused():
    train("runner_finds_nothing_unused", "find_unused_parameters = True", "pytorch")


@scene()
def config_syntax():
    train("config_syntax", "model = dict(backbone=dict(with_cp=True)")


@scene()
def config_base_missing():
    write("config_base_missing.py", "_base_ = ['../_base_/models/retinanet_r50_fpn.py']")
    Config.fromfile("config_base_missing.py")


@scene()
def weights_missing():
    train("weights_missing", "load_from = 'missing.pth'")


@scene()
def type_misspelt():
    train("type_misspelt", "model = dict(backbone=dict(type='Backbonne'))")


@scene()
def type_not_imported():
    train("type_not_imported", "model = dict(_delete_=True, type='FasterRCNN')")


@scene()
def type_of_missing_package():
    train("type_of_missing_package", "model = dict(_delete_=True, type='mmdet3d.CenterPoint')")


@scene()
def type_without_its_package():
    train("type_without_its_package", "model = dict(backbone=dict(type='mmpretrian.ConvNeXt'))")


@scene()
def hook_type_misspelt():
    train("hook_type_misspelt", "custom_hooks = [dict(type='EMAHok')]")


@scene()
def default_hook_misspelt():
    train("default_hook_misspelt", "default_hooks = dict(chekpoint=dict(interval=1))")


@scene()
def default_hook_taken_back():
    train("default_hook_taken_back", "default_hooks = dict(profiler=None)")


@scene()
def argument_misspelt():
    train("argument_misspelt", "model = dict(backbone=dict(with_pc=True))")


@scene()
def argument_missing():
    train("argument_missing", "model = dict(backbone=dict(_delete_=True, type='Backbone'))")


@scene()
def custom_import_misspelt():
    train("custom_import_misspelt", "custom_imports = dict(imports=['type_misspelt_bsae'])")


@scene()
def leftover_delete():
    text = "optim_wrapper = dict(paramwise_cfg=None, optimizer=dict(_delete_=True, type='AdamW', lr=1e-4))"
    train(
        "leftover_delete",
        text,
        base=CONFIG.replace(', optimizer=dict(type="SGD", lr=0.01, momentum=0.9)', ""),
    )


@scene()
def leftover_delete_in_model():
    text = "model = dict(neck=dict(_delete_=True, type='Backbone', with_cp=False))"
    text += "\nmodel['backbone'] = model.pop('neck')"
    base = CONFIG.replace(' backbone=dict(type="Backbone", with_cp=False),', "")
    train("leftover_delete_in_model", text, base=base)


@scene()
def leftover_momentum():
    train("leftover_momentum", "optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-4))")


@scene()
def leftover_milestones():
    train(
        "leftover_milestones",
        "_base_.param_scheduler[0].type = 'PolyLR'\nparam_scheduler = _base_.param_scheduler",
    )


@scene()
def leftover_max_epochs():
    train("leftover_max_epochs", "train_cfg = dict(type='IterBasedTrainLoop', max_iters=100)")


@scene()
def duplicate_base_key():
    for name in ("one", "other"):
        write(f"duplicate_{name}.py", "find_unused_parameters = True\n")
    write("duplicate.py", '_base_ = ["duplicate_one.py", "duplicate_other.py"]\n')
    Config.fromfile("duplicate.py")


@scene()
def triple_train():
    train("triple_train", "train_dataloader = None")


@scene()
def triple_val():
    train("triple_val", "val_cfg = dict()\nval_evaluator = dict(type='Nothing')")


@scene()
def triple_test():
    train("triple_test", "test_cfg = dict()")


@scene()
def type_and_by_epoch():
    train("type_and_by_epoch", "train_cfg = dict(by_epoch=True)")
