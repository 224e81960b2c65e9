"""Which input maker serves a config, and what is said when there is none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest

torch = pytest.importorskip("torch")
from mmengine.config import Config  # noqa: E402
from mmengine.model import BaseModel  # noqa: E402

from mmfix.prove import inputs  # noqa: E402
from mmfix.prove.inputs import finding  # noqa: E402

DOCS = Path(__file__).resolve().parents[3] / "docs" / "inputs.md"


class Own:
    kinds = ("normal",)

    def size(self, config: Any) -> Tuple[int, int]:
        return 32, 48

    def adapt(self, config: Any, size: Tuple[int, int]) -> Tuple[str, ...]:
        return ()

    def batch(self, request: inputs.Request) -> Dict[str, Any]:
        return {"inputs": []}


class FromEntryPoint(Own):
    pass


class Plain(BaseModel):
    def forward(self, inputs: Any, mode: str = "loss") -> Any:
        return {}


FIRST, SECOND = Own(), Own()


@pytest.fixture(autouse=True)
def _clean_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_registered", {})


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts a distribution with an entry point on the path, as an installer would."""

    def put(name: str, value: str) -> None:
        folder = tmp_path / "brought-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n", encoding="utf-8"
        )
        (folder / "entry_points.txt").write_text(f"[mmfix.inputs]\n{name} = {value}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))

    return put


def scope_config(**values: Any) -> Config:
    return Config({"model": {"type": "Net"}, "default_scope": "mine", **values})


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (scope_config(), FIRST),
        (scope_config(default_scope="other"), SECOND),
        (scope_config(model={"type": "other.Net"}), SECOND),  # the prefix of the top model decides
        (scope_config(model={"type": "Net", "_scope_": "other"}), SECOND),
        (scope_config(model={"type": "Net", "head": {"type": "other.Head"}}), FIRST),  # not that of a part
    ],
)
def test_the_scope_of_the_top_model_decides(config: Config, expected: Own) -> None:
    inputs.register("mine", FIRST)
    inputs.register("other", SECOND)
    assert inputs.maker_for(config) is expected


def test_the_package_of_a_base_class_counts_when_the_scope_has_no_maker() -> None:
    inputs.register("mmengine", FIRST)
    assert inputs.maker_for(Config({"model": {"type": Plain}})) is FIRST
    inputs.register(__name__.split(".", maxsplit=1)[0], SECOND)
    assert inputs.maker_for(Config({"model": {"type": Plain}})) is SECOND  # nearer


@pytest.mark.parametrize("scope", ["mmrotate", "mmpose"])
def test_a_package_without_a_maker_does_not_get_the_batches_of_its_base_classes(
    scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs.register("mmengine", FIRST)  # BaseModel's
    packing = {"type": "Pack3DDetInputs", "keys": ["points", "gt_bboxes_3d"]}
    config = scope_config(
        model={"type": Plain, "data_preprocessor": {"type": "Det3DDataPreprocessor"}},
        train_dataloader={"dataset": {"pipeline": [packing]}},
    )
    monkeypatch.setattr(Plain, "__module__", f"{scope}.models")
    with pytest.raises(inputs.NoInputs) as caught:
        inputs.maker_for(config)
    assert f"no made-up batches for '{scope}'" in caught.value.message
    for part in ("--data real", "Det3DDataPreprocessor takes (its pipeline packs points, gt_bboxes_3d)"):
        assert part in str(caught.value.hint)


def test_an_entry_point_goes_before_the_built_in_one(install: Any) -> None:
    install("mmseg", f"{__name__}:FromEntryPoint")
    assert type(inputs.maker_for(scope_config(default_scope="mmseg"))).__name__ == "FromEntryPoint"


def test_a_registered_maker_goes_before_an_entry_point(install: Any) -> None:
    install("mmseg", f"{__name__}:FromEntryPoint")
    inputs.register("mmseg", FIRST)
    assert inputs.maker_for(scope_config(default_scope="mmseg")) is FIRST


def test_an_entry_point_may_name_an_object(install: Any) -> None:
    install("mine", f"{__name__}:SECOND")
    assert type(inputs.maker_for(scope_config())).__name__ == "Own"


def test_a_broken_entry_point_is_named(install: Any) -> None:
    install("mine", "no_such_module:Maker")
    with pytest.raises(inputs.NoInputs, match=r"'mine' \(no_such_module:Maker\) cannot be imported"):
        inputs.maker_for(scope_config())


def test_without_a_maker_the_message_has_the_cure() -> None:
    with pytest.raises(inputs.NoInputs) as caught:
        inputs.maker_for(Config({"model": {"type": Plain}}))
    assert "no made-up batches for" in str(caught.value)
    assert "--data real" in str(caught.value)
    assert "mmfix.inputs" in str(caught.value)


def test_the_default_size_is_the_makers() -> None:
    inputs.register("mine", FIRST)
    assert inputs.default_size(scope_config()) == (32, 48)


def test_the_example_of_the_documentation_works() -> None:
    text = DOCS.read_text(encoding="utf-8")
    exec(re.findall(r"```python\n(.*?)```", text, re.S)[0], {})
    maker = inputs.maker_for(scope_config(default_scope="mypackage"))
    for kind, boxes in (("normal", 5), ("empty", 0)):
        request = inputs.Request(None, kind, (128, 128), batch_size=3, seed=4)
        first, again = maker.batch(request), maker.batch(request)
        assert [len(target) for target in first["data_samples"]] == [boxes] * 3
        assert all(torch.equal(one, two) for one, two in zip(first["inputs"], again["inputs"]))
