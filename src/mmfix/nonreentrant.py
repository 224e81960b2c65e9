"""Make non-reentrant gradient checkpointing torch's default, for every caller."""

from __future__ import annotations

import inspect
from typing import Any, Callable

from mmfix.errors import MmfixError
from mmfix.wording import say

_KEYWORD = "use_reentrant"


def use_nonreentrant_checkpoint() -> None:
    """Flip the keyword default of ``torch.utils.checkpoint.checkpoint`` to ``use_reentrant=False``.

    Calls that do not pass ``use_reentrant`` become non-reentrant, also in modules that did
    ``from torch.utils.checkpoint import checkpoint`` before: the default lives on the function itself,
    under whatever decorators torch put around it. Calls that pass ``use_reentrant=True`` and fairscale's
    ``checkpoint_wrapper`` stay as they are. ``checkpoint_sequential`` is flipped too where it has the
    keyword (torch >= 2.0); before, it calls ``checkpoint`` and follows it. A second call changes nothing.

    Memory and gradients stay the same, and DDP sees every parameter of a checkpointed module
    (``torch/utils/checkpoint.py``).

    Raises:
        MmfixError: torch cannot be imported or is older than 1.11, which has no such keyword.
    """
    try:
        import torch
        from torch.utils import checkpoint as module
    except ImportError as error:
        raise MmfixError(say("non-reentrant checkpointing needs torch: {why}", why=error)) from error
    if not _flip(_innermost(module.checkpoint)):
        raise MmfixError(
            say("torch {version} has no non-reentrant checkpoint", version=torch.__version__),
            hint=say("it came with torch 1.11; switch the checkpoint off in the config instead"),
        )
    _flip(_innermost(module.checkpoint_sequential))


def _innermost(function: Callable[..., Any]) -> Callable[..., Any]:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def _flip(function: Any) -> bool:
    """Set the default of ``use_reentrant`` to False; False when the function has no such parameter."""
    parameter = inspect.signature(function).parameters.get(_KEYWORD)
    if parameter is None:
        return False
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
        function.__kwdefaults__[_KEYWORD] = False
        return True
    names = inspect.getfullargspec(function).args
    defaults = list(function.__defaults__)
    defaults[names.index(_KEYWORD) - len(names)] = False
    function.__defaults__ = tuple(defaults)
    return True
