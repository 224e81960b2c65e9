"""Every codemod, by the name of its remedy."""

from __future__ import annotations

from typing import Dict

from mmfix.codemods import freeze_before_wrap, non_reentrant_in_code, training_script, unused_module
from mmfix.codemods.codemod import Codemod

CODEMODS: Dict[str, Codemod] = {
    module.CODEMOD.name: module.CODEMOD
    for module in (non_reentrant_in_code, freeze_before_wrap, training_script, unused_module)
}
