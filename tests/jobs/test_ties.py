"""Which configs of a list are written before which, and which of them by one process."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List

import pytest

from mmfix.config.reader import Reader
from mmfix.jobs.ties import ties_of

#: Texts of files, or the file that one is a link to; then the names by wave.
CASES = {
    "nothing": ({"a": "", "b": ""}, ["a b"]),
    "a chain": ({"a": "b", "b": "c", "c": "d", "d": ""}, ["d", "c", "b", "a"]),
    "a base that is not in the list": ({"a": "-x", "-x": "b", "b": ""}, ["b", "a"]),
    "two bases of different height": ({"a": "b c", "b": "", "c": "d", "d": ""}, ["b d", "c", "a"]),
    "what cannot be read": ({"a": "b", "b": "(", "c": "d", "d": ""}, ["a b d", "c"]),
    "a circle": ({"a": "b", "b": "a", "c": ""}, ["a b c"]),
    "a link is a name of the file": ({"a": "b", "b": "", "c": ">b"}, ["b c", "a"]),
    "the heir of a link": ({"a": "c", "b": "", "c": ">b"}, ["b c", "a"]),
}


def configs(folder: Path, files: Dict[str, str]) -> List[str]:
    """Write the files; the paths of those in the list."""
    for name, text in files.items():
        path = folder / f"{name}.py"
        if text.startswith(">"):
            path.symlink_to(f"{text[1:]}.py")
        elif text == "(":
            path.write_text(text)
        else:
            path.write_text(
                f"_base_ = {[f'./{base}.py' for base in text.split()]}\n{path.stem.strip('-')} = 1\n"
            )
    return [str(folder / f"{name}.py") for name in files if not name.startswith("-")]


@pytest.mark.parametrize("case", CASES)
def test_bases_are_of_an_earlier_wave(case: str, tmp_path: Path) -> None:
    files, waves = CASES[case]
    paths = configs(tmp_path, files)
    for listed in (paths, paths[::-1]):
        ties = ties_of(listed, Reader())
        found = [
            " ".join(Path(path).stem for path in paths if ties[path].wave == wave)
            for wave in range(len(waves))
        ]
        assert found == waves


def test_only_the_names_of_one_file_are_of_a_group(tmp_path: Path) -> None:
    paths = configs(tmp_path, {"a": "b", "b": "", "c": ">b", "d": ">a"})
    for reader in (Reader(), None):
        a, b, c, d = (ties_of(paths, reader)[path].group for path in paths)
        assert (a, b) == (d, c)
        assert a != b


def test_the_files_of_the_list_that_a_config_is_made_of(tmp_path: Path) -> None:
    paths = configs(tmp_path, {"a": "-x", "-x": "b", "b": "", "c": "("})
    ties = ties_of(paths, Reader())
    assert [ties[path].files for path in paths] == [(paths[0], paths[1]), (paths[1],), (paths[2],)]


def test_files_that_inherit_each_other_through_links_stay_in_one_process(tmp_path: Path) -> None:
    """No config is in a circle, since relative bases of a link are looked for beside the link."""
    texts = {
        "a/x": "_base_ = './y.py'\n",
        "a/y": "_base_ = '../b/x.py'\n",
        "b/y": "z = 1\n",
        "b/z": "_base_ = '../a/x.py'\n",
    }
    paths = [tmp_path / f"{name}.py" for name in texts]
    for path, text in zip(paths, texts.values()):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "b/x.py").symlink_to("../a/x.py")
    x, y, alone, heir = ties_of([str(path) for path in paths], Reader()).values()
    assert (alone.wave, {tie.wave for tie in (x, y, heir)}) == (0, {1})
    assert len({tie.group for tie in (x, y, heir)}) == 1
