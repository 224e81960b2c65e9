"""What a patch returns. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, Tuple

from mmfix.findings import Finding, Override
from mmfix.results.change import FileEdit, unified_diff
from mmfix.results.checked import Problem, ProofUsed, failing
from mmfix.results.judged import Judged


class Place(NamedTuple):
    """A literal that a patch changes where it stands.

    Attributes:
        line: Its line in the target, 1-based.
        key: The value that begins there.
        was: Its text as it was.
        now: Its text after the patch; empty for what is taken out.
    """

    line: int
    key: str
    was: str
    now: str


@dataclass(frozen=True)
class PatchResult:
    """The result of patching one config.

    Attributes:
        path: Absolute path of the config; ``<memory>`` for an in-memory config.
        target: The file that is (or would be) written: ``path``, an overlay or an output file.
        before: Bytes of ``target`` before; None when it did not exist.
        after: Bytes of ``target`` after; None when there is nothing to write.
        written: Whether ``target`` was written.
        remedies: Names of the applied cures.
        overrides: What the patch sets.
        left: Errors and warnings that stay after the patch.
        error: Why nothing was planned or written; None when all went well.
        config: In memory: the patched copy, to be given to ``Runner.from_cfg``.
        notes: What the reader must know, one line each.
        confirmed_by: The loader that has confirmed the patch, ``mmengine 0.10.7``; empty when none was asked.
        fail_on: How sure what is left must be to fail (``settings.FAIL_ON``).
        judged: Why the config was not judged, and therefore left alone; None for one that was.
        proof: The proof that was believed, or was not; None without one.
        taken_back: Errors and warnings that would be ``left`` or cured without the proof.
        look_for: How the next run shows that the cures work, one line; empty without a cure.
        places: What of ``overrides`` is changed where it stands, not appended.
        heirs: Of a base that is changed: absolute paths of all configs that inherit it and change with it.
        edits: Files of the user's own code that are (or would be) written instead of ``target``.
    """

    path: str
    target: str
    before: Optional[bytes] = None
    after: Optional[bytes] = None
    written: bool = False
    remedies: Tuple[str, ...] = ()
    overrides: Tuple[Override, ...] = ()
    left: Tuple[Finding, ...] = ()
    error: Optional[Problem] = None
    config: Any = field(default=None, repr=False)
    notes: Tuple[str, ...] = ()
    confirmed_by: str = ""
    fail_on: str = "likely"
    judged: Optional[Judged] = None
    proof: Optional[ProofUsed] = None
    taken_back: Tuple[Finding, ...] = ()
    look_for: str = ""
    places: Tuple[Place, ...] = ()
    heirs: Tuple[str, ...] = ()
    edits: Tuple[FileEdit, ...] = ()

    @property
    def changed(self) -> bool:
        """True when ``target``, or a file of code, gets other bytes than it had."""
        return bool(self.edits) or (self.after is not None and self.after != self.before)

    @property
    def status(self) -> str:
        """``refused``, ``skipped``, ``left`` (what fails stays), ``patched`` or ``clean`` (nothing to do).

        What stays and is only possible makes it ``left`` where ``fail_on`` says so.
        """
        if self.error is not None:
            return "refused"
        if self.judged is not None:
            return "skipped"
        if failing(self.left, self.fail_on):
            return "left"
        return "patched" if self.changed or (self.config is not None and self.overrides) else "clean"

    @property
    def exit_code(self) -> int:
        """0 patched or clean, 1 errors or warnings are left, 2 refused."""
        return {"refused": 2, "left": 1}.get(self.status, 0)

    def __str__(self) -> str:
        from mmfix.report.text.patch import render_patches
        from mmfix.report.text.problems import render_problems

        problems = [(self.error, self.path)] if self.error else []
        return render_problems(problems) + render_patches([self], diff=self.changed and not self.written)

    def diff(self) -> str:
        """A unified diff of ``target`` and of the files of code; empty when nothing changes."""
        changed = self.after is not None and self.after != self.before
        own = unified_diff(self.target, self.before, self.after) if changed else ""
        return own + "".join(edit.diff() for edit in self.edits)
