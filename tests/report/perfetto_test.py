#!/usr/bin/env python3
"""Decodes timelines for Perfetto, and holds them against the trace that they were made of.

usage: perfetto_test.py <unnasim> <folder of networks>

The decoder knows protobuf's wire format and the numbers of Perfetto's published schema, and shares
nothing with the writer.
"""

import collections
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

SLICE_BEGIN, SLICE_END, INSTANT, COUNTER = 1, 2, 3, 4


def fields(data):
    """The fields of a message by number, each a list of values: numbers, or bytes."""
    found = collections.defaultdict(list)
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            value = varint()
        elif kind == 1:
            value = data[at : at + 8]
            at += 8
        elif kind == 2:
            size = varint()
            value = data[at : at + size]
            assert len(value) == size, "a field beyond the end of its message"
            at += size
        else:
            raise AssertionError(f"wire type {kind}")
        found[tag >> 3].append(value)
    return found


def one(message, field, default=None):
    values = message.get(field, [default])
    assert len(values) == 1, f"field {field} {len(values)} times"
    return values[0]


def packets(data):
    """The packets of a trace; bundles of deflated ones are traces in a trace."""
    for packet in map(fields, fields(data)[1]):
        if 50 in packet:
            yield from packets(zlib.decompress(one(packet, 50)))
        else:
            yield packet


class Sequence:
    """What a sequence of packets remembers: its clock, default track, and names."""

    def __init__(self, packet):
        defaults = fields(one(packet, 59))
        assert one(defaults, 58) == 64, "the default clock"
        self.track = one(fields(one(defaults, 11)), 11)
        clocks = [fields(c) for c in fields(one(packet, 6))[1]]
        assert any(one(c, 1) == 64 and one(c, 3) == 1 for c in clocks), "no incremental clock"
        self.time = next(one(c, 2) for c in clocks if one(c, 1) == 64)
        self.names = {}


class Timeline:
    def __init__(self, data):
        self.processes = {}  # uuid: name
        self.tracks = {}  # uuid: (process, name)
        self.slices = []  # (process, track, start, end, name, flows out)
        self.instants = []  # (process, track, time, name, flows out, flows in)
        self.counters = collections.defaultdict(list)  # name: [(time, value)]
        pids, sequences = {}, {}
        self.open = {}
        for packet in packets(data):
            sequence_id = one(packet, 10)
            if 60 in packet:
                self.describe(fields(one(packet, 60)), pids)
                continue
            if one(packet, 13, 0) & 1:
                sequences[sequence_id] = Sequence(packet)
            sequence = sequences[sequence_id]
            sequence.time += one(packet, 8)
            for interned in packet.get(12, []):
                for name in fields(interned)[2]:
                    entry = fields(name)
                    sequence.names[one(entry, 1)] = one(entry, 2).decode()
            self.event(fields(one(packet, 11)), sequence)
        assert not self.open, "slices without an end"

    def describe(self, track, pids):
        uuid = one(track, 1)
        assert uuid not in self.tracks and uuid not in self.processes, "a uuid twice"
        if 3 in track:
            process = fields(one(track, 3))
            self.processes[uuid] = one(process, 6).decode()
            pids[one(process, 1)] = self.processes[uuid]
        elif 4 in track:
            thread = fields(one(track, 4))
            self.tracks[uuid] = (pids[one(thread, 1)], one(thread, 5).decode())
        else:
            assert 8 in track, "neither process nor thread nor counter"
            self.tracks[uuid] = (self.processes[one(track, 5)], one(track, 2).decode())

    def event(self, event, sequence):
        process, track = self.tracks[one(event, 11, sequence.track)]
        key = (process, track)
        kind = one(event, 9)
        name = sequence.names.get(one(event, 10, 0))
        out = [struct.unpack("<Q", f)[0] for f in event.get(47, [])]
        into = [struct.unpack("<Q", f)[0] for f in event.get(48, [])]
        if kind == SLICE_BEGIN:
            assert key not in self.open, f"slices of {key} overlap"
            self.open[key] = (sequence.time, name, out)
        elif kind == SLICE_END:
            start, name, out = self.open.pop(key)
            self.slices.append((process, track, start, sequence.time, name, out))
        elif kind == INSTANT:
            self.instants.append((process, track, sequence.time, name, out, into))
        else:
            assert kind == COUNTER
            value = one(event, 30)
            if value is None:
                value = struct.unpack("<d", one(event, 44))[0]
            self.counters[f"{process}/{track}"].append((sequence.time, value))


