# SPDX-License-Identifier: GPL-2.0-only
"""What the tables of the documentation are written with."""

import re
import textwrap

WIDTH = 100


def heading(text):
    """A section's."""
    return f"{text}\n{'=' * len(text)}\n\n"


def simple_table(head, rows):
    """A table of reStructuredText's simple kind."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    line = "  ".join("=" * width for width in widths)
    body = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths))
            .rstrip() for row in (head, *rows)]
    return "\n".join((line, body[0], line, *body[1:], line)) + "\n\n"


def quoted(words):
    """@words as they are, whatever they would mean here."""
    return f"``{words}``" if re.search(r"[_\\*`|]|--", words) else words


def list_table(head, rows):
    """A table whose cells may have more than a line is wide: a list of lists."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (head, *rows):
        for number, cell in enumerate(row):
            mark = "-" if number else "* -"
            lines += textwrap.wrap(
                cell, WIDTH, initial_indent=f"   {mark:>3} ",
                subsequent_indent=" " * 7, break_long_words=False,
                break_on_hyphens=False) or [f"   {mark:>3}"]
    return "\n".join(lines) + "\n"
