#!/usr/bin/env python3
"""Problems of dsa-solver (github.com/tonibohnlein/dsa-solver, benchmarks/) as ours:
scripts/dsa_solver_problem.py DIRECTORY FILE ...

Writes DIRECTORY/<name>.json for each FILE, which `unnasim plan --objective peak,waits` reads:
separations become `apart`, reuse penalties become `avoid`. What our problems can't say (colocations,
temporal exclusions, pinned allocations) is refused. The data stays in a copy of the user's own.
"""

import json
import os
import sys


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


def main(directory, files):
    os.makedirs(directory, exist_ok=True)
    for path in files:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        try:
            problem = converted(document["problem"])
        except (KeyError, ValueError) as error:
            sys.exit(f"{path}: {error}")
        name = os.path.splitext(os.path.basename(path))[0]
        with open(os.path.join(directory, name + ".json"), "w", encoding="utf-8") as file:
            json.dump(problem, file)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
