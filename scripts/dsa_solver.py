#!/usr/bin/env python3
"""Few waits on the public instances of dsa-solver (github.com/tonibohnlein/dsa-solver), beside what that
project's own methods reach by its committed results:

scripts/dsa_solver.py UNNASIM CHECKOUT [--each]

Separations become `apart`, reuse penalties `avoid`; colocations, temporal exclusions and pinned
allocations, which our problems can't say, make an instance refused. Nothing of it is committed here.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

CORPORA = (
    ("kernels", "benchmarks/pypto*/**/*cross-pipe-soft.json", "dsa-rp-v1"),
    ("minimalloc", "benchmarks/minimalloc-dsa-rp/*.json", "minimalloc-dsa-rp-v1"),
)


def converted(problem):
    constraints = problem["constraints"]
    for key in ("colocations", "temporal_exclusions", "pinned_allocations"):
        if constraints.get(key):
            raise ValueError(f"{key}, expected none")
    pool_names = {pool["id"]: pool["name"] for pool in problem["pools"]}
    buffers = []
    for buffer in problem["buffers"]:
        lives = sorted((life["lower"], life["upper"]) for life in buffer["live_intervals"])
        entry = {"id": str(buffer["id"]), "size": buffer["size"], "alignment": buffer["alignment"],
                 "lower": lives[0][0], "upper": lives[-1][1],
                 "pools": [pool_names[pool] for pool in buffer["allowed_pools"]]}
        gaps = [{"lower": a[1], "upper": b[0]} for a, b in zip(lives, lives[1:]) if a[1] < b[0]]
        if gaps:
            entry["gaps"] = gaps
        buffers.append(entry)
    pools = []
    for pool in problem["pools"]:
        entry = {"name": pool["name"]}
        if pool["capacity"] is not None:
            entry["capacity"] = pool["capacity"]
        if pool["reserved_ranges"]:
            entry["reserved"] = [[r["begin"], r["end"]] for r in pool["reserved_ranges"]]
        pools.append(entry)
    penalties = problem.get("cost_model", {}).get("reuse_penalties", [])
    return {
        "buffers": buffers,
        "apart": [[str(s["first"]), str(s["second"])] for s in constraints["separations"]],
        "avoid": [[str(p["first"]), str(p["second"]), p["cost"]] for p in penalties],
        "pools": pools,
    }


def published(checkout, results):
    """Cost by instance file and method, of plans that fit."""
    costs = {}
    with open(checkout / "benchmarks" / "results" / results / "summary.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["best_capacity_overflow"] == "0" and row["best_reuse_cost"]:
                name = pathlib.Path(row["source"]).as_posix()
                costs.setdefault(name, {})[row["method"]] = int(row["best_reuse_cost"])
    return costs


def solved(unnasim, problem, file):
    file.write_text(json.dumps(problem))
    command = [unnasim, "plan", file, "--objective", "peak,waits", "--json", "-", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 3:
        return None
    if run.returncode:
        raise SystemExit(f"{file}: {run.stderr}")
    plan = json.loads(run.stdout)["plans"][0]
    waits = [memory["waits"] for memory in plan["memories"] if "waits" in memory]
    return (sum(w["cost"]["value"] for w in waits), sum(w["lower_bound"]["value"] for w in waits),
            plan["planning"]["value"])


def run_corpus(arguments, pattern, results, directory):
    theirs = published(arguments.checkout, results)
    total = {"instances": 0, "not fitted": 0, "cost": 0, "proved": 0, "seconds": 0.0,
             "canonical_greedy": 0, "best published": 0, "below best": 0, "above best": 0}
    for path in sorted(arguments.checkout.glob(pattern)):
        name = path.relative_to(arguments.checkout).as_posix()
        problem = converted(json.loads(path.read_text())["problem"])
        if not problem["avoid"]:
            continue
        total["instances"] += 1
        ours = solved(arguments.unnasim, problem, directory / (name.replace("/", "-")))
        if ours is None:
            total["not fitted"] += 1
            continue
        cost, bound, seconds = ours
        total["cost"] += cost
        total["proved"] += cost == bound
        total["seconds"] += seconds
        others = theirs.get(name, {})
        if others:
            total["canonical_greedy"] += others.get("canonical_greedy", 0)
            best = min(others.values())
            total["best published"] += best
            total["below best"] += cost < best
            total["above best"] += cost > best
            if arguments.each and cost != best:
                print(f"  {name}: {cost}, published {best}")
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("unnasim", type=pathlib.Path)
    parser.add_argument("checkout", type=pathlib.Path)
    parser.add_argument("--each", action="store_true", help="name the instances that differ")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for name, pattern, results in CORPORA:
            total = run_corpus(arguments, pattern, results, pathlib.Path(directory))
            print(name + ": " + ", ".join(f"{key} {value:.4g}" if isinstance(value, float)
                                          else f"{key} {value}" for key, value in total.items()))


if __name__ == "__main__":
    main()
