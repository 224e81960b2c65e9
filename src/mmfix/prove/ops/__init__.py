"""Plain-torch stand-ins for mmcv's compiled operators, so that a rehearsal needs no compiler.

mmcv's Python files call functions of the extension module ``mmcv._ext`` from their ``autograd.Function``
classes. The stand-ins are such functions, with the same arguments and the same results. mmcv's own files stay
as they are: the autograd graph has the same edges and keeps the same tensors as with the compiled operators.

    from mmfix.prove import ops
    ops.install()      # before mmdet, mmseg, ... are imported
    ...
    ops.used()         # ("nms", "roi_align")
"""

from __future__ import annotations

from mmfix.prove.ops.extension import OpNotAvailable, install, used

__all__ = ["OpNotAvailable", "install", "used"]
