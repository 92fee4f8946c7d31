"""The theme of the page: Material UI's palettes and typography, and the styles of its frame."""

from __future__ import annotations

from typing import Any


def _mode(primary: str, background: str, paper: str) -> dict[str, Any]:
    return {
        "palette": {
            "primary": {"main": primary},
            "background": {"default": background, "paper": paper},
        },
    }


_COMMON = {
    "typography": {"fontSize": 12, "button": {"textTransform": "none"}},
    "shape": {"borderRadius": 6},
    "components": {
        "MuiButton": {"defaultProps": {"disableElevation": True}},
    },
}
THEME = {
    "light": _mode("#3b5bdb", "#ffffff", "#fbfbfa") | _COMMON,
    "dark": _mode("#8c9eff", "#1a1d23", "#121417") | _COMMON,
}

PAGE_SX = {
    "& .MuiAppBar-root": {
        "backgroundColor": "background.default",
        "backgroundImage": "none",
        "color": "text.primary",
        "boxShadow": "none",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    "& .MuiAppBar-root .MuiToolbar-root": {"minHeight": "52px", "gap": "8px"},
    # In a narrow window the content scrolls sideways and stays inside the window.
    "& .MuiAppBar-root .MuiToolbar-root > .MuiBox-root": {"minWidth": 0},
    "& .MuiAppBar-root .MuiTypography-root": {
        "color": "text.primary",
        "fontSize": "15px",
        "fontWeight": 700,
        "@media (max-width: 900px)": {"display": "none"},
    },
}
TABS_SX = {
    "& .MuiTabs-root": {"minHeight": "36px"},
    "& .MuiTab-root": {
        "minHeight": "36px",
        "padding": "6px 14px",
        "minWidth": "60px",
        # Within another layout there is no page, and so no theme with this rule.
        "textTransform": "none",
    },
}
