# SPDX-License-Identifier: GPL-2.0-only
"""Cost of a byte by the size of a write, as SVG."""

import math

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 60, 170, 30, 50
LINES = (((True, True), "ksmbd alone, signed", "#c0392b"),
         ((False, True), "with smbsign, signed", "#2471a3"),
         ((True, False), "ksmbd alone, unsigned", "#7f8c8d"),
         ((False, False), "with smbsign, unsigned", "#27ae60"))


def _size(size):
    for unit, name in ((1 << 20, " MiB"), (1 << 10, " KiB")):
        if size >= unit:
            return f"{size // unit}{name}"
    return f"{size} B"


class _Axes:
    """From sizes and costs, both logarithmic, to points."""

    def __init__(self, sizes, costs):
        self.sizes = math.log2(min(sizes)), math.log2(max(sizes))
        self.costs = 0, math.ceil(math.log2(max(costs)))

    def x(self, size):
        """Where @size is."""
        low, high = self.sizes
        return LEFT + (math.log2(size) - low) / (high - low) * \
            (WIDTH - LEFT - RIGHT)

    def y(self, cost):
        """Where @cost is."""
        low, high = self.costs
        return HEIGHT - BOTTOM - (math.log2(cost) - low) / (high - low) * \
            (HEIGHT - TOP - BOTTOM)


def _grid(axes, sizes):
    for power in range(axes.costs[0], axes.costs[1] + 1):
        y = axes.y(1 << power)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">' \
              f'{1 << power}</text>'
    for size in sizes[::3]:
        yield f'<text x="{axes.x(size):.1f}" y="{HEIGHT - BOTTOM + 18}" ' \
              f'text-anchor="middle">{_size(size)}</text>'


def _line(axes, table, kind, name, colour):
    points = [(axes.x(row.size), axes.y(row.cost[kind] / row.size))
              for row in table]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    yield f'<path d="M{path}" fill="none" stroke="{colour}" ' \
          'stroke-width="2"/>'
    index = [line[1] for line in LINES].index(name)
    y = TOP + 18 * index
    yield f'<path d="M{WIDTH - RIGHT + 12} {y}h18" stroke="{colour}" ' \
          'stroke-width="2"/>'
    yield f'<text x="{WIDTH - RIGHT + 36}" y="{y + 4}">{name}</text>'


def svg(table, kernel):
    """The plot of @table, rows of one client that writes."""
    table = sorted(table, key=lambda row: row.size)
    sizes = [row.size for row in table]
    axes = _Axes(sizes, [cost / row.size for row in table
                         for cost in row.cost.values()])
    parts = ["<!-- SPDX-License-Identifier: GPL-2.0-only -->",
             f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
             f'height="{HEIGHT}" font-family="sans-serif" font-size="11">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             '<text x="8" y="16">Instructions of the guest for a byte written, '
             'by the size of the WRITE</text>',
             f'<text x="{WIDTH - 8}" y="{HEIGHT - 8}" text-anchor="end">'
             f'SMB 3.1.1, {kernel}</text>', *_grid(axes, sizes)]
    for kind, name, colour in LINES:
        parts += _line(axes, table, kind, name, colour)
    return "\n".join([*parts, "</svg>\n"])
