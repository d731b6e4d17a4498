"""The Python module: arrays in and out, refusals, and plans that hold. Run with PYTHONPATH set."""

import pathlib
import sys
import unittest

import numpy as np
import unnasim

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bindings/examples/python"))
import lifetimes  # noqa: E402

ROWS = [[4096, 0, 2], [8192, 1, 3], [4096, 2, 4]]


class Plan(unittest.TestCase):
    def test_meets_the_bound(self):
        plan = unnasim.plan(np.array(ROWS, np.int32))
        self.assertEqual((plan.peak, plan.lower_bound), (12288, 12288))
        self.assertTrue(plan.proved_optimal)
        self.assertEqual(plan.offsets.dtype, np.int64)
        self.assertEqual(len(plan.bound_buffers), 2)
        unnasim.check(ROWS, plan.offsets)

    def test_sizes_and_conflicts(self):
        plan = unnasim.plan([10, 20, 30], conflicts=[(2, 0), (0, 2)])
        self.assertEqual(plan.peak, 40)

    def test_conflicts_add_to_lifetimes(self):
        self.assertEqual(unnasim.plan(ROWS, conflicts=[(0, 2)]).peak, 16384)

    def test_an_order(self):
        self.assertEqual(unnasim.plan([10, 20, 30], order=[(0, 1), (1, 2)]).peak, 30)
        self.assertEqual(unnasim.plan([10, 20, 30], order=[(0, 1)]).peak, 50)
        self.assertEqual(unnasim.plan([10, 20, 30], order=[]).peak, 60)

    def test_in_place(self):
        self.assertEqual(unnasim.plan([[10, 0, 2], [10, 1, 3]], in_place=[(0, 1)]).peak, 10)

    def test_alignment(self):
        plan = unnasim.plan([[10, 0, 2], [10, 1, 3]], alignment=64)
        self.assertEqual(sorted(plan.offsets), [0, 64])

    def test_nothing_to_plan(self):
        self.assertEqual(unnasim.plan(np.empty((0, 3), int)).peak, 0)

    def test_the_same_without_a_time_limit(self):
        rng = np.random.default_rng(3)
        lower = rng.integers(0, 100, 60)
        rows = np.column_stack([rng.integers(1, 999, 60), lower, lower + rng.integers(1, 30, 60)])
        plans = [unnasim.plan(rows, time_limit=None) for _ in range(2)]
        np.testing.assert_array_equal(plans[0].offsets, plans[1].offsets)


class Refused(unittest.TestCase):
    def test_input_that_makes_no_sense(self):
        for what, arguments in {
            "lower < upper": {"buffers": [[1, 2, 2]]},
            "size": {"buffers": [[0, 0, 1]]},
            "integers": {"buffers": [[1.5, 0, 1]]},
            "rows of size": {"buffers": [[1, 0]]},
            "sizes alone": {"buffers": [1, 2]},
            "from 0 to 1": {"buffers": [1, 2], "conflicts": [(0, 2)]},
            "of one buffer": {"buffers": [1, 2], "conflicts": [(1, 1)]},
            "circle": {"buffers": [1, 2], "order": [(0, 1), (1, 0)]},
            "planner": {"buffers": ROWS, "planner": "best"},
            "time limit": {"buffers": ROWS, "time_limit": -1},
        }.items():
            with self.subTest(what), self.assertRaisesRegex(ValueError, what):
                unnasim.plan(**arguments)

    def test_a_capacity_that_is_one_byte_short(self):
        self.assertEqual(unnasim.plan(ROWS, capacity=12288).peak, 12288)
        with self.assertRaises(unnasim.DoesNotFit):
            unnasim.plan(ROWS, capacity=12287)

    def test_pairs_to_avoid(self):
        within_the_peak = unnasim.plan(ROWS, avoid=[(0, 2, 5)])
        self.assertEqual((within_the_peak.peak, within_the_peak.waits), (12288, 5))
        self.assertEqual(within_the_peak.waits_bound, 5)
        with_room = unnasim.plan(ROWS, avoid=[(0, 2, 5)], capacity=16384)
        self.assertEqual((with_room.peak, with_room.waits), (16384, 0))
        self.assertEqual(unnasim.plan(ROWS, avoid=[(0, 2)]).waits, 1)
        for wrong in ([(0, 3)], [(0, 2, -1)], [(0,)], [(0, 0)]):
            with self.subTest(wrong), self.assertRaises(ValueError):
                unnasim.plan(ROWS, avoid=wrong)

    def test_offsets_that_overlap(self):
        unnasim.check(ROWS, [0, 4096, 0])
        with self.assertRaises(ValueError):
            unnasim.check(ROWS, [0, 4095, 0])


class Lifetimes(unittest.TestCase):
    def test_of_operators(self):
        rows, tensors = lifetimes.from_operators([([0], [1]), ([1], [2]), ([1, 2], [3])], [1, 2, 3, 4])
        self.assertEqual(rows.tolist(), [[2, 0, 3], [3, 1, 3], [4, 2, 3]])
        self.assertEqual(tensors, [1, 2, 3])

    def test_of_a_torch_snapshot(self):
        events = [("alloc", 1, 8), ("alloc", 2, 16), ("free_requested", 1, 8)]
        events += [("free_completed", 1, 8), ("alloc", 1, 4)]
        trace = [dict(zip(("action", "addr", "size"), event)) for event in events]
        rows = lifetimes.from_torch_snapshot({"device_traces": [trace]})
        self.assertEqual(rows.tolist(), [[8, 0, 2], [16, 1, 5], [4, 4, 5]])


if __name__ == "__main__":
    unittest.main()
