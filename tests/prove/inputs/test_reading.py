"""`--data real`: batches of the config's own dataloader."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from mmengine.config import Config  # noqa: E402

from mmfix.prove.inputs import NoInputs  # noqa: E402
from mmfix.prove.inputs.reading import real_batches  # noqa: E402


class Numbers(torch.utils.data.Dataset):  # type: ignore[misc]
    def __init__(self, count: int = 4) -> None:
        if count < 0:
            raise FileNotFoundError(2, "No such file or directory", "data/annotations.json")
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        return {"inputs": torch.tensor([index])}


def loader(count: int = 4, **values: Any) -> Config:
    return Config(
        {
            "train_dataloader": {
                "batch_size": 2,
                "num_workers": 4,
                "persistent_workers": True,
                "prefetch_factor": 3,
                "sampler": {"type": "DefaultSampler", "shuffle": True},
                "collate_fn": {"type": "default_collate"},
                "dataset": {"type": Numbers, "count": count},
                **values,
            }
        }
    )


def drawn(config: Config, batches: int) -> Any:
    return [sorted(batch["inputs"].flatten().tolist()) for batch in islice(real_batches(config), batches)]


def test_epochs_follow_each_other_with_the_configs_own_batch_size_and_sampler() -> None:
    found = drawn(loader(), 40)
    for first, second in zip(found[::2], found[1::2]):
        assert sorted(first + second) == [0, 1, 2, 3]
    assert len({tuple(first) for first in found[::2]}) > 1  # shuffled anew for each epoch


def test_the_config_stays_as_it_is() -> None:
    config = loader()
    before = config.to_dict()
    drawn(config, 1)
    assert config.to_dict() == before


def broken(count: int) -> Any:
    raise ValueError("first line\nsecond line")


@pytest.mark.parametrize(
    ("config", "message", "cure"),
    [
        (Config({"model": {}}), "has no `train_dataloader`", "leave out `--data real`"),
        (Config({"train_dataloader": None}), "has no `train_dataloader`", "leave out `--data real`"),
        (loader(count=-1), "the training data is not there: data/annotations.json$", "check `data_root`"),
        (
            loader(dataset={"type": broken, "count": 1}),
            "cannot be built: ValueError: .*first line$",
            "fix its",
        ),
        (loader(count=1, drop_last=True), "gives no batch", "smaller than one batch"),
    ],
)
def test_what_is_wrong_with_a_dataloader_is_one_line_with_its_cure_and_comes_at_once(
    config: Config, message: str, cure: str
) -> None:
    with pytest.raises(NoInputs) as caught:
        real_batches(config)
    assert re.search(message, caught.value.message)
    assert cure in caught.value.hint
    assert "\n" not in str(caught.value)
