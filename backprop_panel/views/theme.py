"""The theme of the page: Material UI's palettes and typography, and the styles of its frame."""

from __future__ import annotations

from typing import Any

from .patches.page_selectors import (
    BARS,
    CONTENT,
    DARK_PAGE,
    LIGHT_PAGE,
    MAIN,
    PARTS_OF_CONTENT,
    PARTS_OF_HEADER,
    SPACE_ABOVE_CONTENT,
    SPACE_ABOVE_DRAWERS,
)


def _mode(primary: str, background: str, paper: str) -> dict[str, Any]:
    return {
        "palette": {
            "primary": {"main": primary},
            "background": {"default": background, "paper": paper},
        },
    }


LABEL_SCALE = 0.94
"""The size of a field's label above it, as a share of the field's text: not below 11 px."""

SMALLEST = "0.82rem"
"""11.5 px, unless the page is enlarged."""

FOCUS = {"outline": "2px solid var(--panel-primary-color)", "outlineOffset": "1px"}

ON_PHONE = "@media (max-width: 599px)"

NOT_ON_PHONE = {ON_PHONE: {"display": "none"}}
PHONE_ONLY = {
    "display": "none",
    ON_PHONE: {"display": "inline-flex", "margin": "8px 14px 0", "width": "auto"},
}

PHONE_DRAWERS = {
    "&.sidebar": {"width": "min(320px, 86vw) !important"},
    # The explanation comes up from below.
    "&.contextbar": {
        "inset": "auto 0 0 0 !important",
        "width": "auto !important",
        "height": "auto !important",
        "maxHeight": "70vh",
        "borderRadius": "12px 12px 0 0",
    },
}

TIP = {
    "width": "max-content",  # else it is as narrow as its button
    "maxWidth": "300px",
    "fontSize": "12px",
    "color": "#fff",
    "backgroundColor": "#212529",
    "border": "1px solid #868e96",
    # Beside a button it would cover the next words.
    "&.MuiTooltip-tooltipPlacementRight": {"position": "relative", "top": "28px", "left": "-40px"},
}
"""The look of the help of the other controls."""

_COMMON = {
    "typography": {
        "fontSize": 12,
        "button": {"textTransform": "none"},
        "caption": {"fontSize": SMALLEST},
    },
    "shape": {"borderRadius": 6},
    "components": {
        "MuiButton": {
            "defaultProps": {"disableElevation": True},
            "styleOverrides": {"root": {"fontSize": SMALLEST}},
        },
        "MuiToggleButton": {"styleOverrides": {"root": {"fontSize": SMALLEST}}},
        "MuiLinearProgress": {"defaultProps": {"aria-label": "Progress of the epoch"}},
        "MuiButtonBase": {"styleOverrides": {"root": {"&.Mui-focusVisible": FOCUS}}},
        "MuiSlider": {"styleOverrides": {"thumb": {"&.Mui-focusVisible": FOCUS}}},
        "MuiSwitch": {"styleOverrides": {"switchBase": {"&.Mui-focusVisible": FOCUS}}},
        "MuiTooltip": {
            "defaultProps": {"disableInteractive": True},  # it is in nobody's way
            "styleOverrides": {"tooltip": TIP},
        },
        "MuiDrawer": {"styleOverrides": {"paper": {ON_PHONE: PHONE_DRAWERS}}},
        "MuiInputLabel": {
            "styleOverrides": {
                "outlined": {
                    "&.MuiInputLabel-shrink": {
                        "transform": f"translate(14px, -9px) scale({LABEL_SCALE})"
                    }
                }
            }
        },
        "MuiOutlinedInput": {
            "styleOverrides": {"notchedOutline": {"& legend": {"fontSize": f"{LABEL_SCALE}em"}}}
        },
    },
}
THEME = {
    "light": _mode("#3b5bdb", "#ffffff", "#fbfbfa") | _COMMON,
    "dark": _mode("#8c9eff", "#1a1d23", "#121417") | _COMMON,
}


def _at_once(mode: str, text: str, quiet_text: str) -> dict[str, str]:
    """Return the colours that a page takes together as soon as its mode changes.

    In the browser, the theme gets the texts of a mode first, and its backgrounds once all plots
    are styled: seconds later, on a busy machine.
    """
    background = THEME[mode]["palette"]["background"]
    return {
        "color": text,
        "--panel-background-color": background["default"],
        "--panel-on-background-color": text,
        "--panel-surface-color": background["paper"],
        "--panel-on-surface-color": text,
        "--panel-on-secondary-color": quiet_text,
    }


