"""Style parts of the page that its library gives no class of their own.

The reference of Panel Material UI's page names classes for its header, title, main area and bars.
What lies in them has a class that the reference leaves out, or Material UI's own.

Gain: the timeline stays at the foot of the window, a header of two lines covers nothing, and texts
and their backgrounds change their mode together.
Upstream: classes in the reference for these parts, or parameters for what is done to them here.
Without the symbols: the timeline scrolls away, and what the header holds is cut on a phone. A
busy browser shows white texts on white after a change of the theme.
"""

LIGHT_PAGE, DARK_PAGE = "&.mui-light", "&.mui-dark"
"""The page in each mode; the classes change with the first of the two drawings of a new mode."""

MAIN, BARS = "& .main", "& .sidebar, & .contextbar"
"""The areas of the page between its header's lower edge and the window's edges."""

CONTENT = "& .main-content"
"""What scrolls between the bars."""

PARTS_OF_CONTENT = f"{CONTENT} > .child-wrapper"
"""The elements around the parts of the content."""

PARTS_OF_HEADER = "& .MuiAppBar-root .MuiToolbar-root > .MuiBox-root"
"""The elements around the title and around the controls of the header."""

SPACE_ABOVE_CONTENT = "& .main .MuiToolbar-root"
"""What keeps the content below the header."""

SPACE_ABOVE_DRAWERS = "& .MuiDrawer-paper > .MuiToolbar-root"
"""What keeps the contents of the bars below the header."""
