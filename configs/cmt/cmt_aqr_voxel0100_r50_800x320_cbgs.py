# CMT with an adaptive query refinement head.
#
# The new head leaves some parameters unused in some steps, so its author switched the search for
# unused parameters on. Together with `with_cp=True`, which the base sets, backward dies at once:
#   RuntimeError: Expected to mark a variable ready only once.
_base_ = ['./cmt_voxel0100_r50_800x320_cbgs.py']

model = dict(pts_bbox_head=dict(type='CmtAQRHead', aqr_topk=128))

data = dict(samples_per_gpu=4)

find_unused_parameters = True
