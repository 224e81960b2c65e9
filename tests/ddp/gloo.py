"""Start two ranks on loopback, feed them cells, collect what each did. Not a test module."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

CHILD = Path(__file__).with_name("gloo_child.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(cells: List[dict], seconds: int = 120) -> Dict[str, str]:
    """Name -> outcome as both ranks saw it; a cell the ranks disagree on maps to both."""
    port = free_port()
    environment = dict(
        os.environ, OMP_NUM_THREADS="1", TORCH_CPP_LOG_LEVEL="ERROR", TORCH_DISTRIBUTED_DEBUG="OFF"
    )
    ranks = [
        subprocess.Popen(
            [sys.executable, str(CHILD), str(rank), str(port), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for rank in range(2)
    ]
    try:
        for process in ranks:
            assert process.stdin is not None
            process.stdin.write(json.dumps(cells))
            process.stdin.close()
            process.stdin = None
        outputs = [process.communicate(timeout=seconds + 30) for process in ranks]
    finally:
        for process in ranks:
            if process.poll() is None:
                process.kill()
                process.wait()
    seen: List[Dict[str, str]] = []
    for process, (out, err) in zip(ranks, outputs):
        assert process.returncode == 0, (
            f"a rank exited with {process.returncode}:\n{out[-500:]}\n{err[-3000:]}"
        )
        seen.append({row["name"]: row["outcome"] for row in map(json.loads, out.splitlines())})
    return {
        cell["name"]: seen[0][cell["name"]]
        if seen[0][cell["name"]] == seen[1][cell["name"]]
        else f"rank 0 {seen[0][cell['name']]}, rank 1 {seen[1][cell['name']]}"
        for cell in cells
    }
