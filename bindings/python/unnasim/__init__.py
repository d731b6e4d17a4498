"""Memory planning: offsets for buffers, with proofs.

>>> import unnasim
>>> unnasim.plan([[4096, 0, 2], [8192, 1, 3], [4096, 2, 4]]).peak
12288
"""

from dataclasses import dataclass

import numpy as np

from . import _unnasim
from ._unnasim import DoesNotFit

__all__ = ["DoesNotFit", "Plan", "check", "plan"]
__version__ = _unnasim.version


@dataclass(frozen=True)
class Plan:
    """Where each buffer lies, and what is proved about it.

    offsets: bytes from the start of memory, by buffer (int64).
    peak: the highest end of a buffer.
    lower_bound: no plan has a smaller peak.
    proved_optimal: peak equals lower_bound.
    bound_buffers: where the bound is the problem's own, the buffers that make it; no two of them may
        share bytes.
    waits: what the pairs to avoid that share bytes cost.
    waits_bound: no plan up to the same peak, or within the capacity, costs less.
    planner: which one was asked for.
    """

    offsets: np.ndarray
    peak: int
    lower_bound: int
    proved_optimal: bool
    bound_buffers: np.ndarray
    waits: int
    waits_bound: int
    planner: str


def _pairs(pairs, n, what):
    array = np.asarray([] if pairs is None else pairs)
    if array.size == 0:
        return np.empty((0, 2), np.uint32)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise ValueError(f"{what}: expected pairs of buffers, integers of shape (m, 2)")
    if array.min() < 0 or array.max() >= n:
        raise ValueError(f"{what}: expected buffers from 0 to {n - 1}")
    return array.astype(np.uint32)


def _avoided(rows, n):
    array = _integers([] if rows is None else rows, "avoid")
    if array.size == 0:
        return np.empty((0, 3), np.int64)
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        raise ValueError("avoid: expected rows of two buffers, or of two buffers and a weight")
    if n == 0:
        raise ValueError("avoid: pairs of no buffers")
    if array[:, :2].min() < 0 or array[:, :2].max() >= n:
        raise ValueError(f"avoid: expected buffers from 0 to {n - 1}")
    if array.shape[1] == 2:
        array = np.column_stack([array, np.ones(len(array), np.int64)])
    return array


def _integers(values, what):
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"{what}: expected integers")
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{what}: expected integers below 2^63")
    return array.astype(np.int64)


def _problem(buffers, conflicts, order, in_place, alignment):
    rows = _integers(buffers, "buffers")
    if rows.ndim == 1:
        if conflicts is None and order is None and rows.size:
            raise ValueError("buffers: sizes alone need conflicts or an order")
        # Without an order no two are in use together; with one, all are that it does not connect.
        times = np.arange(rows.size, dtype=np.int64) * (order is None)
        rows = np.stack([rows, times, times + 1], axis=1)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise ValueError("buffers: expected sizes, or rows of size, lower, upper")
    n = len(rows)
    alignments = np.broadcast_to(_integers(alignment, "alignment"), (n,))
    table = np.column_stack([rows[:, 0], alignments, rows[:, 1:]])
    return (
        table,
        _pairs(conflicts, n, "conflicts"),
        _pairs(order, n, "order"),
        _pairs(in_place, n, "in_place"),
    )


def plan(
    buffers,
    *,
    conflicts=None,
    order=None,
    in_place=None,
    avoid=None,
    alignment=1,
    capacity=None,
    planner="auto",
    time_limit=2.0,
    seed=1,
    threads=1,
):
    """Places buffers in memory so that those in use together share no bytes.

    buffers: rows of size, lower, upper (in use at every t with lower <= t < upper); or sizes alone,
        where conflicts or order say the rest.
    conflicts: pairs of buffers that must not share bytes, besides those whose lifetimes overlap.
    order: pairs (a, b): every use of a ends before any use of b begins. Buffers that no chain of such
        pairs connects must not share bytes; lifetimes are not looked at.
    in_place: pairs (a, b): b, not the larger one, may take over the bytes of a.
    avoid: rows (a, b) or (a, b, weight): sharing a byte costs the weight (1), since one of the two
        would have to wait for the other. Of the plans with the least peak that is found, or of those
        within the capacity, one that costs little.
    alignment: of all buffers, or one each.
    capacity: bytes that there are; DoesNotFit where no plan within it is found.
    planner: as `unnasim plan --list` shows them.
    time_limit: seconds, after which a search ends with the best it has; None: the same plan on every
        host, however long it takes.

    The plan has passed a checker that shares no code with the planners.
    """
    problem = _problem(buffers, conflicts, order, in_place, alignment)
    found = _unnasim.plan(
        *problem,
        _avoided(avoid, len(problem[0])),
        capacity,
        planner,
        0.0 if time_limit is None else time_limit,
        seed,
        threads,
    )
    return Plan(planner=planner, **found)


def check(
    buffers, offsets, *, conflicts=None, order=None, in_place=None, alignment=1, capacity=None
):
    """Raises ValueError, naming the first pair of buffers, where anybody's offsets are not valid."""
    problem = _problem(buffers, conflicts, order, in_place, alignment)
    violations, first = _unnasim.check(*problem, capacity, _integers(offsets, "offsets"))
    if violations:
        raise ValueError(first)
