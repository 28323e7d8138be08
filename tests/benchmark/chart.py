"""The chart: one panel of bars for each scenario, CPU time per call."""
from xml.sax.saxutils import escape

from systems import HANDWRITTEN, OURS, SCENARIOS, SYSTEMS

SHOWN = ("blocking-http1", "many64-http1", "many64-http2", "many1000-http1")
WIDTH, LEFT, RIGHT, ROW, HEAD = 760, 130, 90, 24, 44
LONGEST = 5  # Times the hand-written loop's bar; what is longer is cut, and shown as such.

# The reader's own choice of light or dark decides, on a background of the chart's own.
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 } .note { fill: #59636e }
    .page { fill: #ffffff } .bar { fill: #afb8c1 } .ours { fill: #0969da } .hand { fill: #59636e }
    .cut { stroke: #ffffff; stroke-width: 3 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .note { fill: #9198a1 }
      .page { fill: #0d1117 } .bar { fill: #484f58 } .ours { fill: #4493f8 }
      .hand { fill: #9198a1 } .cut { stroke: #0d1117 }
    }
"""


def _bar(y, key, value, scale, room):
    kind = {OURS: "ours", HANDWRITTEN: "hand"}.get(key, "bar")
    width = min(value * scale, room)
    parts = [f'<text x="{LEFT - 10}" y="{y + 13}" text-anchor="end">'
             f"{escape(SYSTEMS[key].label)}</text>",
             f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{width:.1f}" height="17" rx="2"/>']
    if value * scale > room:
        x = LEFT + room - 30
        parts.append(f'<path class="cut" d="M{x} {y + 20}l8 -23m4 0l-8 23"/>')
    parts.append(f'<text x="{LEFT + width + 8:.1f}" y="{y + 13}">{value:.1f}</text>')
    return parts


def draw(figures):
    """The SVG's text, or none where there is nothing to show."""
    body, y = [], 40
    for name in SHOWN:
        values = {key: figures.median(name, key, "cpu") for key in SYSTEMS}
        values = {key: value for key, value in values.items() if value is not None}
        if not values:
            continue
        longest = min(max(values.values()),
                      LONGEST * values.get(HANDWRITTEN, max(values.values())))
        room = WIDTH - LEFT - RIGHT
        body.append(f'<text class="title" x="{LEFT}" y="{y + 24}">'
                    f"{escape(SCENARIOS[name].title)}</text>")
        y += HEAD - 10
        for key, value in sorted(values.items(), key=lambda item: item[1]):
            body += _bar(y, key, value, room / longest, room)
            y += ROW
    if not body:
        return ""
    height = y + 16
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="CPU time per call">',
        f"  <style>{STYLE}  </style>",
        f'  <rect class="page" width="{WIDTH}" height="{height}"/>',
        '  <text class="note" x="20" y="28">CPU time of the client per call, in microseconds: '
        "shorter is better</text>",
        *("  " + part for part in body), "</svg>", ""])
