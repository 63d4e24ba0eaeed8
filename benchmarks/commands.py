"""
How long a person waits: the demo on an empty data directory and again, and the import of τ-bench files.

Whole processes with the embedded server, started and stopped by each command.
The limit is `guildhall --version`, which does nothing but start.

    python benchmarks/commands.py --rounds 5

Reads the files of τ-bench from GUILDHALL_SHARED_DATA, or the folder
../shared/data beside the clone; where there is none it says so.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHARED = Path(os.environ.get("GUILDHALL_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")


def seconds(data: str, *arguments: str) -> float:
    # As installed: pip compiles what it installs.
    environment = {**os.environ, "GUILDHALL_DATA_DIR": data}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "guildhall", *arguments], check=True, capture_output=True, env=environment)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    logs = sorted((SHARED / "tau_bench").glob("*.json.gz"))
    if not logs:
        print(json.dumps({"note": f"no τ-bench files in {SHARED.name}: imports are not measured"}))
    figures: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as data:
            Path(data).chmod(0o755)
            figures.setdefault("start_s", []).append(seconds(data, "--version"))
            figures.setdefault("demo_first_s", []).append(seconds(data, "demo"))
            figures.setdefault("demo_second_s", []).append(seconds(data, "demo"))
            for log in logs:
                figures.setdefault(f"import_s ({log.name})", []).append(seconds(data, "eval", "import", str(log)))
    print(json.dumps({name: round(statistics.median(values), 2) for name, values in figures.items()}))


if __name__ == "__main__":
    main()
