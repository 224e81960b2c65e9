"""DDP's own words, by torch version: what torch writes, with the changing parts left open.

Source: the strings of torch's binaries, ``torch/csrc/distributed/c10d/reducer.cpp``; those of 2.13 are also
produced for real in ``kinds/test_reproductions.py``.
"""

from __future__ import annotations

from typing import Sequence

_UNUSED = (
    "RuntimeError: Expected to have finished reduction in the prior iteration before starting a new one. "
    "This error indicates that your module has parameters that were not used in producing loss. "
)
_STRUCTURE = (
    "then the distributed data parallel module wasn't able to locate the output tensors in the return "
    "value of your module's `forward` function. Please include the loss function and the structure of the "
    "return value of `forward` of your module when reporting this issue (e.g. list, dict, iterable)."
)
_OFF = (
    "You can enable unused parameter detection by passing the keyword argument "
    "`find_unused_parameters=True` to `torch.nn.parallel.DistributedDataParallel`, and by \n"
)
_ON = (
    "Since `find_unused_parameters=True` is enabled, this likely  means that not all `forward` outputs "
    "participate in computing loss. You can fix this by "
)

UNUSED_1_8 = (
    _UNUSED + "You can enable unused parameter detection by (1) passing the keyword argument "
    "`find_unused_parameters=True` to `torch.nn.parallel.DistributedDataParallel`; (2) making sure all "
    "`forward` "
    "function outputs participate in calculating loss. If you already have done the above two steps, "
    + _STRUCTURE
)
#: Without any list of parameters.
UNUSED_BARE = (
    _UNUSED + _OFF + "making sure all `forward` function outputs participate in calculating loss. \n"
)


def unused(
    indices: Sequence[int], rank: int = 0, *, names: Sequence[str] = (), cut: bool = False, on: bool = False
) -> str:
    """torch >= 1.9; with names under TORCH_DISTRIBUTED_DEBUG."""
    text = _UNUSED + (_ON if on else _OFF)
    text += "making sure all `forward` function outputs participate in calculating loss. \n"
    text += f"If you already have done the above, {_STRUCTURE}"
    if names:
        text += f"\nParameters which did not receive grad for rank {rank}: {', '.join(names)}"
    text += f"\nParameter indices which did not receive grad for rank {rank}: {' '.join(map(str, indices))}"
    text += " ..." if cut else ""
    if not names:
        text += (
            "\n In addition, you can set the environment variable TORCH_DISTRIBUTED_DEBUG to either INFO "
            "or DETAIL to print out information about which particular parameters did not receive "
            "gradient on this rank as part of this error"
        )
    return text + "\n"


_TWICE = (
    "RuntimeError: Expected to mark a variable ready only once. This error is caused by one of the "
    "following reasons: 1) Use of a module parameter outside the `forward` function. Please make sure "
    "model parameters are not shared across multiple concurrent forward-backward passes"
)
_REUSED = (
    "2) Reused parameters in multiple reentrant backward passes. For example, if you use multiple "
    "`checkpoint` functions to wrap the same part of your model, it would result in the same set of "
    "parameters been used by different reentrant backward passes multiple times, and hence marking a "
    "variable ready multiple times. "
)
TWICE_1_8 = _TWICE + _REUSED + "DDP does not support such use cases yet."
#: torch 1.2 to 1.8 with find_unused_parameters=True.
TWICE_CLAUSE_3 = (
    TWICE_1_8
    + "3) Incorrect unused parameter detection. The return value of the `forward` function is inspected by "
    "the distributed data parallel wrapper to figure out if any of the module's parameters went unused."
)
TWICE_BARE = (
    _TWICE
    + ". or try to use _set_static_graph() as a workaround if this module graph does not change during "
    "training loop." + _REUSED + "DDP does not support such use cases in default. You can try to use "
    "_set_static_graph() as a workaround if your module graph does not change over iterations."
)


def twice(index: int, name: str = "") -> str:
    """torch >= 1.9; the name with TORCH_DISTRIBUTED_DEBUG, always from 2.1 on."""
    with_name = f" with name {name}" if name else ""
    return (
        f"{TWICE_BARE}\nParameter at index {index}{with_name} has been marked as ready twice. This means that multiple "
        "autograd engine  hooks have fired for this particular parameter during this iteration.\n"
    )


STATIC_CHANGED = (
    "RuntimeError: Your training graph has changed in this iteration, e.g., one parameter is unused in "
    "first iteration, but then got used in the second iteration. this is not compatible with static_graph "
    "set to True.\n"
)
STATIC_UNUSED = (
    "RuntimeError: Expected to have finished reduction in the prior iteration before starting a new one. "
    "This error indicates that your training graph has changed in this iteration, e.g., one parameter is "
    "used in first iteration, but then got unused in the second iteration. this is not compatible with "
    "static_graph set to True.\nParameter indices which did not receive grad for rank 0: 4 5\n"
)
