"""The samples of a soak run as a picture: what the process held, second by second.

  plot.py SAMPLES TITLE > soak.svg
"""
import csv
import sys
from xml.sax.saxutils import escape

# The column, its words, and what one unit of the picture's numbers is of the column's.
PANELS = (("calls", "calls made, thousands", 1000),
          ("resident_kib", "resident memory, MiB", 1024),
          ("descriptors", "open descriptors", 1),
          ("threads", "threads", 1))
WIDTH, LEFT, RIGHT, PANEL, GAP, HEAD = 760, 60, 20, 90, 46, 78

# The reader's own choice of light or dark decides, on a background of the chart's own.
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 } .note { fill: #59636e }
    .page { fill: #ffffff } .axis { fill: none; stroke: #d1d9e0 }
    .line { fill: none; stroke: #0969da; stroke-width: 1.5 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .note { fill: #9198a1 }
      .page { fill: #0d1117 } .axis { stroke: #3d444d } .line { stroke: #4493f8 }
    }
"""


def _panel(y, label, seconds, values):
    """From zero, so that what looks flat is flat."""
    top = max(max(values), 1)
    room = WIDTH - LEFT - RIGHT
    x_of = [LEFT + room * second / seconds[-1] for second in seconds]
    # A pixel or two for each point; a longer run keeps the highest of those that fall together.
    step = -(-len(values) // room)
    points = [(x_of[i], max(values[i:i + step])) for i in range(0, len(values), step)]
    path = " ".join(f"{x:.1f},{y + PANEL * (1 - value / top):.1f}" for x, value in points)
    return [f'<text class="title" x="{LEFT}" y="{y - 8}">{escape(label)}</text>',
            f'<path class="axis" d="M{LEFT} {y}V{y + PANEL}H{WIDTH - RIGHT}"/>',
            f'<text class="note" x="{LEFT - 8}" y="{y + 11}" text-anchor="end">{top:.0f}</text>',
            f'<text class="note" x="{LEFT - 8}" y="{y + PANEL}" text-anchor="end">0</text>',
            f'<polyline class="line" points="{path}"/>']


def draw(rows, title):
    """The SVG's text."""
    seconds = [int(row["second"]) for row in rows]
    body = []
    for number, (column, label, unit) in enumerate(PANELS):
        values = [int(row[column]) / unit for row in rows]
        body += _panel(HEAD + number * (PANEL + GAP), label, seconds, values)
    height = HEAD + len(PANELS) * (PANEL + GAP)
    body.append(f'<text class="note" x="{WIDTH - RIGHT}" y="{height - 18}" text-anchor="end">'
                f"{seconds[-1]} seconds</text>")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">',
        f"  <style>{STYLE}  </style>",
        f'  <rect class="page" width="{WIDTH}" height="{height}"/>',
        f'  <text x="20" y="32">{escape(title)}</text>',
        *("  " + part for part in body), "</svg>", ""])


def main():
    with open(sys.argv[1], encoding="utf-8") as samples:
        print(draw(list(csv.DictReader(samples)), sys.argv[2]), end="")


if __name__ == "__main__":
    main()
