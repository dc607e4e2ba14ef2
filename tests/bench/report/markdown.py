"""Tables, lists and numbers in Markdown."""


def number(value):
    """Three digits tell enough: 6.83, 68.3, 683, 6,830. Nothing where there is no value."""
    if value is None:
        return "–"
    if value >= 100:
        rounded = round(value, 2 - len(str(int(value))) + 1)
        return f"{int(rounded):,}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def ratio(value, base):
    """How many times `base` the value is; nothing where one of them is missing."""
    return "–" if value is None or not base else f"{value / base:.2f}"


def size(value):
    """Bytes in the largest unit that they fill."""
    for unit, bytes_in_it in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value >= bytes_in_it:
            return f"{number(value / bytes_in_it)} {unit}"
    return f"{value} B"


def table(header, rows):
    """A table whose first column is text and whose others are numbers, aligned in its source, too."""
    cells = [list(map(str, row)) for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells)]

    def line(row):
        padded = [cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(row, widths))]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * (width + 2) if i == 0 else "-" * (width + 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([line(cells[0]), "|" + "|".join(rule) + "|", *map(line, cells[1:])]) + "\n"


def listing(facts):
    """A list of {name: text}."""
    return "".join(f"- {name}: {text}\n" for name, text in facts.items())
