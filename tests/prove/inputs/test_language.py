"""BERT without the hub: the same parameters, nothing downloaded, and the texts that a rehearsal makes up."""

from __future__ import annotations

from pathlib import Path

import pytest
from fresh_python import run

pytest.importorskip("transformers")

SCRIPT = """
import os
import sys
os.environ.update(HF_HUB_OFFLINE="1", HF_HOME=sys.argv[1])
from mmfix.prove import ops
ops.install()
from mmengine.config import Config
from mmfix.prove.inputs.language import without_hub
config = Config({"model": {"language_model": {"type": "BertModel", "name": "bert-base-uncased"}}})
assert without_hub(Config({"model": {"type": "DINO"}})) == []
assert len(without_hub(config)) == 1
from mmdet.models.language_models import BertModel
model = BertModel("bert-base-uncased", use_sub_sentence_represent=True, pad_to_max=False,
                  add_pooling_layer=True, special_tokens_list=["[CLS]", "[SEP]", ".", "?"])
encoded = model.tokenizer(". ".join(f"thing {number}" for number in range(80)) + ".")
print(len(encoded.input_ids), encoded.char_to_token(6), sum(p.numel() for p in model.parameters()))
found = model(["thing 0. thing 1.", "thing 0."])
print(tuple(found["embedded"].shape))
try:
    model.tokenizer.from_pretrained("no/such-model")
except Exception as error:
    print("refused")
"""


@pytest.mark.zoo
def test_bert_of_the_published_shape_without_a_download(openmmlab: Path, tmp_path: Path) -> None:
    # 110 million parameters is what the paper says of BERT base
    assert run(SCRIPT, openmmlab, arguments=[tmp_path]).splitlines()[-3:] == [
        "242 2 109482240",
        "(2, 8, 768)",
        "refused",
    ]
