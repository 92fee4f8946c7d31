"""What ``panel serve --plugins`` takes: handlers of further addresses, here none."""

ROUTES = []