ON_BACKGROUND = {
    "backgroundColor": "var(--panel-background-color)",
    "color": "var(--panel-on-background-color)",
}
ON_SURFACE = {
    "backgroundColor": "var(--panel-surface-color)",
    "color": "var(--panel-on-surface-color)",
}

PLOT_SX = {
    # BokehJS reads these instead of the properties of axes: they follow the theme.
    "--bk-major-label-text-color": "var(--panel-on-secondary-color)",
    "--bk-axis-label-text-color": "var(--panel-on-secondary-color)",
}

FOOT = "bp-foot"
"""The class of what stays at the foot of the window while the rest scrolls."""

PAGE_SX = {
    **PLOT_SX,
    # The texts are Material UI's own.
    LIGHT_PAGE: _at_once("light", "rgba(0, 0, 0, 0.87)", "rgba(0, 0, 0, 0.6)"),
    DARK_PAGE: _at_once("dark", "#fff", "rgba(255, 255, 255, 0.7)"),
    f"{MAIN}, {BARS}": ON_SURFACE,
    # On a phone, and in a low window, it would leave too little room.
    "@media (min-width: 600px) and (min-height: 600px)": {
        f"{PARTS_OF_CONTENT} > .{FOOT}": {
            "position": "sticky",
            "bottom": 0,
            "zIndex": 3,
            "backgroundColor": "var(--panel-surface-color)",
            "borderTop": "1px solid",
            "borderColor": "divider",
        },
        # What the keyboard or a link leads to must not end up behind it, nor behind the tabs.
        CONTENT: {"scrollPaddingBottom": "130px", "scrollPaddingTop": "44px"},
    },
    "& .MuiAppBar-root": {
        **ON_BACKGROUND,
        "backgroundImage": "none",
        "boxShadow": "none",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    "& .MuiAppBar-root .MuiToolbar-root": {"minHeight": "52px", "gap": "8px"},
    # The header may have two lines: the rest of the page begins below both.
    "@media (min-width: 600px)": {
        f"{SPACE_ABOVE_CONTENT}, {SPACE_ABOVE_DRAWERS}": {
            "minHeight": "max(64px, var(--bp-header, 0px))"
        },
        # What stays at the top of the explanation, which scrolls on below the header.
        "& .contextbar": {"--bp-above-explanation": "var(--bp-header, 64px)"},
    },
    "& a:focus-visible": FOCUS,
    # In a narrow window the controls take several lines, and leave a margin above and below.
    PARTS_OF_HEADER: {"minWidth": 0, "paddingBlock": "4px"},
    "& .MuiAppBar-root .MuiTypography-root": {
        "color": "var(--panel-on-background-color)",
        "fontSize": "15px",
        "fontWeight": 700,
        "whiteSpace": "nowrap",
        # In the presentation, the larger controls need its room.
        "display": "var(--bp-title, block)",
        "@media (max-width: 1199px)": {"display": "none"},
    },
    # The header takes the room that its wrapped controls need; the rest scrolls below it.
    ON_PHONE: {
        "flexDirection": "column",
        "& .MuiAppBar-root": {"position": "static"},
        "& .MuiAppBar-root .MuiToolbar-root": {
            "padding": "4px 16px",
            "flexWrap": "wrap",
            "gap": 0,
            "justifyContent": "space-between",
        },
        PARTS_OF_HEADER: {"order": 1, "flexBasis": "100%"},
        "& .MuiAppBar-root .MuiTypography-root": {"display": "block"},
        f"{PARTS_OF_HEADER}:has(.title)": {
            "order": 0,
            "flexBasis": "auto",
        },
        MAIN: {"minHeight": 0, "width": "100%"},
        SPACE_ABOVE_CONTENT: {"display": "none"},
    },
}
TABS_SX = {
    "& .MuiTabs-scroller": {"overflowX": "auto !important", "scrollbarWidth": "none"},
    # What scrolls below the bar does not show through it.
    "&.MuiTabs-root, & .MuiTabs-root": {
        "minHeight": "36px",
        "backgroundColor": "var(--panel-surface-color)",
    },
    "& .MuiTab-root": {
        "minHeight": "36px",
        "fontSize": SMALLEST,
        "padding": "6px 11px",
        "minWidth": "52px",
        # Within another layout there is no page, and so no theme with this rule.
        "textTransform": "none",
    },
}
