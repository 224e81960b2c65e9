"""What the machine asks of those who know Python, torch and the frameworks by heart.

The machine is handed an implementation (:mod:`mmfix.model.knowledge.answers`) and imports none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, List, Optional, Protocol, Tuple

from mmfix.model.machine.values import Instance, NativeClass, Opaque, Param, PyList, Registry
from mmfix.python.place import Place

if TYPE_CHECKING:
    from mmfix.model.machine.machine import Machine

Args = List[Any]
Kwargs = Dict[str, Any]
Run = Callable[..., Any]


class Knowledge(Protocol):
    """Answers about code that is not read. MISSING, or None where it says so, stands for "not known"."""

    # -- names

    def builtin(self, name: str) -> Any:
        """A builtin of Python, or MISSING."""

    def known_name(self, dotted: str) -> Any:
        """What is known of a framework's name, or None: its source is read then."""

    def native_class(self, dotted: str) -> Optional[NativeClass]:
        """A library class, or None."""

    def torch_layer(self, name: str) -> Optional[NativeClass]:
        """The layer of torch that the frameworks register under a name, or None."""

    # -- calls

    DRAWS: FrozenSet[str]
    """The last names of functions that draw by chance."""

    def call(self, m: Machine, dotted: str, args: Args, kwargs: Kwargs, rest: Any) -> Any:
        """A call of a library function or class by its dotted name.

        ``rest`` stands for keyword arguments under unknown names; MISSING when there are none.
        """

    def flows_through(self, dotted: str) -> bool:
        """Whether nothing is known of a function but that its result depends on all it is given."""

    def make(self, m: Machine, cls: NativeClass, args: Args, kwargs: Kwargs, more: bool = False) -> Any:
        """An object of a known class; ``more``: there are arguments whose names are not known."""

    def initialise(
        self, m: Machine, instance: Instance, cls: NativeClass, args: Args, kwargs: Kwargs
    ) -> None:
        """What ``cls.__init__`` does to an object."""

    def forward(self, m: Machine, instance: Instance, cls: NativeClass, args: Args, kwargs: Kwargs) -> Any:
        """What calling a module of a known class gives."""

    def run_checkpointed(
        self,
        m: Machine,
        function: Any,
        args: Args,
        kwargs: Kwargs,
        reentrant: Optional[bool],
        library: str,
        switched_on: Optional[Tuple[Optional[Place], Optional[Instance]]] = None,
    ) -> Any:
        """Run ``function`` under a gradient checkpoint."""

    # -- attributes

    def tensor_attribute(self, m: Machine, value: Opaque, name: str) -> Any:
        """``value.name`` of a tensor, or of what is not known."""

    def param_attribute(self, m: Machine, value: Param, name: str) -> Any:
        """An attribute of a parameter."""

    def container_attribute(self, m: Machine, value: Any, name: str) -> Any:
        """An attribute of a container or scalar, or MISSING."""

    def native_attribute(self, m: Machine, value: Any, name: str) -> Any:
        """An attribute of a library name."""

    def has_registered(self, m: Machine, registry: Registry, name: Any) -> Optional[bool]:
        """``name in registry``; None when that is not known."""

    def registry_method(self, name: str) -> Run:
        """A method of a registry."""

    def has_member(self, base: NativeClass, name: str) -> bool:
        """Whether a known class has a member of that name."""

    def member(self, m: Machine, instance: Instance, base: NativeClass, name: str) -> Any:
        """A member of a known class, bound to an object, or MISSING."""

    def inherited(self, m: Machine, instance: Instance, name: str) -> Any:
        """A member that a class of the source has from a known base, or MISSING."""

    def unbound(self, base: NativeClass, name: str) -> Run:
        """A method of a known class as a function of the object."""

    def attach(self, m: Machine, target: Instance, name: str, value: Any) -> None:
        """``target.name = value``."""

    def detach(self, m: Machine, target: Instance, name: str) -> None:
        """``del target.name``."""

    # -- objects as containers

    def subscript(self, m: Machine, instance: Instance, index: Any) -> Any:
        """``instance[index]``."""

    def set_subscript(self, m: Machine, instance: Instance, index: Any, value: Any) -> None:
        """``instance[index] = value``."""

    def delete(self, m: Machine, instance: Instance, index: Any) -> None:
        """``del instance[index]``."""

    def contains(self, instance: Instance, item: Any) -> Optional[bool]:
        """``item in instance``; None when that is not known."""

    def iterate(self, m: Machine, instance: Instance) -> PyList:
        """What iterating over an object gives."""

    def fills(self, m: Machine, instance: Instance, contents: Any) -> bool:
        """Whether a list or table of modules has other entries with these saved contents."""

    def truth(self, m: Machine, instance: Instance) -> Optional[bool]:
        """``bool(instance)``; None when that is not known."""
