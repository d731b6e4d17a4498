#!/usr/bin/env python3
"""Whether better machines are slower (docs/model.md, "Monotonicity"):
bench/better_machines.py <unnasim> [network ...] [--cores N] [--jobs N] [--above PERCENT].

Each shipped network is compiled for and run on the machines of 1, 4 and 16 cores, then on each of
them with more of one thing. Prints the pairs where that takes more cycles by more than `--above`
per cent, and for each thing the mean and the worst of all networks.
"""

import argparse
import concurrent.futures
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

# How many times as much each field is; latencies are halved.
BETTER = {
    "channels": {"dram.channels": 2},
    "latency": {"dram.controller_cycles": 0.5, "interconnect.latency_cycles": 0.5},
    "outstanding": {"core.dma_outstanding": 2},
    "queue": {"core.queue_depth": 2},
    "dispatch": {"core.dispatch_per_cycle": 2},
    "synchronisation": {"sync.barrier_cycles": 0.5, "sync.signal_cycles": 0.5},
    "nbin": {"core.nbin_bytes": 2},
    "sb": {"core.sb_bytes": 2},
    "nbout": {"core.nbout_bytes": 2},
    "buffers": {"core.nbin_bytes": 2, "core.sb_bytes": 2, "core.nbout_bytes": 2},
    "pes alone": {"core.pes": 2},
    "pes": {"core.pes": 2, "core.nbin_read_elements": 2},
    "multipliers": {"core.multipliers": 2, "core.sb_read_elements": 2,
                    "core.nbin_read_elements": 2},
    "lanes": {"core.elementwise_lanes": 2, "core.special_lanes": 2, "core.nbout_port_elements": 2},
}


def simulate(program, network, cores, fields):
    """Cycles and the machine's fields."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [program, "simulate", network, "--cores", str(cores), "--planner",
                   "greedy-by-size", "--perturb", "0", "--quiet", "--no-timing", "-o", scratch]
        for name, value in fields.items():
            command += ["--set", f"{name}={value}"]
        subprocess.run(command, check=True)
        with open(os.path.join(scratch, "summary.json"), encoding="utf-8") as file:
            summary = json.load(file)
    return summary["performance"]["cycles"]["value"], summary["machine"]


def field(machine, name):
    for part in name.split("."):
        machine = machine[part]
    return machine["value"] if isinstance(machine, dict) else machine


def improved(machine, better):
    return {name: max(1, int(field(machine, name) * factor)) for name, factor in better.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--cores", type=int, action="append")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--above", type=float, default=3)
    arguments = parser.parse_args()
    workloads = pathlib.Path(__file__).resolve().parent.parent / "workloads"
    networks = arguments.networks or sorted(p.stem for p in workloads.glob("*.yaml"))
    pairs = list(itertools.product(arguments.cores or (1, 4, 16), networks))

    def of_pair(pair):
        cores, network = pair
        base, machine = simulate(arguments.program, network, cores, {})
        return {name: simulate(arguments.program, network, cores,
                               improved(machine, better))[0] / base
                for name, better in BETTER.items()}

    ratios = {name: [] for name in BETTER}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for (cores, network), of_names in zip(pairs, pool.map(of_pair, pairs)):
            for name, ratio in of_names.items():
                ratios[name].append((ratio, f"{network}, {cores} cores"))
                if ratio > 1 + arguments.above / 100:
                    print(f"slower: {network}, {cores} cores, more {name}: "
                          f"{100 * (ratio - 1):+.1f} %", flush=True)
    print(f"{'more of':<16} {'cycles, mean':>13} {'worst':>8}")
    for name, of_name in ratios.items():
        mean = math.exp(sum(math.log(r) for r, _ in of_name) / len(of_name))
        worst, where = max(of_name)
        print(f"{name:<16} {100 * (mean - 1):+11.1f} % {100 * (worst - 1):+6.1f} %  {where}")


if __name__ == "__main__":
    sys.exit(main())
