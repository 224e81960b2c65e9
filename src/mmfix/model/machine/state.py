"""What the interpreter remembers beside the values: branches, gradients, uses, bounds."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from mmfix.model.machine.between_steps import BetweenSteps
from mmfix.model.machine.budget import Budget
from mmfix.model.machine.conditions import (
    CLOCK,
    NO_GIVEN,
    PICKED,
    PLAIN,
    Condition,
    Given,
    Path,
    Side,
    Split,
    Turns,
    common,
    merge_given,
    resolved,
    ways_between,
    with_implied,
)
from mmfix.model.machine.drawing import Draws
from mmfix.model.machine.frame import Attempt, Contents, Exit, Frame, inner_first, receiver_of
from mmfix.model.machine.joining import any_of, join, join_contents, summary, together
from mmfix.model.machine.parting import Watch
from mmfix.model.machine.passes import CheckpointCall
from mmfix.model.machine.reach import HOLDERS, contents, reachable
from mmfix.model.machine.values import (
    DATA,
    LOST,
    PLAIN_SCALARS,
    TENSOR,
    Either,
    Opaque,
    Param,
    PyDict,
    PyList,
    Raised,
    Storage,
)
from mmfix.python.place import ABSENT, Place, Problem

_MOST_PROBLEMS = 40

#: How a branch ended: it ran through, it left (return, break, continue: recorded in the frame), or it raised.
THROUGH, LEFT, RAISED = "through", "left", "raised"


class State(Budget):
    """The mutable state of one interpretation.

    Attributes:
        made_with: Object -> the arguments that its constructor was given, by name; of those whose arguments
            are all known.
        grad: Whether gradients are recorded.
        asks: An AttributeError that is raised now is caught.
        catchers: The ``try`` statements around what runs, the outermost first (``trying.py: Catcher``).
        rehearsing: What runs now is tried, and will be forgotten.
        conditional: How many unknown conditions the code that runs now is under.
        guards: How many branches and ``try`` blocks around the code that runs now may end in an exception.
        nonempty: Whether the code that runs now is under a test that there is something to compute on.
        assumed: What holds where the code that runs now is: the sides of conditions that are not known.
        conditions: Every condition that was met; interned: those of comparisons, by what is compared.
        lengths: Of a value that is not known its length, the same whenever it is asked for.
        turns: The innermost loop of unknown length that is followed now.
        escaped: Bits of parameters handed to code that is not followed.
        added_in_place: Bits of parameters, to what may have other names.
        params: All parameters.
        used: Bit -> times used with gradients on the training path.
        toggled: Lines that set ``requires_grad`` while the training step runs.
        checkpoints: Checkpointed calls.
        problems: What could not be followed.
        between_steps: What a training step hands on to the next.
        draws: What the program draws by chance.
        same_losses: The losses are the same, by their names, on every path; None where there were none yet.
        phase: ``build``, ``init_weights``, ``train`` or ``step``.
        before_wrap: DDP has not wrapped the model yet.
        doubts: The first reason not to be sure which parameters the model has at the wrap, in which order.
        doubts_unseen: One of them cannot be seen from the module that it is of.
        watch: Where the paths of the training step part.
        edits: How many times a parameter or module was made, put in place or frozen.
        recursions: Function, its closure and ``edits`` -> what was lost track of when it called itself.
        choosing: One of several values is looked at: one that has not what is asked of it is not the one.
        astray: Why the code that was read can not be what runs; empty while it can.
    """

    __slots__ = (
        "added_in_place", "asks", "assumed", "astray", "before_wrap", "between_steps", "bits",
        "catchers", "checkpointed", "checkpoints", "choosing", "conditional", "conditions", "doubts",
        "doubts_unseen", "draws", "edits", "escaped", "frames", "grad", "guards", "interned",
        "lengths", "line", "made_with", "nonempty", "params", "phase", "problems", "recursions",
        "rehearsing", "same_losses", "started", "toggled", "trail", "turns", "used", "watch",
    )  # fmt: skip

    def __init__(self, seconds: Optional[float] = None) -> None:
        super().__init__(seconds)
        self.grad = True
        self.asks = self.rehearsing = False
        self.conditional = self.guards = 0
        self.astray = ""
        self.choosing = False
        self.recursions: Dict[Tuple[Any, Optional[Frame], int], int] = {}
        self.nonempty = False
        self.assumed: Path = {}
        self.conditions: List[Condition] = []
        self.interned: Dict[Any, Condition] = {}
        self.lengths: Dict[Opaque, Opaque] = {}
        self.turns: Optional[Turns] = None
        self.escaped = 0
        self.added_in_place = 0
        self.bits = 0
        self.params: List[Param] = []
        self.used: Dict[int, Place] = {}
        self.toggled: List[Tuple[Place, int]] = []
        self.checkpoints: List[CheckpointCall] = []
        self.checkpointed = 0
        self.made_with: Dict[Any, Dict[str, Any]] = {}
        self.problems: List[Problem] = []
        self.draws = Draws()
        self.same_losses: Optional[bool] = None
        self.phase = "build"
        self.before_wrap = True
        self.doubts = ""
        self.doubts_unseen = False
        self.edits = 0
        self.frames: List[Frame] = []
        self.watch = Watch(self.frames)
        self.line = 0
        self.trail: List[Contents] = []
        self.between_steps = BetweenSteps(self.trail)
        self.catchers: List[Any] = []
        self.started: List[int] = []

    # -- where ---------------------------------------------------------------

    @property
    def here(self) -> Optional[Place]:
        """The line that runs."""
        return Place(self.frames[-1].scope.path, self.line) if self.frames else None

    @property
    def creating(self) -> Optional[Place]:
        """The line that runs if it is a class's own; what a helper makes counts where it is put in place."""
        function = self.frames[-1].function if self.frames else None
        return self.here if function is not None and function.cls is not None else None

    def problem(self, reason: str, place: Optional[Place] = None, kind: str = "", name: str = "") -> None:
        """Remember what could not be followed; the first few are enough."""
        entry = Problem(reason, place or self.here, kind, name)
        most = 2 * _MOST_PROBLEMS if kind == ABSENT else _MOST_PROBLEMS
        if len(self.problems) < most and entry not in self.problems:
            self.problems.append(entry)

    def doubt(self, reason: str, seen: bool = False) -> None:
        """Which parameters the model has at the wrap, or their order, is not certain.

        ``seen``: it is of one module, which shows it.
        """
        self.doubts_unseen = self.doubts_unseen or (self.before_wrap and not seen)
        if self.before_wrap and not self.doubts:
            here = self.here
            where = f" ({here.path.replace(chr(92), '/').rpartition('/')[2]}:{here.line})" if here else ""
            self.doubts = reason + where

    # -- mutation and branches -------------------------------------------------

    @property
    def certain(self) -> bool:
        """Whether what runs now runs on every path."""
        return not (self.conditional or self.guards or self.assumed)

    def touch(self, item: Storage) -> None:
        """To be called before ``item`` changes."""
        trail = self.trail
        if trail and item.born < self.started[-1]:
            level = trail[-1]
            if item not in level:
                level[item] = item.save()

    def attempt(self, run: Callable[[], Any], sides: Tuple[Side, ...] = ()) -> Attempt:
        """Run a branch on which ``sides`` hold, and undo it."""
        self.trail.append({})
        self.started.append(next(CLOCK))
        self.conditional += 1
        self.guards += 1
        grad, result, ended, doubts = self.grad, None, THROUGH, self.doubts
        assumed = path = self.assumed
        if sides:
            self.assumed = assumed.copy()
            self.assumed.update(with_implied(sides))
        try:
            result = run()
        except Raised:
            ended, self.doubts = RAISED, doubts
        finally:
            self.conditional -= 1
            self.guards -= 1
            before = self.trail.pop()
            self.started.pop()
            after = {item: item.save() for item in before}
            for item, saved in before.items():
                item.load(saved)
            self.grad, self.assumed, path = grad, assumed, self.assumed
        return Attempt(ended, result, after, path)

    def settle(self, states: Sequence[Exit]) -> None:
        """Go on from any of several states."""
        if not states:
            return
        if len(states) == 1:
            for item, saved in states[0].contents.items():
                self.touch(item)
                item.load(saved)
        else:
            ways = ways_between([state.path for state in states])
            for item in inner_first([state.contents for state in states]):
                self.touch(item)
                now = item.save()
                item.load(_joined_contents(item, [state.contents.get(item, now) for state in states], ways))
        self.assumed = common([state.path for state in states])

    def either(self, found: Sequence[Tuple[Any, Path]]) -> Any:
        """One of several values, each with the path that gives it."""
        merged = found[-1][0]
        if len(found) == 1:
            return merged
        for (value, _), way in zip(found[-2::-1], ways_between([path for _, path in found])):
            merged = join(value, merged, 0, way)
        return merged

    def begin(self) -> Contents:
        """A call or loop begins that may be left in several states: from now on they are told apart."""
        level: Contents = {}
        self.trail.append(level)
        self.started.append(next(CLOCK))
        return level

    def end(self, level: Contents) -> None:
        """It ends; what changed in it, changed in what surrounds it."""
        self.trail.pop()
        self.started.pop()
        for item, saved in level.items():
            if self.trail and item.born < self.started[-1]:
                self.trail[-1].setdefault(item, saved)

    def since(self, depth: int, after: Optional[Contents] = None) -> Contents:
        """The contents of everything that changed since the state of that depth was begun."""
        now = {item: item.save() for level in self.trail[depth:] for item in level}
        now.update(after or {})
        return now

    def unite(self, level: Contents, states: Sequence[Exit], live: bool) -> None:
        """Go on from any of ``states``, and from the state of now if that is ``live``."""
        if not states:
            return
        self.between_steps.meet()
        paths = [*(state.path for state in states), *([self.assumed] if live else [])]
        ways = ways_between(paths)
        for item in inner_first((level, *(state.contents for state in states))):
            now = item.save()
            original = level.get(item, now)
            found = [state.contents.get(item, original) for state in states]
            if live:
                found.append(now)
            self.touch(item)
            item.load(_joined_contents(item, found, ways))
        self.assumed = common(paths)

    # -- gradients ---------------------------------------------------------------

    def flow(self, *values: Any) -> Opaque:
        """The result of an operation on values: it depends on all they depend on."""
        may = must = 0
        given: Given = {}
        picked = False
        for value in values:
            kind = type(value)
            if kind in PLAIN_SCALARS:
                continue
            part = value if kind is Opaque or isinstance(value, Opaque) else self.depend(value)
            may |= part.may
            must |= part.must
            if part.given:
                must |= merge_given(given, part.given, self.assumed)
            if value is values[0] and part.note is not PLAIN:
                picked = part.note.picked  # what it is made from: boxes and weights come behind
        note = PICKED if picked else PLAIN
        if not self.grad:
            return Opaque(0, 0, TENSOR, NO_GIVEN, note)
        must, given = resolved(must, given) if given else (must, NO_GIVEN)
        return Opaque(may, must, TENSOR, given, note)

    def depend(self, value: Any, known: Optional[Dict[int, Opaque]] = None) -> Opaque:
        """What a value depends on; parameters in it count as used, modules in it are lost track of."""
        if type(value) in PLAIN_SCALARS:
            return Opaque(0, 0, DATA)
        if isinstance(value, Opaque):
            return value
        if isinstance(value, Param):
            self.use(value)
            return summary(value)
        if isinstance(value, (tuple, list, PyList, PyDict)):
            known = {} if known is None else known  # a part may be in many others
            if id(value) not in known:
                known[id(value)] = Opaque(0, 0, DATA)  # while it is looked at: it may hold itself
                parts = [self.depend(item, known) for item in contents(value)]
                known[id(value)] = together(parts, self.assumed, DATA)
            return known[id(value)]
        if isinstance(value, Either):
            return any_of([self.depend(item) for item in value.values])
        if isinstance(value, HOLDERS):
            return Opaque(self.escape(value), 0, DATA)
        return Opaque(0, 0, DATA)

    def use(self, param: Param) -> None:
        """A parameter takes part in a computation that records gradients."""
        if (
            self.grad
            and self.phase == "step"
            and param.bit not in self.used
            and param.requires_grad is not False
        ):
            place = self.here
            if place is not None:
                self.used[param.bit] = place

    def new_bit(self) -> int:
        """A bit for one more parameter, or for one more checkpointed call."""
        self.bits += 1
        return 1 << (self.bits - 1)

    def new_param(self, requires_grad: Optional[bool] = True, owner: str = "") -> Param:
        """A new parameter of the model."""
        self.spend(200 + (self.bits >> 6))  # the more there are, the longer are all sets of them
        param = Param(self.new_bit(), requires_grad, self.here, owner)
        self.params.append(param)
        self.edits += 1
        return param

    def set_requires_grad(self, param: Param, value: Any) -> None:
        """``param.requires_grad = value``."""
        wanted = value if isinstance(value, bool) else None
        if param.requires_grad is wanted:
            return
        self.touch(param)
        param.items = wanted
        self.edits += 1
        param.frozen_at, param.frozen_by = self.here, receiver_of(self.frames)
        if self.phase == "step" and param.frozen_at is not None:
            self.toggled.append((param.frozen_at, param.bit))

    def escape(self, value: Any) -> int:
        """Everything reachable from a value was handed to code that is not followed: these parameters."""
        bits = self.bits_of(value)
        if self.phase not in ("init_weights", "train"):  # there only numbers and flags change
            self.escaped |= bits
        return bits

    def bits_of(self, value: Any) -> int:
        """The parameters reachable from a value."""
        return reachable(value)

    def lost(self, reason: str, *values: Any, kind: str = "", name: str = "") -> Opaque:
        """The result of something that is not followed, given ``values``."""
        self.problem(reason, None, kind, name)
        result = self.flow(*values)
        result.kind = LOST
        return result

    def lose_way(self, reason: str, *values: Any) -> Opaque:
        """The result of code that would end every run, given ``values``.

        People train the models that are read. So something on the way here was not understood: what this code
        had at hand may be used or not.
        """
        self.problem(reason)
        self.doubt(reason)
        if self.phase == "step":
            self.astray = self.astray or reason
        bits = self.escape(list(values))
        return Opaque(bits if self.grad else 0, 0, LOST)


def _joined_contents(item: Storage, found: Sequence[Any], ways: Sequence[Split]) -> Any:
    """The contents of one object, given those at the end of each path."""
    merged = found[-1]
    for held, way in zip(found[-2::-1], ways):
        if held is not merged:
            merged = join_contents(item, held, merged, way)
    return merged
