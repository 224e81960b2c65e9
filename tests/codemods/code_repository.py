"""A small repository with a model of its own that checkpoints, and a config that trains it."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

CONFIG = """\
custom_imports = dict(imports=['net'], allow_failed_imports=False)
train_dataloader = dict(batch_size=2)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
find_unused_parameters = {on}
model = dict(type='Net', deep={deep})
"""
NET = """\
import functools
import torch.nn as nn
import torch.utils.checkpoint as cp
from mmengine.model import BaseModel
from mmengine.registry import MODELS
{imports}

@MODELS.register_module()
class Net(BaseModel):
    def __init__(self, deep=True):
        super().__init__()
        self.deep = deep
        self.stem = nn.Conv2d(3, 8, 1)
        self.a = nn.Conv2d(8, 8, 1)
        self.b = nn.Conv2d(8, 8, 1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        x = self.stem(inputs)
        if self.deep:
            {body}
        return dict(loss=self.b(self.a(x)).mean())
"""


def repository(folder: Path, body: str, imports: str = "", on: bool = True, deep: bool = True) -> str:
    (folder / "pyproject.toml").write_text("")
    (folder / "configs").mkdir()
    (folder / "net.py").write_text(NET.format(body=body, imports=imports))
    config = folder / "configs" / "train.py"
    config.write_text(CONFIG.format(on=on, deep=deep))
    return str(config)


PLAIN = "x = cp.checkpoint(self.a, x)"
PARTIAL = "run = functools.partial(cp.checkpoint)"
WRAPPER = "def run(f, *args, **kw):\n    return cp.checkpoint(f, *args, **kw)\n"


FREEZING = """\
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class Net(BaseModel):
    def __init__(self, deep=True):
        super().__init__()
        self.deep = deep
        self.stem = nn.Conv2d(3, 8, 1)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Conv2d(8, 8, 1)

    def _freeze_stages(self):
        if self.deep:
            self.norm.eval()
            for module in (self.stem, self.norm):
                for param in module.parameters():
                    param.requires_grad = False

    def {late}:
        {first}
        self._freeze_stages()

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return dict(loss=self.head(self.norm(self.stem(inputs))).mean())
"""
IN_TRAIN = {"late": "train(self, mode=True)", "first": "super().train(mode)"}
IN_INIT = {"late": "init_weights(self)", "first": "super().init_weights()"}


def freezing(folder: Path, where: Dict[str, str] = IN_TRAIN) -> str:
    """The same with a model that freezes late."""
    config = repository(folder, "", on=False)
    (folder / "net.py").write_text(FREEZING.format(**where))
    return config
