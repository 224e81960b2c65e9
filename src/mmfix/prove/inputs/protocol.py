"""What a rehearsal asks of an input maker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Protocol, Sequence, Tuple

from mmfix.errors import MmfixError


class NoInputs(MmfixError):
    """No batch can be made for this config; the message says what to do."""


@dataclass(frozen=True)
class Request:
    """The batch that is wanted: the same request always gives the same batch.

    Attributes:
        config: The MMEngine ``Config`` as :meth:`InputMaker.adapt` left it, with its ``train_dataloader``.
        kind: ``normal``; ``empty``: images without any ground truth; ``single``: one object in the first
            image, none in the others.
        size: Height and width of the images.
        batch_size: Number of images on one rank.
        seed: Differs by rank and iteration.
    """

    config: Any
    kind: str
    size: Tuple[int, int]
    batch_size: int = 2
    seed: int = 0


class InputMaker(Protocol):
    """Makes batches for the models of one package.

    Attributes:
        kinds: The kinds of batches that make sense, ``normal`` first: a classifier has no ``empty``.
    """

    kinds: Tuple[str, ...]

    def size(self, config: Any) -> Tuple[int, int]:
        """Height and width to use when the user names none: as small as the model can take."""

    def adapt(self, config: Any, size: Tuple[int, int]) -> Sequence[str]:
        """Change, in place and before the model is built, what brings other sizes back (fixed padding).

        Returns:
            What was replaced, one line each: ``model.data_preprocessor.size: (512, 1024) -> (128, 128)``.
        """

    def batch(self, request: Request) -> Mapping[str, Any]:
        """What the dataloader gives to the data preprocessor: ``{"inputs": [...], "data_samples": [...]}``.

        Raises:
            NoInputs: This batch cannot be made.
        """
