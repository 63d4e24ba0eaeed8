"""
Trials per second with a trivial agent, beside Inspect AI, in one run.

The work is the same on both sides: each trial asks one question, the agent
calls one tool and says its result, one scorer looks for the answer. Guildhall
runs it in its in-process runtime and stores every outcome in PostgreSQL
(embedded, fsync on) before it counts. Inspect AI runs its mock model, in the
virtual environment that --inspect names, and writes its `.eval` log.

    python benchmarks/trials.py --trials 5000 --inspect /path/to/venv/bin/python

Prints JSON lines: the rounds of both, then medians and their ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from guildhall.app import evaluations
from guildhall.app.wiring import App
from guildhall.domains.evaluation import reports, simulations

AGENT = """
model: none
temperature: 0
runtime: python
entrypoint: agent:answer
isolation: none
tools:
  - python: agent:add
"""
CODE = '''
def add(x: int, y: int) -> int:
    """Add two numbers."""
    return x + y

def answer(session):
    return f"The answer is {session.call('add', x=1, y=2)}."
'''
INSPECT = '''
import json, sys, tempfile, time
from inspect_ai import Task, eval as inspect_eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import tool

@tool
def add():
    async def execute(x: int, y: int):
        """Add two numbers.

        Args:
            x: First number.
            y: Second number.
        """
        return x + y
    return execute

def reply(messages, tools, tool_choice, config):
    if messages[-1].role == "tool":
        out = ModelOutput.from_content("mockllm/model", f"The answer is {messages[-1].text}.")
    else:
        out = ModelOutput.for_tool_call("mockllm/model", "add", {"x": 1, "y": 2})
    # without usage the mock counts tokens with tables that it would have to download
    out.usage = ModelUsage(input_tokens=40, output_tokens=12, total_tokens=52)
    return out

samples, realtime = int(sys.argv[1]), sys.argv[2] == "realtime"
data = MemoryDataset([Sample(id=i, input=f"Question {i}: what is 1 + 2?", target="3") for i in range(samples)])
task = Task(dataset=data, solver=[use_tools(add()), generate()], scorer=includes())
with tempfile.TemporaryDirectory() as logs:
    began = time.perf_counter()
    log = inspect_eval(task, model=get_model("mockllm/model", custom_outputs=reply), log_dir=logs, display="none",
                       log_realtime=realtime)[0]
    took = time.perf_counter() - began
assert log.status == "success", log.error
print(json.dumps({"seconds": took}))
'''


async def guildhall(trials: int, concurrency: int) -> None:
    """One round in a process of its own; prints its figures."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "agent.yaml").write_text(AGENT)
        (place / "agent.py").write_text(CODE)
        (place / "scenarios.jsonl").write_text(
            "".join(
                json.dumps(
                    {
                        "scenario_id": f"sum_{number}",
                        "name": f"Sum {number}",
                        "task_prompt": f"Question {number}: what is 1 + 2?",
                        "ground_truth": "3",
                        "scorers": ["contains"],
                    }
                )
                + "\n"
                for number in range(trials)
            )
        )
        async with App.open() as app:
            request = evaluations.Request(agent=place / "agent.yaml", scenarios=[place / "scenarios.jsonl"])
            planned = await evaluations.plan(app, request)
            ids = [each.simulation_id for each in planned.simulations]
            began = time.perf_counter()
            await evaluations.run(app, ids, concurrency=concurrency)
            took = time.perf_counter() - began
            async with app.transaction() as tx:
                report = await reports.summarise(tx, await simulations.get_simulation(tx, ids[0]))
    assert report.totals.outcomes == trials, report.totals
    assert report.pass_rate is not None
    assert report.pass_rate.value == 1.0
    # not ru_maxrss, which a child inherits from the process that started it
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": took, "peak_mib": int(peak.split()[1]) / 1024}))


def round_of(command: list[str], env: dict[str, str] | None = None) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:3])} …: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--inspect-trials", type=int, default=500, help="fewer, because it takes long")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inspect", help="python of a virtual environment with inspect-ai")
    parser.add_argument("--one-round", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_round:
        asyncio.run(guildhall(options.trials, options.concurrency))
        return

    ours: list[float] = []
    peaks: list[float] = []
    theirs: dict[str, list[float]] = {"realtime": [], "no realtime": []}
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as data:
            Path(data).chmod(0o755)
            arguments = ["--one-round", "--trials", str(options.trials), "--concurrency", str(options.concurrency)]
            done = round_of([sys.executable, __file__, *arguments], {"GUILDHALL_DATA_DIR": data})
        ours.append(options.trials / done["seconds"])
        peaks.append(done["peak_mib"])
        print(json.dumps({"round": number + 1, "guildhall_trials_per_s": round(ours[-1]), **done}), flush=True)
        if options.inspect:
            for kind, rates in theirs.items():
                command = [options.inspect, "-c", INSPECT, str(options.inspect_trials), kind]
                rates.append(options.inspect_trials / round_of(command)["seconds"])
                print(
                    json.dumps({"round": number + 1, f"inspect_samples_per_s ({kind})": round(rates[-1], 1)}),
                    flush=True,
                )
    median = statistics.median(ours)
    result: dict[str, object] = {"guildhall_trials_per_s": round(median), "peak_mib": round(max(peaks))}
    for kind, rates in theirs.items():
        if rates:
            result[f"inspect_samples_per_s ({kind})"] = round(statistics.median(rates), 1)
            result[f"ratio ({kind})"] = round(median / statistics.median(rates), 1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
