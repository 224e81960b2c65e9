"""mmfix: find and patch what kills distributed training in OpenMMLab configs.

    >>> import mmfix
    >>> report = mmfix.check('configs/my_config.py')       # runs nothing, imports no torch and no mmengine
    >>> result = mmfix.patch('configs/my_config.py')       # plans a patch; write=True writes it
    >>> cfg = mmfix.patch(cfg).config                      # a patched copy, right before Runner.from_cfg(cfg)

Names are imported when they are first used, so ``import mmfix`` costs next to nothing.
"""

# Nothing is imported here, not even `__future__` or `typing`: `python -m mmfix` comes by before `__main__`
# has taken the working directory off the path.
TYPE_CHECKING = False  # as type checkers know it

if TYPE_CHECKING:
    from typing import Any

    from mmfix.api import check, diff, explain, load, patch
    from mmfix.attach import explaining
    from mmfix.config.document import ConfigDocument
    from mmfix.errors import ConfigError, MmfixError, PatchError
    from mmfix.findings import Finding, Override, Remedy
    from mmfix.nonreentrant import use_nonreentrant_checkpoint
    from mmfix.results.checked import ConfigReport, Report
    from mmfix.results.comparison import Comparison
    from mmfix.results.diagnosis import Diagnosis
    from mmfix.results.patched import PatchResult

__version__ = "0.2.0"

_EXPORTS = {
    "check": "mmfix.api",
    "diff": "mmfix.api",
    "explain": "mmfix.api",
    "explaining": "mmfix.attach",
    "load": "mmfix.api",
    "patch": "mmfix.api",
    "ConfigDocument": "mmfix.config.document",
    "ConfigError": "mmfix.errors",
    "Diagnosis": "mmfix.results.diagnosis",
    "MmfixError": "mmfix.errors",
    "PatchError": "mmfix.errors",
    "Finding": "mmfix.findings",
    "Override": "mmfix.findings",
    "Remedy": "mmfix.findings",
    "use_nonreentrant_checkpoint": "mmfix.nonreentrant",
    "ConfigReport": "mmfix.results.checked",
    "Comparison": "mmfix.results.comparison",
    "PatchResult": "mmfix.results.patched",
    "Report": "mmfix.results.checked",
}

__all__ = [  # noqa: RUF022 - functions first, then types
    "check",
    "diff",
    "explain",
    "explaining",
    "load",
    "patch",
    "use_nonreentrant_checkpoint",
    "Comparison",
    "ConfigDocument",
    "ConfigError",
    "ConfigReport",
    "Diagnosis",
    "Finding",
    "MmfixError",
    "Override",
    "PatchError",
    "PatchResult",
    "Remedy",
    "Report",
]


def __getattr__(name: str) -> "Any":
    """Import an exported name on first use (PEP 562)."""
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module 'mmfix' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *_EXPORTS})
