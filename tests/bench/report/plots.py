"""The plots: dots and curves on logarithmic axes, and bars. Each returns an SVG; names are [(series, name)],
where a series is the number of a colour and shape."""

from math import ceil, floor, log10

from report.svg import Drawing


def decades(values):
    """The powers of ten around them, at least two: (lowest exponent, highest)."""
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def short(value):
    """1234 as 1.23k."""
    for unit, factor in (("M", 1e6), ("k", 1e3)):
        if value >= factor:
            return f"{value / factor:.3g}{unit}"
    return f"{value:.3g}"


def nanoseconds(exponent):
    """10^exponent ns in the unit that suits it."""
    unit = min(max(exponent // 3, 0), 3)
    return f"{10 ** (exponent - 3 * unit):,} {('ns', 'µs', 'ms', 's')[unit]}"


def dots(title, axis, names, rows):
    """A line for each thing that was measured, a mark for each who did it. Dots and not bars, for a bar's
    length means nothing where the axis has no zero. rows: [(thing, {name: nanoseconds})]."""
    left, right, top, pitch, width = 130, 40, 84, 34, 860
    low, high = decades([value for _, row in rows for value in row.values()])
    drawing = Drawing(title, width, top + pitch * len(rows) + 46)

    def place(value):
        return left + (log10(value) - low) / (high - low) * (width - left - right)

    drawing.text(left, 24, title, style="title")
    drawing.legend(left, 52, names)
    bottom = top + pitch * len(rows) - pitch / 2
    for exponent in range(low, high + 1):
        x = place(10 ** exponent)
        drawing.line(x, top - 16, x, bottom)
        drawing.text(x, bottom + 18, nanoseconds(exponent), "middle", "small")
    drawing.text(width - right, bottom + 38, axis, "end", "small")
    for i, (thing, row) in enumerate(rows):
        y = top + pitch * i
        drawing.text(left - 14, y + 4, thing, "end")
        drawing.line(place(min(row.values())), y, place(max(row.values())), y, "span")
        for series, name in names:
            if name in row:
                drawing.mark(place(row[name]), y, series, tip=f"{thing}, {name}: {row[name]:.4g}")
    return drawing.svg()


def bars(title, names, panels):
    """Horizontal bars. A panel is (title, unit, groups), a group (title, values), and its values are one for
    each name; bars are relative to the first, labels absolute."""
    left, top, width = 16, 62, 430
    groups = len(panels[0][2])
    drawing = Drawing(title, left + len(panels) * (width + 30), top + groups * (len(names) * 13 + 32))
    drawing.legend(left, 22, names)
    for i, panel in enumerate(panels):
        draw_bars(drawing, left + i * (width + 30), top, width, names, *panel)
    return drawing.svg()


def draw_bars(drawing, x, y, width, names, title, unit, groups):
    drawing.text(x, y - 12, title, style="title")
    longest = max(value / values[0] for _, values in groups for value in values)
    scale = (width - 95) / longest  # what is left is for the label of the longest
    for group_title, values in groups:
        drawing.text(x, y + 12, group_title, style="small")
        y += 16
        for i, (series, _) in enumerate(names):
            drawing.bar(x, y + i * 13, values[i] / values[0] * scale, 11, series)
        drawing.line(x + scale, y - 1, x + scale, y + len(values) * 13 - 1, "unity")
        for i, value in enumerate(values):
            share = value / values[0]
            drawing.text(x + share * scale + 5, y + i * 13 + 9, f"{short(value)}{unit} ({share:.2f})", style="label")
        y += len(values) * 13 + 16


def curves(title, names, panels):
    """A panel is (title, unit of x, unit of y, {x: label}, [ys for each name])."""
    width, height, left, top = 330, 270, 56, 74
    drawing = Drawing(title, len(panels) * (width + left) + 20, height + top + 56)
    drawing.legend(left, 22, names)
    for i, panel in enumerate(panels):
        draw_curves(drawing, left + i * (width + left), top, width - 20, height, names, *panel)
    return drawing.svg()


def draw_curves(drawing, x, y, width, height, names, title, x_unit, y_unit, labels, lines):
    xs = list(labels)
    low_x, high_x = log10(xs[0]), log10(xs[-1])
    low_y, high_y = decades([value for line in lines for value in line])
    bottom = y + height

    def at(a, b):
        return (x + (log10(a) - low_x) / (high_x - low_x) * width,
                bottom - (log10(b) - low_y) / (high_y - low_y) * height)

    drawing.text(x, y - 26, title, style="title")
    drawing.text(x, y - 10, y_unit, style="small")
    for exponent in range(low_y, high_y + 1):
        _, level = at(xs[0], 10 ** exponent)
        drawing.line(x, level, x + width, level)
        drawing.text(x - 6, level + 4, short(10 ** exponent), "end", "small")
    for a, label in labels.items():
        column, _ = at(a, 10 ** low_y)
        drawing.line(column, bottom, column, bottom + 4)
        drawing.text(column, bottom + 16, label, "middle", "small")
    drawing.text(x + width / 2, bottom + 36, x_unit, "middle", "small")
    for (series, _), line in zip(names, lines):
        drawing.curve([at(a, b) for a, b in zip(xs, line)], series)
