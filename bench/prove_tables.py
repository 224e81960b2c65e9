"""The section of docs/accuracy.md on rehearsals, from what was measured."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any, Dict, Iterable, List, Tuple

from mmfix.proofs.price import size_text
from mmfix.proofs.types import NOT_PROVED, OUTCOMES
from prove_configs import smallest
from prove_known import BROKEN, DISAGREEMENTS, REASONS, is_broken
from prove_results import Results

HEADING = "## What is rehearsed"
PACKAGES = {"mmdet": "mmdet 3.3.0", "mmseg": "mmsegmentation 1.2.2"}
SEEN = ("OK", "UNTRAINED", "UNUSED", "READY_TWICE", "NO_SYNC_ASSERT", "HANG", NOT_PROVED)

HEAD = f"""{HEADING}

Made by `python bench/prove.py FOLDER --write docs/accuracy.md` from `bench/prove.json`, which `python bench/prove.py FOLDER` fills.
Two gloo ranks on a CPU, torch 2.13.0, mmengine 0.10.7, mmcv-lite 2.1.0 with the plain-torch stand-ins, mmpretrain 1.2.0 and
torchvision 0.28.0 (some configs import it; without its compiled part, its two nms operators declared and never called), and for the configs
that ask for them scikit-learn 1.6.1, transformers 4.46.3, fairscale 0.4.13, motmetrics 1.4.0 and timm 1.0.31. Made-up data, no weights. Other work ran on the two cores at the same time: take all seconds, but those of the overhead, for an upper bound.
"""

#: Of a rank: imports and the config; the model and DDP; training steps.
PHASES = ("load", "build", "steps", "step without DDP")

SWEEP = """### One config of every model folder

