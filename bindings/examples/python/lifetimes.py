"""Lists of lifetimes from other programs, made into problems for unnasim.plan()."""

import json
import sys

import numpy as np
import unnasim


def from_torch_snapshot(snapshot):
    """Of torch.cuda.memory._snapshot() with history: allocations by the order of events.

    Its device_traces are lists of events with action, addr and size. An allocation lives from its
    "alloc" to the "free_requested" (else "free_completed") of the same address; one that is never freed
    lives to the end.
    """
    rows, alive = [], {}
    events = snapshot["device_traces"][0]
    for time, event in enumerate(events):
        if event["action"] == "alloc":
            alive[event["addr"]] = len(rows)
            rows.append([event["size"], time, len(events)])
        elif event["action"] in ("free_requested", "free_completed"):
            row = alive.pop(event["addr"], None)
            if row is not None:
                rows[row][2] = time
    return np.array(rows, np.int64).reshape(-1, 3)


def from_operators(operators, sizes):
    """Of a graph in execution order, as TFLite's subgraphs list it: (inputs, outputs) of each operator,
    tensors by index. A tensor lives from the operator that writes it through the last that reads it;
    tensors that no operator writes (inputs, weights) are left out. Returns rows and tensor indices."""
    first, last = {}, {}
    for time, (inputs, outputs) in enumerate(operators):
        for tensor in outputs:
            first.setdefault(tensor, time)
            last[tensor] = time
        for tensor in inputs:
            last[tensor] = time
    tensors = sorted(first)
    rows = [[sizes[t], first[t], last[t] + 1] for t in tensors]
    return np.array(rows, np.int64).reshape(-1, 3), tensors


def main():
    if len(sys.argv) > 1:
        with open(sys.argv[1]) as file:
            rows = from_torch_snapshot(json.load(file))
    else:
        rows, _ = from_operators(
            [([0], [1]), ([1], [2]), ([1, 2], [3]), ([3], [4])], [64, 4096, 8192, 4096, 64]
        )
    plan = unnasim.plan(rows, alignment=64)
    print(f"{len(rows)} buffers, {rows[:, 0].sum()} bytes without sharing, {plan.peak} with")
    print("optimal" if plan.proved_optimal else f"at least {plan.lower_bound}")


if __name__ == "__main__":
    main()