def read_trace(text):
    """Events of the text form: dicts, with `time` as a pair."""
    layers, events, sizes = {}, [], {}
    for line in text.splitlines():
        if m := re.match(r'layer (\d+) name="(.*)"', line):
            layers[m[1]] = m[2]
        elif m := re.match(r"buffer b(\d+) .*kind=(\w+) +bytes=(\d+)", line):
            sizes[m[1]] = int(m[3]) if m[2] == "intermediate" else 0
        elif m := re.match(r"(read|write|compute|signal|wait|barrier|halt) +c(\d+) (.*)", line):
            words = dict(w.split("=", 1) for w in m[3].split())
            start, end = words["time"].split("..")
            events.append({**words, "kind": m[1], "core": int(m[2]), "pc": int(words["pc"]),
                           "start": int(start), "end": int(end),
                           "layer": layers.get(words.get("op", "0"))})
    return events, sizes


def expected_arrows(events):
    """Pairs (core and time that let go, core and time that went on)."""
    signals, waits, barriers = (collections.defaultdict(list) for _ in range(3))
    for e in events:
        if e["kind"] == "signal":
            signals[(e["to"][1:], e["sem"])].append(e)
        elif e["kind"] == "wait":
            waits[(str(e["core"]), e["sem"])].append(e)
        elif e["kind"] == "barrier":
            barriers[e["id"]].append(e)
    pairs = [p for key, given in signals.items() for p in zip(given, waits[key])]
    for meeting in barriers.values():
        last = max(meeting, key=lambda e: (e["start"], -e["core"]))
        pairs += [(last, e) for e in meeting if e is not last]
    return sorted((a["core"], a["start"], b["core"], b["end"]) for a, b in pairs)


def arrows(timeline):
    starts, ends = {}, {}
    for process, _, start, _, _, out in timeline.slices:
        starts.update({flow: (int(process.split()[1]), start) for flow in out})
    for process, _, time, _, out, into in timeline.instants:
        core = int(process.split()[1])
        starts.update({flow: (core, time) for flow in out})
        for flow in into:
            assert flow not in ends, "an arrow with two ends"
            ends[flow] = (core, time)
    assert starts.keys() == ends.keys(), "an arrow with one end"
    return sorted((*starts[flow], *ends[flow]) for flow in starts)


def name_of(event):
    kind = event["kind"]
    if kind == "signal":
        return f"signal to core {event['to'][1:]}"
    if kind == "wait":
        return f"wait for core {event['from'][1:]}"
    return kind if kind in ("barrier", "halt") else event["layer"]


def check_events(timeline, events):
    shown = collections.Counter()
    for process, track, start, end, name, _ in timeline.slices:
        if process.startswith("core") and not track.endswith(" idle"):
            shown[(process, re.split(r"[: ]", track)[0], start, end, name)] += 1
    for process, track, time, name, _, _ in timeline.instants:
        if name != "goes on":
            shown[(process, re.split(r"[: ]", track)[0], time, time, name)] += 1
    expected = collections.Counter(
        (f"core {e['core']}", e.get("engine", "control"), e["start"], e["end"], name_of(e))
        for e in events)
    assert shown == expected, f"{len(shown - expected)} events too many, {len(expected - shown)} missing"
    assert arrows(timeline) == expected_arrows(events), "arrows"


CAUSES = {"no instruction handed on": "dispatch", "waits for ln": "token_ln", "waits for ls": "token_ls",
          "waits for cp": "token_cp", "waits for st": "token_st", "own engines drain": "drain", "waits for other cores": "sync",
          "nothing left to do": "done"}


