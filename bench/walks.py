#!/usr/bin/env python3
"""What walks save and cost (docs/walks.md): bench/walks.py <unnasim> [network ...] [--csv FILE].

For each network on 1, 4 and 16 cores: the footprint of whole tensors layer by layer, and that of
the program that `fit` chooses with the least footprint, whose DRAM bytes and cycles exceed those
of layer by layer by no more than the limits below. Cycles and bytes are compared with those of
layer by layer in bands. In the end, what the search's estimates of cycles miss over all programs
that were measured.
"""

import argparse
import csv
import json
import math
import os
import subprocess
import sys
import tempfile

NETWORKS = ("alexnet vgg16 resnet18 resnet50 googlenet inception_v3 mobilenet_v1 mobilenet_v2 "
            "squeezenet1_1 densenet121 deeplab_v3").split()
# By number of cores: how many per cent more DRAM bytes and cycles are allowed.
LIMITS = {1: (10, 6), 4: (10, 8), 16: (12, 12)}
ERRORS = {cores: [] for cores in LIMITS}  # of estimated cycles
COLUMNS = ("network", "cores", "unshared", "whole_tensors", "bands", "walk", "walk_bound",
           "more_bytes_percent", "more_cycles_percent")


def run(program, *arguments):
    subprocess.run([program, *arguments, "--quiet", "--no-timing"], check=True)


def figures(directory):
    """Of a run: footprint, its bound, bytes without sharing, DRAM bytes and cycles."""
    with open(os.path.join(directory, "summary.json"), encoding="utf-8") as file:
        summary = json.load(file)
    memory, performance = summary["memory"], summary["performance"]
    moved = performance["dram_read"]["value"] + performance["dram_written"]["value"]
    return (memory["peak"]["value"], memory["lower_bound"]["value"],
            memory["without_sharing"]["value"], moved, performance["cycles"]["value"])


def layers(program, network, cores, granularity, directory):
    run(program, "simulate", network, "--cores", str(cores), "--granularity", granularity,
        "--planner", "auto", "--perturb", "0", "-o", directory)
    return figures(directory)


def limit(percent, base, other):
    """What is `percent` more than `base`, in percent more than `other`; at least 0."""
    return max(0, round(100 * ((1 + percent / 100) * base / other - 1), 3))


def measure(program, network, cores):
    with tempfile.TemporaryDirectory() as scratch:
        whole, _, unshared, _, _ = layers(program, network, cores, "tensor", scratch + "/whole")
        bands, _, _, moved, cycles = layers(program, network, cores, "band", scratch + "/bands")
        # The limits of `fit` count from layer by layer with buffers by lifetime.
        _, _, _, own_moved, own_cycles = layers(program, network, cores, "lifetime",
                                                scratch + "/lifetime")
        more_bytes, more_cycles = LIMITS[cores]
        run(program, "fit", network, "--cores", str(cores), "--objective", "footprint", "--perturb",
            "0", "--more-bytes", str(limit(more_bytes, moved, own_moved)),
            "--more-cycles", str(limit(more_cycles, cycles, own_cycles)), "-o", scratch + "/fit")
        walk, bound, _, walk_moved, walk_cycles = figures(scratch + "/fit")
        with open(scratch + "/fit/front.csv", newline="", encoding="utf-8") as file:
            points = list(csv.DictReader(file))
    ERRORS[cores] += [abs(int(p["estimated_latency"]) / int(p["cycles"]) - 1)
                      for p in points if int(p["estimated_latency"])]
    row = (network, cores, unshared, whole, bands, walk, bound,
           round(100 * (walk_moved / moved - 1), 2), round(100 * (walk_cycles / cycles - 1), 2))
    return dict(zip(COLUMNS, row))


def show(row):
    mib = lambda name: f"{row[name] / 2**20:8.3f}"
    print(f"{row['network']:<14} {row['cores']:>5} {mib('whole_tensors')} {mib('bands')} "
          f"{mib('walk')} {row['whole_tensors'] / row['walk']:6.2f} x "
          f"{100 * (1 - row['walk'] / row['unshared']):6.1f} % "
          f"{row['more_bytes_percent']:+6.1f} % {row['more_cycles_percent']:+6.1f} %", flush=True)


def mean(rows, value):
    return math.exp(sum(math.log(value(r)) for r in rows) / len(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--csv")
    parser.add_argument("--cores", type=int, action="append")
    parser.add_argument("networks", nargs="*")
    arguments = parser.parse_args()
    print(f"{'network':<14} {'cores':>5} {'tensors':>8} {'bands':>8} {'walk':>8} {'less by':>8} "
          f"{'saved':>8} {'bytes':>8} {'cycles':>8}   (MiB)")
    rows = []
    for cores in arguments.cores or LIMITS:
        of_cores = []
        for network in arguments.networks or NETWORKS:
            of_cores.append(measure(arguments.program, network, cores))
            show(of_cores[-1])
        print(f"{'geometric mean':<14} {cores:>5} {'':26} "
              f"{mean(of_cores, lambda r: r['whole_tensors'] / r['walk']):6.2f} x {'':8} "
              f"{100 * (mean(of_cores, lambda r: 1 + r['more_bytes_percent'] / 100) - 1):+6.1f} % "
              f"{100 * (mean(of_cores, lambda r: 1 + r['more_cycles_percent'] / 100) - 1):+6.1f} %")
        rows += of_cores
        errors = sorted(ERRORS[cores])
        print(f"estimates of cycles miss {100 * errors[len(errors) // 2]:.1f} % in the median, "
              f"at most {100 * errors[-1]:.1f} %, over {len(errors)} programs")
    if arguments.csv:
        with open(arguments.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
