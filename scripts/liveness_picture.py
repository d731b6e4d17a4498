"""Draws topology beside instruction liveness of two buffers that a topology plan lets share bytes.

usage: liveness_picture.py TRACE.txt COMPARE.json > picture.svg

TRACE.txt is what `unnasim trace` prints, COMPARE.json what `unnasim compare` writes about the same
program. The two buffers and the two accesses are those that the checker names in the first `unsafe`
message.
"""

import json
import re
import sys

WIDTH, HEIGHT, TOP, LEFT_END, RIGHT_BEGIN = 980, 330, 84, 360, 430
BLUE, ORANGE, RED = "#0072b2", "#e69f00", "#c00000"


def unsafe_message(path):
    with open(path, encoding="utf-8") as file:
        for case in json.load(file)["cases"]:
            for plan in case["plans"]:
                if "unsafe" in plan:
                    return plan["unsafe"]
    sys.exit(f"{path}: no plan is marked as unsafe, expected one")


def accesses_of(path, buffers):
    """Layer names by number, and (verb, core, pc, buffer, layer, begin, end) of the two buffers."""
    ids, layers, accesses = {}, {}, []
    pattern = re.compile(
        r"(read|write) c(\d+) pc=(\d+) .*buf=(b\d+) .*op=(\d+) time=(\d+)\.\.(\d+)")
    with open(path, encoding="utf-8") as file:
        for line in file:
            if named := re.match(r'buffer (b\d+) name="([^"]*)"', line):
                if named[2] in buffers:
                    ids[named[1]] = named[2]
            elif named := re.match(r'layer (\d+) name="([^"]*)"', line):
                layers[int(named[1])] = named[2]
            elif (found := pattern.match(line)) and found[4] in ids:
                accesses.append((found[1], int(found[2]), int(found[3]), ids[found[4]],
                                 int(found[5]), int(found[6]), int(found[7])))
    return layers, accesses


def text(x, y, words, size=12, colour="#222", anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}" font-weight="{weight}">{words}</text>')


def box(x, y, width, height, colour, title, opacity=1.0):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1.2):.1f}" height="{height}" '
            f'fill="{colour}" fill-opacity="{opacity}"><title>{title}</title></rect>')


def topology_panel(layers, accesses, first, second):
    """Lifetimes in layers: from the layer that writes a tensor to the last one that reads it."""
    used = sorted({access[4] for access in accesses})
    shown = range(used[0], used[-1] + 1)
    step = (LEFT_END - 100) / len(shown)
    out = []
    for k, layer in enumerate(shown):
        x = 90 + k * step
        out.append(text(x + step / 2, TOP + 150, layers[layer], 11, anchor="middle"))
        out.append(f'<path d="M{x:.1f} {TOP} v136" stroke="#bbb"/>')
    for row, (name, colour) in enumerate(((first, BLUE), (second, ORANGE))):
        lives = [access[4] for access in accesses if access[3] == name]
        begin, end = min(lives) - used[0], max(lives) - used[0] + 1
        y = TOP + 18 + 60 * row
        out.append(box(90 + begin * step + 3, y, (end - begin) * step - 6, 34, colour, name))
        out.append(text(84, y + 22, name, 12, anchor="end"))
    return out


def instruction_panel(accesses, first, second, culprits):
    """Accesses in cycles, by core: reads of the first buffer, writes of the second one."""
    reads = [a for a in accesses if a[0] == "read" and a[3] == first]
    writes = [a for a in accesses if a[0] == "write" and a[3] == second]
    begin, end = min(a[5] for a in reads), max(a[6] for a in reads + writes)
    scale = (WIDTH - 20 - RIGHT_BEGIN - 50) / (end - begin)
    out = []
    centre = {}
    for core in sorted({a[1] for a in reads + writes}):
        y = TOP + 6 + 36 * core
        out.append(text(RIGHT_BEGIN + 42, y + 17, f"core {core}", 12, anchor="end"))
        out.append(f'<path d="M{RIGHT_BEGIN + 50} {y + 26} H{WIDTH - 20}" stroke="#ddd"/>')
    for verb, core, pc, name, _, start, stop in reads + writes:
        x, y = RIGHT_BEGIN + 50 + (start - begin) * scale, TOP + 6 + 36 * core
        colour = BLUE if verb == "read" else ORANGE
        out.append(box(x, y, (stop - start) * scale, 24, colour,
                       f"core {core} pc {pc}: {verb} of {name}, cycles {start} to {stop}"))
        if (core, pc) in culprits:
            width = max((stop - start) * scale, 1.2)
            out.append(f'<rect x="{x - 2:.1f}" y="{y - 2}" width="{width + 4:.1f}" height="28" '
                       f'fill="none" stroke="{RED}" stroke-width="2.5"/>')
            centre[(core, pc)] = (x + width / 2, y + 12)
    if len(centre) == 2:
        (x1, y1), (x2, y2) = (centre[c] for c in culprits)
        out.append(f'<path d="M{x1:.1f} {y1} L{x2:.1f} {y2}" stroke="{RED}" stroke-width="2" '
                   'stroke-dasharray="5 3"/>')
    out.append(text(RIGHT_BEGIN + 50, TOP + 168, f"cycle {begin}", 11, "#555"))
    out.append(text(WIDTH - 20, TOP + 168, f"cycle {end}", 11, "#555", "end"))
    return out


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    message = unsafe_message(sys.argv[2])
    found = re.match(r"(.+) and (.+) share bytes \[(\d+), (\d+)\): core (\d+) pc (\d+) .* need not "
                     r"happen before core (\d+) pc (\d+)", message.split(";")[0])
    first, second = found[1], found[2]
    culprits = [(int(found[5]), int(found[6])), (int(found[7]), int(found[8]))]
    layers, accesses = accesses_of(sys.argv[1], {first, second})
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        text(20, 30, "Topology: lifetimes in layers", 15, weight="bold"),
        text(20, 50, "The two never meet, so a plan may give them the same bytes."),
        text(RIGHT_BEGIN, 30, "Instructions: what the cores execute", 15, weight="bold"),
        text(RIGHT_BEGIN, 50, f"blue: reads of {first}", colour=BLUE),
        text(RIGHT_BEGIN + 170, 50, f"orange: writes of {second}", colour="#9a6a00"),
        *topology_panel(layers, accesses, first, second),
        *instruction_panel(accesses, first, second, culprits),
        text(20, HEIGHT - 42, f"With the topology plan both lie in bytes {found[3]} to {found[4]} of "
             "the shared memory. Marked in red:", 13),
        text(20, HEIGHT - 22, f"core {found[7]} may write {second} (pc {found[8]}) before core "
             f"{found[5]} has read {first} (pc {found[6]}), as no barrier orders the two: in this run it "
             "came later by chance.", 13, RED),
        "</svg>",
    ]
    print("\n".join(out))


main()
