#!/usr/bin/env python3
"""Draws the machine: cores with buffers and engines, the optional shared cache, DRAM."""

W, H = 760, 330
out = []


def box(x, y, w, h, text, fill, dashed=False, size=13):
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    out.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="4" fill="{fill}" stroke="#333"{dash}/>')
    if text:
        out.append(f'<text x="{x + w / 2}" y="{y + h / 2 + size / 3}" font-size="{size}" '
                   f'text-anchor="middle">{text}</text>')


def label(x, y, text, size=12, anchor="start"):
    out.append(f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{text}</text>')


def line(x1, y1, x2, y2):
    out.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#333" marker-end="url(#a)"/>')


def core(x, name):
    box(x, 15, 330, 190, "", "#f4f6fa")
    label(x + 10, 33, name)
    box(x + 115, 42, 100, 40, "NFU", "#ffd9a8")
    for i, (buffer, engine) in enumerate((("NBin", "load neurons"), ("SB", "load synapses"),
                                          ("NBout", "store"))):
        left = x + 10 + 107 * i
        box(left, 108, 96, 30, buffer, "#c9e4c5")
        box(left, 164, 96, 28, engine, "#cfdcf5")
        if i < 2:
            line(left + 48, 164, left + 48, 138)
            line(left + 48, 108, x + 150 + 18 * i, 82)
            line(left + 30, 225, left + 30, 192)
        else:
            line(x + 195, 82, left + 48, 108)
            line(left + 48, 138, left + 48, 164)
            line(left + 48, 192, left + 48, 225)
    box(x + 228, 48, 92, 28, "compute", "#cfdcf5")
    line(x + 228, 62, x + 215, 62)


core(15, "core 0")
core(415, "core n")
label(380, 115, "...", 22, "middle")
box(15, 225, 730, 32, "shared cache (optional)", "#eeeeee", dashed=True)
box(15, 275, 730, 36, "DRAM: intermediates, inputs, outputs, synapses", "#e6d5ee")
line(360, 257, 360, 275)
line(400, 275, 400, 257)
print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{W}" height="{H}" viewBox="0 0 {W} {H}" '
      'font-family="sans-serif" fill="#111">')
print('<defs><marker id="a" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
      '<path d="M0,0 L8,4 L0,8 z" fill="#333"/></marker></defs>')
print(f'<rect width="{W}" height="{H}" fill="#ffffff"/>')
print("\n".join(out))
print("</svg>")
