"""Type names, era, and what counts as a training config."""

# ruff: noqa: C408 - configs are written with dict(...)

from __future__ import annotations

import pytest
from training_helpers import DATA, mmcv1, mmengine

from mmfix.config.memory import from_mapping
from mmfix.config.names import type_scope
from mmfix.config.origin import Unknown
from mmfix.config.values import LazyName
from mmfix.training import era, is_trainable, type_name
from mmfix.training.era import missing_to_train

MODEL = dict(type="RetinaNet")


@pytest.mark.parametrize(
    ("value", "name", "scope"),
    [
        ("ResNet", "ResNet", None),
        ("mmdet.ResNet", "ResNet", "mmdet"),
        ("mmengine.model.MMDistributedDataParallel", "MMDistributedDataParallel", "mmengine"),
        (LazyName("mmdet.models.RetinaNet"), "RetinaNet", "mmdet"),
        (Unknown, "Unknown", "mmfix"),
        (Unknown("a call"), None, None),
        (None, None, None),
        ("", None, None),
        (3, None, None),
    ],
)
def test_type_name(value, name, scope):
    assert type_name(value) == name
    assert type_scope(value) == scope


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (dict(data=DATA, runner=dict()), "mmcv1"),
        (dict(data=DATA, total_epochs=12), "mmcv1"),
        (dict(data=DATA, optimizer_config=dict()), "mmcv1"),
        (dict(data=DATA), "mmcv1"),
        (dict(lr_config=dict()), "mmcv1"),
        # mmdet < 2.9 keeps its assigners here
        (dict(data=DATA, total_epochs=12, train_cfg=dict(rpn=dict())), "mmcv1"),
        (dict(train_dataloader=dict()), "mmengine"),
        (dict(optim_wrapper=dict()), "mmengine"),
        (dict(train_cfg=dict(by_epoch=True)), "mmengine"),
        (dict(train_cfg=dict(type="IterBasedTrainLoop")), "mmengine"),
        # leftovers of the old format do not make it old
        (dict(data=DATA, runner=dict(), train_dataloader=dict()), "mmengine"),
        (dict(log_config=dict(), default_scope="mmdet"), "mmengine"),
        (dict(model=MODEL), "mmengine"),
    ],
)
def test_era(config, expected):
    assert era(from_mapping(config)) == expected


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        (mmengine(), ()),
        (mmcv1(), ()),
        (dict(mmengine(), optim_wrapper=None, train_cfg=None), ("optim_wrapper", "train_cfg")),
        (dict(mmengine(), model=None), ("model",)),
        (dict(model=MODEL, data=dict(test=dict()), runner=dict()), ("data.train",)),
        (dict(model=MODEL, data=DATA), ("optimizer",)),
    ],
)
def test_missing_to_train(config, missing):
    assert missing_to_train(from_mapping(config)) == missing


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (mmengine(), True),
        (mmcv1(), True),
        (mmengine(model=Unknown("computed")), True),
        (dict(mmengine(), optim_wrapper=None), True),  # incomplete by mistake
        (dict(mmengine(), optim_wrapper=None, train_dataloader=None), False),
        (dict(model=MODEL, test_dataloader=dict()), False),
        (dict(model=MODEL), False),
        (dict(mmengine(), model=None), False),
        ({key: value for key, value in mmengine().items() if key != "model"}, False),
        (dict(model=MODEL, data=dict(test=dict()), runner=dict(), optimizer=dict()), False),
        (dict(model=MODEL, data=DATA), False),
        (dict(model=MODEL, data=Unknown("computed"), total_epochs=12), True),
    ],
)
def test_is_trainable(config, expected):
    assert is_trainable(from_mapping(config)) is expected
