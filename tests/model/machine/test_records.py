"""Objects that only hold values, when it is not known which of them is meant."""

import pytest
from small_nets import net, read

from mmfix.model.types import CANNOT_TELL, NEVER, SOMETIMES

RECORDS = """
class Record:
    def __init__(self, feat=None):
        self.feat = feat
        self.more = {}

    def scaled(self, factor):
        made = Record(self.feat * factor)
        for name, value in self.more.items():
            made.more[name] = value * factor
        return made
"""


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        (
            "r = Record(self.a(x))\nif x.sum() > 1: r = Record(self.b(x))\nloss = r.feat.sum()",
            {"a": SOMETIMES, "b": SOMETIMES, "c": NEVER},
        ),
        (
            "far = x.sum() > 1\nr = Record(self.a(x))\nif far: r = Record(self.b(x))\n"
            "loss = r.feat.sum() + (self.a(x) if far else self.b(x)).sum()",
            {"c": NEVER},
        ),
        (
            "record = Record(self.a(x))\nif x.sum() > 1: record = record.scaled(2)\n"
            "record.feat = record.feat + self.b(x)\nloss = record.feat.sum()",
            {"c": NEVER},
        ),
        (
            "one = two = Record(x)\nif x.sum() > 1: two = Record(x)\ntwo.feat = self.a(x)\n"
            "loss = one.feat.sum() + self.b(x)",
            {"a": CANNOT_TELL, "c": NEVER},
        ),
        (
            "one, two = Record(self.a(x)), Record(self.a(x))\ntwo.more['mask'] = self.b(x)\n"
            "for item in (two if x.sum() > 1 else one, two):\n"
            "    if 'mask' in item.more: mask = item.more['mask']\n"
            "loss = mask.sum() + item.feat.sum()",
            {"c": NEVER},
        ),
        (
            "records = [Record(self.a(x))]\nfor s in data_samples:\n    last = records[-1].scaled(s)\n"
            "    records.append(last)\nloss = records[-1].feat.sum() + self.b(x)",
            {"c": NEVER},
        ),
        (
            "records = [Record(self.a(x)) for _ in range(6)]\n"
            "for r in records: r.one, r.two, r.three, r.four = records[:4]\n"
            "for s in data_samples: last = records[s].three.two\nloss = last.feat.sum()",
            {"b": NEVER, "c": NEVER},
        ),
    ],
    ids=[
        "two",
        "the condition asked again",
        "changed afterwards",
        "another name of it",
        "a key that one has",
        "in a loop",
        "in a circle",
    ],
)
def test_records_of_which_one_is_meant(tmp_path, forward, expected):
    assert read(tmp_path, net(forward), RECORDS) == expected
