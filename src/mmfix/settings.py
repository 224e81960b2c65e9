"""What may be chosen, in one place: the command line, Python functions and settings files fill it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, FrozenSet, Optional, Tuple

#: How sure a finding must be to fail a run, or to be cured unasked: a confidence and all surer ones, or
#: ``never``. The surest first.
FAIL_ON = ("certain", "likely", "possible", "never")
#: How training is started (``--launcher`` of the frameworks' ``tools/train.py``).
LAUNCHERS = ("none", "pytorch", "slurm", "mpi")


@dataclass(frozen=True)
class Settings:
    """The options that judge and cure configs.

    Attributes:
        launcher: The launcher that is trained with; ``none`` (one process) silences DDP findings. None:
            distributed, unless ``gpus`` is 1.
        gpus: With how many GPUs is trained; None: with several.
        torch: The version that is trained with, ``1.13``; empty: the one that is installed beside mmfix.
        fail_on: How sure an error or warning must be to fail, one of :data:`FAIL_ON`.
        patch_min_confidence: How sure it must be to be cured without being told which cure to take.
        default_remedy: The cure to take where nobody names one and it is offered; None: the first safe one.
        select: Rules that are looked at: codes, beginnings of codes, names; empty: all.
        ignore: Rules whose findings are not shown.
        per_path_ignores: Globs, each with such rules.
        exclude: Globs of what is left out of a folder.
        reading_seconds: CPU seconds that reading one model's source may take, a number above zero; None: the
            reader's own bound.
        base_dirs: Folders in which bases are looked for that are not where a config says.
        source_roots: Folders in which the source of the model is looked for first.
        docs_url: The address of the page that ``docs/rules.md`` has become; empty: findings name no page.
        allow_unjudged: That a named file, or all of a folder, could not be judged does not fail the run.
        gitignore: Leave out of a folder what git ignores.
        proofs: Believe the proof file (``.mmfix/proofs.json``) of a config.
        files: The nearest settings file above a config says what the caller has not chosen.
        comments: ``# mmfix: ignore[...]`` in a config counts.
        given: The fields that the caller has chosen, which win over a settings file.
    """

    launcher: Optional[str] = None
    fail_on: str = "likely"
    patch_min_confidence: str = "likely"
    reading_seconds: Optional[float] = None
    base_dirs: Tuple[str, ...] = ()
    allow_unjudged: bool = False
    proofs: bool = True
    gitignore: bool = True
    gpus: Optional[int] = None
    torch: str = ""
    default_remedy: Optional[str] = None
    select: Tuple[str, ...] = ()
    ignore: Tuple[str, ...] = ()
    per_path_ignores: Tuple[Tuple[str, Tuple[str, ...]], ...] = ()
    exclude: Tuple[str, ...] = ()
    source_roots: Tuple[str, ...] = ()
    docs_url: str = ""
    files: bool = False
    comments: bool = False
    given: FrozenSet[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what no finding can be compared with.

        Raises:
            ValueError: ``fail_on`` or ``patch_min_confidence`` is none of :data:`FAIL_ON`.
        """
        for name in ("fail_on", "patch_min_confidence"):
            if getattr(self, name) not in FAIL_ON:
                raise ValueError(f"{name} is one of {', '.join(FAIL_ON)}, not {getattr(self, name)!r}")


#: What holds where nobody chose.
DEFAULT = Settings()


def chosen(files: bool = True, **given: Any) -> Settings:
    """What a caller asks for; comments in configs count, and settings files unless they are left out.

    Args:
        files: Settings files count.
        given: Fields of :class:`Settings`; None, False and an empty one mean that nothing was chosen.

    Raises:
        ValueError: As :class:`Settings`.
    """
    named = {name: value for name, value in given.items() if value not in (None, False, (), "")}
    return Settings(**named, files=files, comments=True, given=frozenset(named))
