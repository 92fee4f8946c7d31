"""The tabs and panels of the page, one file each."""
