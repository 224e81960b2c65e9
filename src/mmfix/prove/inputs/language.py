"""Language models without their downloads: the published shape, random weights, few words."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from typing import Any, List

from mmfix.prove.inputs.settings import dicts
from mmfix.wording import say

#: Names on the Hugging Face hub of models that transformers' own default config describes.
PUBLISHED = ("bert-base-uncased",)
#: What the class names that a rehearsal makes up are made of, and what mmdet puts around them.
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", ",", "thing", *map(str, range(1000)))


def without_hub(config: Any) -> List[str]:
    """Keep the BERT of GLIP and Grounding DINO from the hub; which parameters exist stays the same.

    mmdet/models/language_models/bert.py and dense_heads/atss_vlfusion_head.py take config, tokenizer and
    weights from there with ``from_pretrained``. In this process that makes those in :data:`PUBLISHED` itself.

    Returns:
        What was replaced, one line; nothing if the model has no such part, or transformers is not installed.
    """
    texts = [
        value for _, node in dicts(config.get("model")) for value in node.values() if isinstance(value, str)
    ]
    names = [name for name in PUBLISHED if name in texts]
    if not names:
        return []
    try:
        published: Any = importlib.import_module("transformers")
    except ImportError:  # the model says so when it is built
        return []
    _instead(published.BertConfig, lambda: published.BertConfig())
    _instead(published.BertModel, lambda **settings: published.BertModel(**settings))
    _instead(published.AutoTokenizer, lambda: _tokenizer(published))
    return [say("weights and vocabulary of {model}: random, and a few words", model=name) for name in names]


def _instead(kind: Any, make: Any) -> None:
    """``kind.from_pretrained(name, ...)`` makes its object for a published name, else does its work."""
    original = kind.from_pretrained

    def from_pretrained(name: str, *arguments: Any, **settings: Any) -> Any:
        return make(**settings) if name in PUBLISHED else original(name, *arguments, **settings)

    kind.from_pretrained = from_pretrained


def _tokenizer(transformers: Any) -> Any:
    """Words that it does not know become one token each, as far as one can be told from another."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("\n".join(WORDS) + "\n", encoding="utf-8")
        return transformers.BertTokenizerFast(vocab_file=str(path))
