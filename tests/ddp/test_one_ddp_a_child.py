"""What MMEngine's wrapper with one DDP a child waits for: measured with torch."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
model = pytest.importorskip("mmengine.model")
pytestmark = [pytest.mark.ddp, pytest.mark.usefixtures("gloo"), pytest.mark.filterwarnings("ignore")]


class Part(torch.nn.Module):
    """A layer, and one whose result is thrown away."""

    def __init__(self, spare: bool) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
        self.spare = torch.nn.Linear(2, 2) if spare else None

    def forward(self, x: Any) -> Any:
        """The result of the one."""
        if self.spare is not None:
            self.spare(x)
        return self.layer(x)


class Gan(model.BaseModel):  # type: ignore[name-defined, misc]
    """Two parts that learn in turn, and one that no step runs."""

    def __init__(self, spare: bool) -> None:
        super().__init__()
        self.generator, self.critic, self.idle = Part(spare), Part(False), Part(True)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Unused."""

    def train_step(self, data: Any, optim_wrapper: Any) -> Any:
        """One step of each."""
        made = self.generator(data)
        self.critic(made).sum().backward()
        (self.critic(made.detach()).sum() + self.critic(data).sum()).backward()


@pytest.mark.parametrize(("spare", "find_unused"), [(True, False), (True, True), (False, False)])
def test_a_part_without_a_gradient_stops_its_own_child(spare: bool, find_unused: bool) -> None:
    wrapped = model.MMSeparateDistributedDataParallel(Gan(spare), find_unused_parameters=find_unused)
    wrapped.train_step(torch.ones(3, 2), None)
    if not spare or find_unused:
        wrapped.train_step(torch.ones(3, 2), None)
        return
    with pytest.raises(RuntimeError, match="Expected to have finished reduction"):
        wrapped.train_step(torch.ones(3, 2), None)