def check_idle(timeline, summary):
    """The slices of idle engines add up to what the simulator counted, by cause."""
    shown = collections.Counter()
    for process, track, start, end, name, _ in timeline.slices:
        if track.endswith(" idle"):
            shown[(process, track.split()[0], CAUSES[name.removeprefix("idle: ")])] += end - start
    counted = {(f"core {c}", engine, cause): stats[f"stall_{cause}"]["value"]
               for c, core in enumerate(summary["cores"]) for engine, stats in core["engines"].items()
               for cause in CAUSES.values() if stats[f"stall_{cause}"]["value"] > 0}
    assert dict(shown) == counted, "idle engines"


def check_layers(timeline, events):
    spans = {}
    for e in events:
        if e["kind"] not in ("barrier", "halt"):
            first, last = spans.get(e["layer"], (e["start"], e["end"]))
            spans[e["layer"]] = (min(first, e["start"]), max(last, e["end"]))
    shown = {name: (start, end) for process, _, start, end, name, _ in timeline.slices
             if process == "layers"}
    assert shown == spans, "layers"


def check_live(timeline, events, sizes):
    lives = {}
    for e in events:
        if e["kind"] in ("read", "write"):
            first, last = lives.get(e["buf"][1:], (e["start"], e["end"]))
            lives[e["buf"][1:]] = (min(first, e["start"]), max(last, e["end"]))
    for time, value in timeline.counters["DRAM/live bytes of intermediates"]:
        live = sum(sizes[b] for b, (first, last) in lives.items() if first <= time < last)
        assert live == value, f"{value} bytes at {time}, expected {live}"


def area(curve, end):
    """The bytes under a curve of bytes a cycle."""
    total = 0
    for (time, value), (until, _) in zip(curve, curve[1:] + [(end, 0)]):
        total += value * (until - time)
    return total


def check(unnasim, folder, network, options, channels):
    run = folder / "run"
    files = [str(folder / name) for name in ("trace.unt", "run.pftrace", "trace.pftrace")]
    simulate = subprocess.run([unnasim, "simulate", network, *options, "--no-timing", "-o", run,
                               "--json", "-", "--trace", files[0], "--perfetto", files[1]],
                              check=True, capture_output=True, text=True)
    subprocess.run([unnasim, "trace", files[0], "--perfetto", files[2]], check=True)
    text = subprocess.run([unnasim, "trace", files[0]], check=True, capture_output=True, text=True)
    events, sizes = read_trace(text.stdout)
    assert events, "no events"
    end = max(e["end"] for e in events)
    for file in files[1:]:
        data = pathlib.Path(file).read_bytes()
        timeline = Timeline(data)
        check_events(timeline, events)
        check_layers(timeline, events)
        check_live(timeline, events, sizes)
        check_idle(timeline, json.loads(simulate.stdout))
        print(f"{pathlib.Path(network).stem}: {len(events)} events, "
              f"{len(data) / len(events):.1f} bytes an event")
        if len(events) > 5000:
            assert len(data) <= 25 * len(events), "more than 25 bytes an event"
    # Of simulate, the curves hold the bytes that the run counted.
    timeline = Timeline(pathlib.Path(files[1]).read_bytes())
    counted = dict(re.findall(r'"(dram_read|dram_written)": \{\s*"value": (\d+)', simulate.stdout))
    for name, curve in (("dram_read", "read"), ("dram_written", "written")):
        found = area(timeline.counters[f"DRAM/{curve}"], end + 1)
        assert abs(found - int(counted[name])) < 1e-3 * int(counted[name]) + 1, (name, found)
    found = [c for c in timeline.counters if c.startswith("DRAM/channel")]
    assert len(found) == channels, found
    if channels:
        both = sum(area(timeline.counters[c], end + 1) for c in found)
        all_bytes = sum(int(n) for n in counted.values())
        assert abs(both - all_bytes) < 1e-3 * all_bytes, "bytes of the channels"
    assert max(v for _, v in timeline.counters["DRAM/requests open"]) >= 1


def main():
    unnasim, networks = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        check(unnasim, folder, f"{networks}/lenet5.yaml", ["--cores", "1"], 0)
        check(unnasim, folder, f"{networks}/lenet5.yaml",
              ["--cores", "4", "--set", "dram.model=banked", "--set", "dram.channels=4"], 4)
        check(unnasim, folder, f"{networks}/resnet18.yaml", ["--cores", "16"], 0)


if __name__ == "__main__":
    main()
