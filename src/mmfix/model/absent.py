"""Modules that hold something whose source is not here: nothing can be said of that part."""

from __future__ import annotations

from typing import Dict, Iterable, Tuple

from mmfix.model.machine.classes import ClassInfo
from mmfix.model.machine.foreign import Foreign
from mmfix.model.machine.machine import Machine
from mmfix.model.machine.values import PLAIN_SCALARS, Either, Instance
from mmfix.python.place import ABSENT
from mmfix.wording import say


def absent_parts(m: Machine, walked: Iterable[Tuple[str, Instance]]) -> Dict[Instance, str]:
    """Module -> why what it holds is not known; the machine's problems name what has no source here.

    Args:
        m: The machine, when the model is built.
        walked: The modules of the model, as :func:`mmfix.model.knowledge.torch.parts.walk` gives them.
    """
    found: Dict[Instance, str] = {}
    for _, module in walked:
        if isinstance(module.cls, ClassInfo) and module.cls.unknown_base:
            found[module] = module.cls.unknown_base
        for name, value in module.items.items():
            if type(value) in PLAIN_SCALARS:
                continue
            for item in value.values if isinstance(value, Either) else (value,):
                if isinstance(item, Foreign):
                    found.setdefault(
                        module,
                        say(
                            "{attribute} is made by {name}, which was not found in source",
                            attribute=name,
                            name=item.dotted,
                        ),
                    )
                    user = module.cls.name if isinstance(module.cls, ClassInfo) else module.owner
                    reason = say(
                        "{name}, which {type} uses, was not found in source", name=item.dotted, type=user
                    )
                    m.problem(reason, item.place, ABSENT, item.dotted)
    return found
