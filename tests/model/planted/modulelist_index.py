"""A list of adapters of which the config picks one by its number.

Modelled on domain-adaptation forks: all adapters are built so that checkpoints fit, ``domain_id`` selects
the one to train.
"""

import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class AdapterListModel(BaseModel):
    def __init__(self, num_domains=3, domain_id=0, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.domain_id = domain_id
        self.backbone = nn.Conv2d(3, 8, 3, padding=1)
        adapters = [nn.Conv2d(8, 8, 1) for _ in range(num_domains)]  # created: adapters.0, adapters.2
        self.adapters = nn.ModuleList(adapters)  # created: adapters.0, adapters.2
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        feats = self.backbone(inputs)
        feats = self.adapters[self.domain_id](feats)  # uncounted: adapters.0, adapters.2
        logits = self.head(feats)
        if mode == "loss":
            return dict(loss_seg=logits.square().mean())
        return logits