The config with the smallest backbone of each folder. Scenarios as `mmfix prove` chooses them: without the empty batches where every
dataset filters images without ground truth; two steps each. To be affordable, many configs run in one pair of processes, and 32 regions an image are
sampled for the second stage of detectors instead of 512. What is not proved there is rehearsed again alone. A config that the package
itself cannot build gave way to the next one of its folder; it is listed below and not counted.
"""

MATRIX = """Rows: what `mmfix check` predicts from the source (the outcome of its worst finding, and how sure it is). Columns:
what the rehearsal showed.
"""


def section(results: Results, root: Path) -> str:
    """All tables."""
    lines = [HEAD, *_sweep(results, root), *_against(results), *_cures(results.of("demo")), *_rest(results)]
    return "\n".join(lines) + "\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> List[str]:
    """A table of Markdown."""
    cells = [list(heads), ["---"] * len(list(heads)), *(list(row) for row in rows)]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in cells]


def _sweep(results: Results, root: Path) -> List[str]:
    lines, rows = [SWEEP], []
    missing: List[str] = []
    untrainable: List[str] = []
    totals: List[int] = []
    everything: Dict[str, Dict[str, Any]] = {}
    for package, title in PACKAGES.items():
        found = {
            name: one for name, one in _of(results, package).items() if not is_broken(f"{package}/{name}")
        }
        everything.update({f"{package}/{name}": one for name, one in found.items()})
        folders = smallest(root, package)
        total = sum(path is not None for path in folders.values())
        totals.append(total)
        rows.append(_sweep_row(title, found, total))
        for folder, path in folders.items():
            if path is None:
                untrainable.append(f"{package}/{folder}")
            elif f"{folder}/{path.name}" not in found:
                missing.append(f"{package}/{folder}")
    rows.append(_sweep_row("both (bar: 85 %)", everything, sum(totals)))
    heads = (
        "package",
        "folders",
        "measured",
        "proved, of the measured",
        *SEEN[:5],
        "instruments disagree",
        "seconds a config, median",
        "longest",
    )
    lines += table(heads, rows)
    unproved = {name: one for name, one in everything.items() if one["outcome"] == NOT_PROVED}
    lines += [
        "\nNot proved:\n" if unproved else "\nOf the measured, none was left unproved.",
        *_unproved(unproved),
    ]
    failing = [
        f"- `{name}`: {one['outcome']} ({_where(one)}). {REASONS.get(name, one['reason'][:160])}"
        for name, one in everything.items()
        if one["outcome"] not in ("OK", NOT_PROVED)
    ]
    lines += [
        "\nFailing, as they are shipped:\n",
        *(failing or ["none."]),
        "\nPassed over for the next config of the folder, as the package itself cannot build it:\n",
        *(f"- `{name}`: {why}" for name, why in BROKEN.items()),
        f"\nFolders without a config that can be trained by itself: {', '.join(untrainable)}.\n",
    ]
    if missing:
        lines.append(f"**Not measured yet**, {len(missing)} folders: {', '.join(missing)}.\n")
    return lines


def _of(results: Results, part: str) -> Dict[str, Dict[str, Any]]:
    """The results of a part; with a scenario that could not be done a config is not proved, however old the result."""
    found = {}
    for name, one in results.of(part).items():
        gap = next(
            (
                f"{kind}: {item['error']}"
                for kind, item in one["scenarios"].items()
                if item["outcome"] == NOT_PROVED
            ),
            "",
        )
        found[name] = {**one, "outcome": NOT_PROVED, "reason": gap} if gap else one
    return found


def _sweep_row(title: str, found: Dict[str, Dict[str, Any]], total: int) -> Tuple[Any, ...]:
    count = Counter(one["outcome"] for one in found.values())
    proved = len(found) - count[NOT_PROVED]
    odd = sum(any(item["disagreement"] for item in one["scenarios"].values()) for one in found.values())
    seconds = sorted(one["seconds"] for one in found.values()) or [0.0]
    share = f"{proved} (**{100 * proved / max(len(found), 1):.1f} %**)"
    outcomes = (count[outcome] for outcome in SEEN[:5])
    return (title, total, len(found), share, *outcomes, odd, f"{median(seconds):.0f}", f"{seconds[-1]:.0f}")


def _unproved(found: Dict[str, Dict[str, Any]]) -> List[str]:
    return [
        f"- `{name}`: {REASONS.get(name) or one['reason'].splitlines()[0][:200]}"
        for name, one in found.items()
    ]


def _where(one: Dict[str, Any]) -> str:
    failing = (
        f"{name} {item['outcome']}" for name, item in one["scenarios"].items() if item["outcome"] != "OK"
    )
    return ", ".join(failing)


def _against(results: Results) -> List[str]:
    zoo = {
        f"{package}/{name}": one
        for package in PACKAGES
        for name, one in _of(results, package).items()
        if one["outcome"] != NOT_PROVED
    }
    mutants = _of(results, "mutants")
    families = len({one["family"] for one in mutants.values()})
    lines = [
        "### What is read against what is rehearsed\n",
        MATRIX,
        "Proved configs of the zoos:\n",
        *_matrix(zoo),
    ]
    lines += [
        f"\n{len(mutants)} mutants of real configs of {families} model folders (`bench/prove_mutants.py`): checkpoints, "
        "`find_unused_parameters`, static graph, accumulation, frozen stages, shortened `out_indices`, losses left out,",
        "a teacher that is not frozen. Rehearsed with normal batches, and empty ones where the data is not filtered. A mutant that the model's class refuses",
        "(`with_cp` of PVT, `num_outs` that SOLO does not take) is none, and was replaced or left out:\n",
        *_matrix(mutants),
        "\nDisagreements:\n",
    ]
    apart = {name: one for name, one in {**zoo, **mutants}.items() if not _agree(one)}
    told = [
        f"- `{name}`: read {one['static']} ({one['static_finding'] or 'no finding'}), rehearsed {one['outcome']} "
        f"({_where(one) or 'every scenario'}). {DISAGREEMENTS.get(name, 'Not explained yet.')}"
        for name, one in apart.items()
    ]
    return [*lines, *(told or ["none."]), ""]


def _agree(one: Dict[str, Any]) -> bool:
    return bool(one["outcome"] in (one["static"], NOT_PROVED))


def _matrix(found: Dict[str, Dict[str, Any]]) -> List[str]:
    count: Counter[Tuple[str, str]] = Counter()
    for one in found.values():
        sure = one["static_finding"].split(" ")[-1]
        count[(f"{one['static']}, {sure}" if sure else one["static"], one["outcome"])] += 1
    rows = sorted({row for row, _ in count}, key=lambda row: (OUTCOMES.index(row.split(",")[0]), row))
    columns = [outcome for outcome in OUTCOMES if any(column == outcome for _, column in count)]
    return table(
        ("read", *columns), [(row, *(count[(row, column)] or "" for column in columns)) for row in rows]
    )


def _cures(found: Dict[str, Dict[str, Any]]) -> List[str]:
    rows = []
    for name, one in found.items():
        first = one.get("activation_bytes"), one.get("step_seconds")
        rows.append((name, "as it is", f"**{one['outcome']}**", *_price(first, first)))
        rows += [
            (
                "",
                remedy["name"],
                remedy["outcome"],
                *_price((remedy["activation_bytes"], remedy["step_seconds"]), first),
            )
            for remedy in one["remedies"]
        ]
    errors = {
        item["error"].splitlines()[0][:110]
        for one in found.values()
        for item in one["scenarios"]
        if item["error"]
    }
    return [
        "### Before and after\n",
        "`mmfix prove --all-remedies` on RetinaNet R18 and RetinaNet Swin-T, with what is wrong set on top. Cases 1 and 2 are those of the example",
        "configs, which are written for mmcv 1.x. Activations are counted and exact; step times are of one step of two images of\n128 x 128 on the busy machine, and say little.\n",
        *table(("case", "cure", "outcome", "activations", "step", "step, to that before"), rows),
        "\nWhat DDP said:\n",
        *(f"- `{error}`" for error in sorted(errors)),
        "",
    ]


def _price(price: Tuple[Any, Any], first: Tuple[Any, Any]) -> Tuple[str, str, str]:
    size, seconds = price
    ratio = f"{seconds / first[1]:.2f}" if seconds and first[1] else ""
    return (size_text(size) if size else "", f"{seconds:.2f} s" if seconds else "", ratio)


def _phases(phases: Dict[str, Dict[str, float]]) -> List[str]:
    """Where the time of one rank goes, a column each phase."""
    names = [name for name in PHASES if any(name in times for times in phases.values())]
    rows = [
        (who, *(times.get(name, "") for name in names), f"{sum(times.values()):.2f}")
        for who, times in phases.items()
    ]
    head = "\nOne rank of each, run once: CPU seconds. The rest are the launcher and, of `prove`, the process above it.\n"
    return [head, *table(("", *names, "all"), rows)] if rows else []


def _rest(results: Results) -> List[str]:
    lines = ["### Repeats and overhead\n"]
    rows = [
        (name, sum(seen.values()), len(seen), max(seen, key=lambda text: seen[text]))
        for name, seen in results.of("repeats").items()
    ]
    lines += ["Verdict of every scenario, with the numbers of unused and twice-ready parameters:\n"]
    lines += table(("rehearsal", "repeats", "distinct verdicts", "verdict"), rows)
    for config, one in results.of("overhead").items():
        rows = [
            (name, ", ".join(f"{value:.1f}" for value in seconds), f"{median(seconds):.1f}")
            for name, seconds in one["seconds"].items()
        ]
        lines += [
            f"\n`mmfix prove mmdet/{config}` against `bench/prove_by_hand.py`, which builds the same model and trains as many steps",
            f"under torchrun and gloo, both ending without taking Python down ({one.get('unit', 'seconds from start to end')}, in turns): ratio **{one['ratio']:.2f}** (bar: 1.2).\n",
            *table(("", "seconds", "median"), rows),
            *_phases(one.get("phases", {})),
        ]
    return [*lines, ""]
