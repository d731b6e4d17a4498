#!/usr/bin/env python3
"""Holds what the program writes as JSON against the schemas that are installed with it.

usage: schemas_test.py <unnasim> <source tree>

Exit code 77, which skips the test, where python3-jsonschema is not installed. Every schema has to
accept the outputs, all that it allows has to occur in one of them, and it has to refuse an output
with a key more or less, or with another unit.
"""

import copy
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

POOLS = """{"buffers": [{"id": "a", "size": 8, "lower": 0, "upper": 2},
 {"id": "b", "size": 8, "lower": 0, "upper": 2, "gaps": [{"lower": 1, "upper": 2}]},
 {"id": "c", "size": 4, "lower": 2, "upper": 3}],
 "pools": [{"name": "sram", "capacity": 8}, {"name": "dram"}]}"""
RESERVED = """{"buffers": [{"id": "a", "size": 8, "lower": 0, "upper": 2, "alignment": 32}],
 "reserved": [[0, 4]]}"""
LOOSE = """{"buffers": [{"id": "a", "size": 8, "lower": 0, "upper": 2, "offset": 0},
 {"id": "b", "size": 8, "lower": 0, "upper": 2, "offset": 16}]}"""
WAITS = """{"buffers": [{"id": "a", "size": 8, "lower": 0, "upper": 2},
 {"id": "b", "size": 8, "lower": 2, "upper": 3}], "avoid": [["a", "b", 3]]}"""
REQUESTS = "arrival,prompt,tokens\n0,12,4\n0.00001,8,3\n0.002,10,1\n"
BANKED = ["--set", "dram.model=banked", "--set", "cache.size_bytes=65536"]


def npy(shape, value=0):
    """One value in all places as an .npy file (numpy.lib.format, version 1)."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return (b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() +
            struct.pack("<f", value) * math.prod(shape))


def commands(source):
    """For each schema the commands whose output it is about."""
    lenet = f"{source}/workloads/lenet5.yaml"
    plans = [f"{source}/workloads/plans/{name}" for name in ("twelve.csv", "block.json", "order.json")]
    energy = f"{source}/configs/energy/cambricon-x-65nm.yaml"
    machine = f"{source}/configs/diannao-like-4.yaml"
    model = ["generate", f"{source}/workloads/gpt2_cached.yaml"]
    for dim in ("layers=1", "width=64", "heads=2", "vocabulary=100"):
        model += ["--dim", dim]
    deep = ["layers=5" if dim == "layers=1" else dim for dim in model] + ["--equal-blocks", "once"]
    return {
        "generate": [
            [*deep, "--prompt", "6", "--tokens", "3"],
            [*model, "--prompt", "16", "--tokens", "12"],
            [*model, "--prompt", "5", "--tokens", "3", "--functional", "--check", "--no-timing",
             "--machine", machine],
        ],
        "serve": [
            [*model, "--requests", "requests.csv", "--batch", "2"],
            [*model, "--requests", "requests.csv", "--no-timing", "--machine", machine],
            [*deep, "--requests", "requests.csv"],
        ],
        "summary": [
            ["simulate", lenet],
            ["simulate", f"{source}/workloads/mobilenet_v1.yaml", "--equal-blocks", "once"],
            ["simulate", lenet, "--cores", "2", *BANKED, "--no-timing"],
            ["simulate", lenet, "--cores", "2", "--set", "dram.model=banked"],
            ["simulate", lenet, "--functional", "--check", "--set", "data_type=int8",
             "--input", "input=x.npy", "--machine", machine, "--energy", energy],
            ["simulate", lenet, "--functional", "--set", "data_type=int16",
             "--input", "input=large.npy", "--no-timing"],
            ["simulate", f"{source}/workloads/alexnet_pruned.yaml", "--cores", "4", "--no-timing"],
        ],
        "plan": [
            ["plan", *plans],
            ["plan", *plans, "--compare", "all", "--no-timing"],
            ["plan", "pools.json"],
            ["plan", "waits.json", "--objective", "peak,waits"],
            ["plan", "reserved.json", "loose.json"],
            ["plan", plans[0], "--capacity", "5", "--planner", "naive"],
            ["plan", plans[0], "--check", "offsets.csv"],
        ],
        "compare": [
            ["compare", lenet, "--cores", "1,4", "--explain"],
            ["compare", lenet, "--cores", "2", "--planners", "naive,auto", "--no-timing"],
            ["compare", lenet, "--cores", "4", "--granularity", "tensor", "--explain"],
            ["compare", lenet, "--cores", "2", "--walks", "10"],
        ],
        "fit": [["fit", lenet], ["fit", lenet, "--memory-budget", "64KiB", "--objective", "energy"]],
        "objective": [
            ["plan", lenet, "--cores", "2", *BANKED, "--objective", "peak,row-hits,latency",
             "--candidates", "8"],
            ["plan", lenet, "--cores", "2", *BANKED[:2], "--objective", "peak", "--candidates", "4"],
        ],
    }


def keys_of(schema, root, path, keys):
    """All paths of keys that a schema allows, each shared part once."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name == "fields":
            return
        return keys_of(root["$defs"][name], root, "$" + name, keys)
    for part in schema.get("anyOf", []):
        keys_of(part, root, path, keys)
    for key, value in schema.get("properties", {}).items():
        if f"{path}.{key}" not in keys:
            keys.add(f"{path}.{key}")
            keys_of(value, root, f"{path}.{key}", keys)
    if "items" in schema:
        keys_of(schema["items"], root, path + "[]", keys)


