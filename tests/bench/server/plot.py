"""Plots as SVG, by hand: no library is needed, and the colours follow the reader's light or dark theme."""

from html import escape
from math import ceil, floor, log10

LIGHT = ["#6e7781", "#8250df", "#bf8700", "#0969da", "#cf222e"]
DARK = ["#9198a1", "#a371f7", "#d29922", "#58a6ff", "#ff7b72"]


def colour_rules(colours):
    """Of the servers, in their order. No variables: not every viewer of SVG knows them."""
    return " ".join(f".fill{i} {{ fill: {c} }} .line{i} {{ stroke: {c} }}" for i, c in enumerate(colours))


STYLE = f"""
  text {{ font: 12px sans-serif; fill: #24292f }}
  .title {{ font-weight: bold; font-size: 14px }}
  .small {{ font-size: 10px; fill: #57606a }}
  .label {{ font-size: 10px; paint-order: stroke; stroke: #ffffff; stroke-width: 4 }}
  .page {{ fill: #ffffff }}
  .grid {{ stroke: #d0d7de }}
  .unity {{ stroke: #57606a; stroke-dasharray: 3 3 }}
  .curve {{ stroke-width: 2; fill: none }}
  {colour_rules(LIGHT)}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #e6edf3 }}
    .small {{ fill: #9198a1 }}
    .label {{ stroke: #0d1117 }}
    .page {{ fill: #0d1117 }}
    .grid {{ stroke: #30363d }}
    .unity {{ stroke: #9198a1 }}
    {colour_rules(DARK)}
  }}
"""


class Drawing:
    def __init__(self, width, height):
        self.head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                     f'viewBox="0 0 {width} {height}">')
        self.parts = [f"<style>{STYLE}</style>", f'<rect class="page" width="{width}" height="{height}"/>']

    def text(self, x, y, words, anchor="start", style=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">'
                          f"{escape(words)}</text>")

    def line(self, x1, y1, x2, y2, style="grid"):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>')

    def bar(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                          f'class="fill{colour}"/>')

    def curve(self, points, colour):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" class="curve line{colour}"/>')
        self.parts.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="fill{colour}"/>' for x, y in points)

    def legend(self, x, y, names):
        """Colours by the order of the names."""
        for colour, name in names:
            self.bar(x, y - 10, 12, 12, colour)
            self.text(x + 17, y, name)
            x += 35 + 6.6 * len(name)

    def svg(self):
        return "\n".join([self.head, *self.parts, "</svg>", ""])


def short(value):
    """1234 as 1.23k."""
    for unit, factor in (("M", 1e6), ("k", 1e3)):
        if value >= factor:
            return f"{value / factor:.3g}{unit}"
    return f"{value:.3g}"


def bars(names, panels):
    """Horizontal bars. Names: [(colour, server)]. A panel is (title, unit, groups), a group (title, values),
    and its values are one for each name; bars are relative to the first, labels absolute."""
    bar, gap, top, left, width = 13, 18, 62, 16, 430
    groups = len(panels[0][2])
    height = top + groups * (len(names) * bar + gap + 14)
    drawing = Drawing(left + len(panels) * (width + 30), height)
    drawing.legend(left, 22, names)
    for index, (title, unit, panel) in enumerate(panels):
        draw_bars(drawing, left + index * (width + 30), top, width, bar, gap, names, (title, unit, panel))
    return drawing.svg()


def draw_bars(drawing, x, y, width, bar, gap, names, panel):
    title, unit, groups = panel
    drawing.text(x, y - 12, title, style="title")
    longest = max(value / values[0] for _, values in groups for value in values)
    scale = (width - 75) / longest
    for group_title, values in groups:
        drawing.text(x, y + 12, group_title, style="small")
        y += 16
        for (colour, _), value in zip(names, values):
            drawing.bar(x, y, value / values[0] * scale, bar - 2, colour)
            y += bar
        drawing.line(x + scale, y - len(values) * bar - 1, x + scale, y, "unity")
        for row, value in enumerate(values):
            label = f"{short(value)}{unit} ({value / values[0]:.2f})"
            middle = y - (len(values) - row) * bar + bar - 4
            drawing.text(x + value / values[0] * scale + 5, middle, label, style="label")
        y += gap - 2


def curves(names, panels):
    """Lines on logarithmic axes. A panel is (title, unit of x, unit of y, {x: label}, [ys for each name])."""
    width, height, left, top = 330, 270, 56, 74
    drawing = Drawing(len(panels) * (width + left) + 20, height + top + 56)
    drawing.legend(left, 22, names)
    for index, panel in enumerate(panels):
        draw_curves(drawing, left + index * (width + left), top, width - 20, height, names, panel)
    return drawing.svg()


def draw_curves(drawing, x, y, width, height, names, panel):
    title, x_unit, y_unit, labels, lines = panel
    xs = list(labels)
    low_x, high_x = log10(xs[0]), log10(xs[-1])
    values = [value for line in lines for value in line]
    low_y, high_y = floor(log10(min(values))), ceil(log10(max(values)))

    def at(a, b):
        return (x + (log10(a) - low_x) / (high_x - low_x) * width,
                y + height - (log10(b) - low_y) / (high_y - low_y) * height)

    drawing.text(x, y - 26, title, style="title")
    drawing.text(x, y - 10, y_unit, style="small")
    for power in range(low_y, high_y + 1):
        _, level = at(xs[0], 10 ** power)
        drawing.line(x, level, x + width, level)
        drawing.text(x - 6, level + 4, short(10 ** power), "end", "small")
    for a, label in labels.items():
        column, bottom = at(a, 10 ** low_y)
        drawing.line(column, bottom, column, bottom + 4)
        drawing.text(column, bottom + 16, label, "middle", "small")
    drawing.text(x + width / 2, y + height + 36, x_unit, "middle", "small")
    for (colour, _), line in zip(names, lines):
        drawing.curve([at(a, b) for a, b in zip(xs, line)], colour)
