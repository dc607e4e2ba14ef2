"""A drawing as SVG, by hand: no library is needed. Its colours follow the reader's light or dark theme, and
so does the page that it lies on, which makes it legible wherever it is shown."""

import html

LIGHT = {"ink": "#24292f", "pale": "#57606a", "page": "#ffffff", "grid": "#d0d7de", "span": "#afb8c1",
         "series": ["#0072b2", "#009e73", "#6e7781", "#d55e00", "#b8860b", "#aa4499"]}
DARK = {"ink": "#e6edf3", "pale": "#9198a1", "page": "#0d1117", "grid": "#30363d", "span": "#484f58",
        "series": ["#56b4e9", "#2fd39f", "#9198a1", "#ff8a4c", "#f0c649", "#dd88cc"]}


def rules(ink, pale, page, grid, span, series):
    """The colours of a theme. No variables: not every viewer of SVG knows them."""
    return "\n".join([
        f"text {{ fill: {ink} }} .small {{ fill: {pale} }} .label {{ stroke: {page} }} .page {{ fill: {page} }}",
        f".grid {{ stroke: {grid} }} .span {{ stroke: {span} }} .unity {{ stroke: {pale} }}",
        *(f".fill{i} {{ fill: {colour} }} .line{i} {{ stroke: {colour} }}" for i, colour in enumerate(series))])


STYLE = f"""
text {{ font: 12px system-ui, sans-serif }}
.title {{ font-size: 14px; font-weight: 600 }}
.small {{ font-size: 11px }}
.label {{ font-size: 11px; paint-order: stroke; stroke-width: 4 }}
.span {{ stroke-width: 2 }}
.unity {{ stroke-dasharray: 3 3 }}
.curve {{ stroke-width: 2; fill: none }}
{rules(**LIGHT)}
@media (prefers-color-scheme: dark) {{
{rules(**DARK)}
}}
"""

# The corners of the marks; none: a circle. Each series has a shape of its own, so that nobody depends on colours.
SHAPES = [
    [],
    [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
    [(-.35, -1.4), (.35, -1.4), (.35, 1.4), (-.35, 1.4)],
    [(-.9, -.9), (.9, -.9), (.9, .9), (-.9, .9)],
    [(0, -1.2), (1.2, .9), (-1.2, .9)],
    [(0, 1.2), (1.2, -.9), (-1.2, -.9)],
]


class Drawing:
    """What is measured is drawn in series, which have their colour and shape by their number."""

    def __init__(self, title, width, height):
        self.head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                     f'viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(title)}">')
        self.parts = [f"<style>{STYLE}</style>", f'<rect class="page" width="{width}" height="{height}"/>']

    def text(self, x, y, words, anchor="start", style=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">'
                          f"{html.escape(words)}</text>")

    def line(self, x1, y1, x2, y2, style="grid"):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>')

    def bar(self, x, y, width, height, series):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                          f'class="fill{series}"/>')

    def mark(self, x, y, series, radius=6, tip=""):
        """The tip shows under the pointer."""
        if corners := SHAPES[series]:
            points = " ".join(f"{x + dx * radius:.1f},{y + dy * radius:.1f}" for dx, dy in corners)
            name, place = "polygon", f'points="{points}"'
        else:
            name, place = "circle", f'cx="{x:.1f}" cy="{y:.1f}" r="{radius}"'
        self.parts.append(f'<{name} {place} class="fill{series}"><title>{html.escape(tip)}</title></{name}>')

    def curve(self, points, series):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" class="curve line{series}"/>')
        for x, y in points:
            self.mark(x, y, series, radius=3)

    def legend(self, x, y, names):
        """names: [(series, name)]."""
        for series, name in names:
            self.mark(x + 6, y - 4, series)
            self.text(x + 18, y, name)
            x += 42 + 6.6 * len(name)

    def svg(self):
        return "\n".join([self.head, *self.parts, "</svg>", ""])