def used_keys(value, schema, root, path, keys):
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name == "fields":
            return
        return used_keys(value, root["$defs"][name], root, "$" + name, keys)
    for part in schema.get("anyOf", []):
        if (part.get("type") == "null") == (value is None):
            used_keys(value, part, root, path, keys)
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in schema.get("properties", {}):
                keys.add(f"{path}.{key}")
                used_keys(inner, schema["properties"][key], root, f"{path}.{key}", keys)
    if isinstance(value, list) and "items" in schema:
        for inner in value:
            used_keys(inner, schema["items"], root, path + "[]", keys)


def must_refuse(validator, output, what):
    assert not validator.is_valid(output), f"accepts {what}"


def check_strict(validator, output):
    """With changes that the schema has to see."""
    for key in validator.schema["required"]:
        less = copy.deepcopy(output)
        del less[key]
        must_refuse(validator, less, f"an output without {key}")
    must_refuse(validator, {**output, "more": 1}, "an unknown key")
    text = json.dumps(output)
    for unit in ('"unit": "bytes"', '"unit": "B"'):
        if unit in text:
            must_refuse(validator, json.loads(text.replace(unit, '"unit": "miles"')), "another unit")


def main():
    unnasim, source = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("pools.json", POOLS), ("reserved.json", RESERVED), ("loose.json", LOOSE),
                           ("waits.json", WAITS),
                           ("requests.csv", REQUESTS),
                           ("offsets.csv", "id,offset\n0,0\n1,0\n2,4\n3,0\n4,8\n")):
            pathlib.Path(folder, name).write_text(text)
        pathlib.Path(folder, "x.npy").write_bytes(npy((1, 1, 28, 28)))
        pathlib.Path(folder, "large.npy").write_bytes(npy((1, 1, 28, 28), 1000))
        folder_of_schemas = pathlib.Path(source, "report/schemas")
        tests = commands(source)
        assert {p.name for p in folder_of_schemas.iterdir()} == {f"{t}.schema.json" for t in tests}
        for name, runs in tests.items():
            schema = json.loads((folder_of_schemas / f"{name}.schema.json").read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            used = set()
            for run in runs:
                done = subprocess.run([unnasim, *run, "--json", "-", "--quiet"], cwd=folder,
                                      capture_output=True, text=True)
                assert done.returncode in (0, 3), f"{run}: {done.stderr}"
                output = json.loads(done.stdout)
                errors = [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(output)]
                assert not errors, f"{run}: {errors[:3]}"
                used_keys(output, schema, schema, "", used)
                check_strict(validator, output)
            allowed = set()
            keys_of(schema, schema, "", allowed)
            assert allowed <= used, f"{name}: no output has {sorted(allowed - used)}"
            print(f"{name}: {len(runs)} outputs, {len(used)} keys")


if __name__ == "__main__":
    main()
