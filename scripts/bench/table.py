# SPDX-License-Identifier: GPL-2.0-only
"""What was counted, as a table: ratios first."""

from dataclasses import dataclass

COLUMNS = ("client", "dialect", "conns", "operation", "ratio", "share",
           "alone unsigned", "alone signed", "with unsigned", "with signed")
# Clients that sign in the same guest
BESIDE = ("cifs.ko", "smbclient")


@dataclass(frozen=True)
class Row:
    """One operation, counted four times. @cost: instructions by (alone,
    signed)."""

    client: str
    dialect: str
    connections: int
    operation: str
    size: int
    cost: dict

    @property
    def ratio(self):
        """What it costs signed, against ksmbd alone."""
        return self.cost[False, True] / self.cost[True, True]

    @property
    def share(self):
        """What signing costs the server, against ksmbd alone; None where that
        is nothing, or where the client signs in the same guest."""
        alone = self.cost[True, True] - self.cost[True, False]
        if self.client in BESIDE or alone < self.cost[True, False] / 20:
            return None
        return (self.cost[False, True] - self.cost[True, False]) / alone

    def cells(self):
        """It as a line of the table."""
        share = "" if self.share is None else f"{self.share:.2f}"
        costs = (self.cost[alone, signed] for alone in (True, False)
                 for signed in (False, True))
        return (self.client, self.dialect, str(self.connections),
                self.operation, f"{self.ratio:.2f}", share,
                *(f"{cost:,}" for cost in costs))


def rows(counts):
    """The rows of @counts, a list as guest writes it."""
    found = {}
    for one in counts:
        key = (one["client"], one["dialect"], one["connections"],
               one["operation"], one["bytes"])
        found.setdefault(key, {})[one["alone"], one["signed"]] = \
            one["instructions"]
    return [Row(*key, cost) for key, cost in found.items() if len(cost) == 4]


def gmac(counts):
    """What is signed with AES-GMAC, against unsigned and AES-CMAC."""
    found = {(one["client"], one["dialect"], one["connections"],
              one["operation"], one["alone"], one["signed"]):
             one["instructions"] for one in counts}
    lines = ["AES-GMAC: against unsigned with ksmbd alone (AES-CMAC)"]
    for (client, dialect, number, name, _, _), cost in found.items():
        unsigned = found.get((client, "3.1.1", number, name, True, False))
        cmac = found.get((client, "3.1.1", number, name, False, True))
        if dialect.endswith("GMAC") and unsigned and cmac:
            lines.append(f"  {client:9} {number:2} {name:14} "
                         f"{cost / unsigned:.2f} ({cmac / unsigned:.2f})  "
                         f"{cost:,}")
    return "\n".join(lines)


def text(table):
    """@table, rows, in columns."""
    lines = [COLUMNS, *(row.cells() for row in table)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(
        cell.ljust(width) if index in (0, 1, 3) else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(line, widths)))
        for line in lines)


def gate(measured):
    """What gate.measure() found."""
    lines = ["the gate without a MAC, instructions a frame:"]
    lines += [f"  {one['frames']:4} at once: {one['instructions']:,}"
              for one in measured["frames"]]
    lines += ["the longest run in softirq, instructions:"]
    lines += [f"  softirq_bytes={one['softirq_bytes']}: {one['longest']:,}, "
              f"of {one['runs']} runs" for one in measured["softirq"]]
    return "\n".join(lines)


# CPUs that the critical path is drawn for
CORES = (1, 2, 4, 8, 16)
PARTS = ("reader", "ahead", "writes", "workers")


def _serial(one):
    """Instructions that the requests of one connection wait for, however many
    CPUs there are."""
    return max(one["reader"], one["ahead"], one["writes"])


def critical(measured):
    """What critical.measure() found, with smbsign beside ksmbd alone, in
    thousands of instructions a MiB; and how many times as fast that makes one
    connection with smbsign, on 1, 2, 4... CPUs."""
    lines = ["critical path of one connection, thousands of instructions a MiB:"
             " smbsign (ksmbd alone)",
             "  algorithm   operation  " + "".join(
                 f"{part:>16}" for part in PARTS) + "  " +
             "".join(f"{number:>6}" for number in CORES)]
    alone = {(one["algorithm"], one["operation"]): one
             for one in measured if one["alone"]}
    for one in measured:
        if one["alone"]:
            continue
        # ksmbd alone has no AES-GMAC: its clients get AES-CMAC
        beside = alone.get((one["algorithm"], one["operation"])) or \
            alone.get(("AES-CMAC", one["operation"]))
        if not beside:
            continue
        cells = [f"{_thousands(one, part):7,} ({_thousands(beside, part):,})"
                 for part in PARTS]
        gains = [_time(beside, cores) / _time(one, cores) for cores in CORES]
        lines.append(f"  {one['algorithm']:11} {one['operation']:11} " +
                     "".join(f"{cell:>16}" for cell in cells) + "  " +
                     "".join(f"{gain:6.2f}" for gain in gains))
    return "\n".join(lines)


def _thousands(one, part):
    return round(one[part] * (1 << 20) / one["bytes"] / 1000)


def _time(one, cores):
    """What a request takes if many are under way: its share of all CPUs, or
    the part that others wait for."""
    return max((one["reader"] + one["ahead"] + one["workers"]) / cores,
               _serial(one))
