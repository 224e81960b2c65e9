"""What a caller may choose, in one place: the command line and the Python functions fill it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

#: How sure a finding must be to fail a run: a confidence and all surer ones, or ``never``.
FAIL_ON = ("certain", "likely", "possible", "never")


@dataclass(frozen=True)
class Settings:
    """The options that judge and cure configs.

    Attributes:
        launcher: The launcher that is trained with; ``none`` (one process) silences DDP findings. None:
            distributed.
        fail_on: How sure an error or warning must be to fail, one of :data:`FAIL_ON`.
        possible: Cure what is only possible, too, without being told which cure to take.
        reading_seconds: CPU seconds that reading one model's source may take, a number above zero; None: the
            reader's own bound.
        base_dirs: Folders in which bases are looked for that are not where a config says.
        allow_unjudged: That a named file, or all of a folder, could not be judged does not fail the run.
        gitignore: Leave out of a folder what git ignores.
        proofs: Believe the proof file (``.mmfix/proofs.json``) of a config.
    """

    launcher: Optional[str] = None
    fail_on: str = "likely"
    possible: bool = False
    reading_seconds: Optional[float] = None
    base_dirs: Tuple[str, ...] = ()
    allow_unjudged: bool = False
    proofs: bool = True
    gitignore: bool = True

    def __post_init__(self) -> None:
        """Refuse what no finding can be compared with.

        Raises:
            ValueError: ``fail_on`` is none of :data:`FAIL_ON`.
        """
        if self.fail_on not in FAIL_ON:
            raise ValueError(f"fail_on is one of {', '.join(FAIL_ON)}, not {self.fail_on!r}")


#: What holds where nobody chose.
DEFAULT = Settings()
