"""A dot plot as SVG: a line for each thing that was measured, a mark for each who did it, on a
logarithmic axis. Dots and not bars, for a bar's length means nothing where the axis has no zero. Its
colours fit light and dark pages."""
import html
import math

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 15px; font-weight: 600; }
.minor { fill: #57606a; }
.grid { stroke: #d0d7de; }
.span { stroke: #afb8c1; stroke-width: 2; }
.s0 { fill: #0072b2; } .s1 { fill: #009e73; } .s2 { fill: #6e7781; } .s3 { fill: #d55e00; }
.s4 { fill: #b8860b; } .s5 { fill: #aa4499; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .minor { fill: #9198a1; }
  .grid { stroke: #30363d; }
  .span { stroke: #484f58; }
  .s0 { fill: #56b4e9; } .s1 { fill: #2fd39f; } .s2 { fill: #9198a1; } .s3 { fill: #ff8a4c; }
  .s4 { fill: #f0c649; } .s5 { fill: #dd88cc; }
}
"""

LEFT, RIGHT, TOP, ROW, WIDTH, RADIUS = 130, 40, 84, 34, 860, 6


def mark(x, y, series, tip=""):
    """Each series has a shape of its own, so that nobody depends on colours."""
    shapes = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}"',
        polygon(x, y, [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)]),
        polygon(x, y, [(-.35, -1.4), (.35, -1.4), (.35, 1.4), (-.35, 1.4)]),
        polygon(x, y, [(-.9, -.9), (.9, -.9), (.9, .9), (-.9, .9)]),
        polygon(x, y, [(0, -1.2), (1.2, .9), (-1.2, .9)]),
        polygon(x, y, [(0, 1.2), (1.2, -.9), (-1.2, -.9)]),
    )
    return f'{shapes[series % 6]} class="s{series % 6}"><title>{html.escape(tip)}</title></{element(series)}>'


def element(series):
    return "circle" if series % 6 == 0 else "polygon"


def polygon(x, y, corners):
    points = " ".join(f"{x + dx * RADIUS:.1f},{y + dy * RADIUS:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}"'


def text(x, y, content, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(content)}</text>'


def power_of_ten(exponent):
    return f"{10 ** exponent:,}"


def nanoseconds(exponent):
    """10^exponent ns in the unit that suits it."""
    unit = min(max(exponent // 3, 0), 3)
    return f"{10 ** (exponent - 3 * unit):,} {('ns', 'µs', 'ms', 's')[unit]}"


def dot_plot(title, axis, rows, series, label=power_of_ten):
    """rows: a list of (name, {series: value}); series: names in the order of the legend; label: writes
    the mark of the axis at 10^exponent."""
    values = [value for _, row in rows for value in row.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    height = TOP + ROW * len(rows) + 46

    def place(value):
        return LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    drawn = [text(LEFT, 24, title, "title")]
    x = LEFT
    for i, name in enumerate(series):
        drawn += [mark(x + RADIUS, 48, i), text(x + 18, 52, name)]
        x += 42 + 7.2 * len(name)
    bottom = TOP + ROW * len(rows) - ROW / 2
    for exponent in range(low, high + 1):
        x = place(10 ** exponent)
        drawn.append(f'<line x1="{x:.1f}" y1="{TOP - 16}" x2="{x:.1f}" y2="{bottom:.1f}" class="grid"/>')
        drawn.append(text(x, bottom + 18, label(exponent), "minor", "middle"))
    drawn.append(text(WIDTH - RIGHT, bottom + 38, axis, "minor", "end"))
    for i, (name, row) in enumerate(rows):
        y = TOP + ROW * i
        drawn.append(text(LEFT - 14, y + 4, name, anchor="end"))
        if not row:
            continue
        ends = place(min(row.values())), place(max(row.values()))
        drawn.append(f'<line x1="{ends[0]:.1f}" y1="{y}" x2="{ends[1]:.1f}" y2="{y}" class="span"/>')
        drawn += [mark(place(row[who]), y, series.index(who), f"{name}, {who}: {row[who]:.4g}")
                  for who in series if who in row]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-label="{html.escape(title)}">\n<style>{STYLE}</style>\n' + "\n".join(drawn) + "\n</svg>\n")
