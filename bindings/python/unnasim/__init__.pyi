from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str

class DoesNotFit(MemoryError): ...

@dataclass(frozen=True)
class Plan:
    offsets: NDArray[np.int64]
    peak: int
    lower_bound: int
    proved_optimal: bool
    bound_buffers: NDArray[np.uint32]
    waits: int
    waits_bound: int
    planner: str

def plan(
    buffers: ArrayLike,
    *,
    conflicts: ArrayLike | Sequence[tuple[int, int]] | None = None,
    order: ArrayLike | Sequence[tuple[int, int]] | None = None,
    in_place: ArrayLike | Sequence[tuple[int, int]] | None = None,
    avoid: ArrayLike | Sequence[tuple[int, int] | tuple[int, int, int]] | None = None,
    alignment: ArrayLike = 1,
    capacity: int | None = None,
    planner: str = "auto",
    time_limit: float | None = 2.0,
    seed: int = 1,
    threads: int = 1,
) -> Plan: ...
def check(
    buffers: ArrayLike,
    offsets: ArrayLike,
    *,
    conflicts: ArrayLike | Sequence[tuple[int, int]] | None = None,
    order: ArrayLike | Sequence[tuple[int, int]] | None = None,
    in_place: ArrayLike | Sequence[tuple[int, int]] | None = None,
    alignment: ArrayLike = 1,
    capacity: int | None = None,
) -> None: ...
