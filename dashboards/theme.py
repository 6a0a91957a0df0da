"""Charts in the colours of the look: two Plotly templates, `makao_light` and `makao_dark`."""

from dataclasses import dataclass

import plotly.graph_objects as go
import plotly.io as pio

FONT = '"Inter Variable", "Segoe UI", "Noto Sans Arabic", Tahoma, "DejaVu Sans", sans-serif'
# A seventh series would repeat a colour: group the rest as "other" instead.
MOST_SERIES = 6
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme; equal to the tokens of static/makao.css."""

    series: tuple[str, ...]
    ground: str
    text: str
    quiet: str
    line: str
    good: str
    needs: str
    stopped: str


LIGHT = Palette(
    series=("#0072b2", "#b35c00", "#00805c", "#b0558a", "#5b4fa0", "#8a6d00"),
    ground="#ffffff",
    text="#262b2b",
    quiet="#5a6262",
    line="#dfe3e3",
    good="#166534",
    needs="#8f4107",
    stopped="#a61b1b",
)
DARK = Palette(
    series=("#56b4e9", "#e69f00", "#2dbd92", "#e7a3c8", "#a99be6", "#e6d64a"),
    ground="#1c2222",
    text="#dde3e3",
    quiet="#a3adad",
    line="#323a3a",
    good="#86efac",
    needs="#fbbf24",
    stopped="#fca5a5",
)
PALETTES = {"makao_light": LIGHT, "makao_dark": DARK}


def register() -> None:
    """Make both templates known to Plotly by name; twice does no harm."""
    for name, palette in PALETTES.items():
        pio.templates[name] = _template(palette)


def _template(colours: Palette) -> go.layout.Template:
    axis = {
        "gridcolor": colours.line,
        "linecolor": colours.line,
        "zerolinecolor": colours.quiet,
        "tickfont": {"color": colours.quiet, "size": 12},
        "title": {"font": {"color": colours.quiet, "size": 12}},
        "gridwidth": 1,
        "ticks": "",
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "colorway": colours.series,
            # The card behind the chart is the ground: it follows the theme by itself.
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 13, "color": colours.text},
            "title": {"font": {"size": 15}, "x": 0, "xanchor": "left"},
            "xaxis": axis | {"showgrid": False, "zeroline": False},
            "yaxis": axis | {"zeroline": True, "separatethousands": True},
            "legend": LEGEND | {"font": {"color": colours.quiet}},
            "hoverlabel": {
                "bgcolor": colours.ground,
                "bordercolor": colours.line,
                "font": {"family": FONT, "color": colours.text},
            },
            "hovermode": "x unified",
            "margin": {"l": 8, "r": 16, "t": 32, "b": 8},
            "colorscale": {"sequential": [[0, colours.line], [1, colours.series[0]]]},
            "separators": ".,",
            "barcornerradius": 3,
        },
        data={
            "bar": [{"marker": {"line": {"width": 0}}}],
            "scatter": [{"line": {"width": 2}, "marker": {"size": 6}}],
            "pie": [{"hole": 0.6, "textinfo": "label+percent"}],
        },
    )
