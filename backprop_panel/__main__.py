"""``python -m backprop_panel``: the command line."""

from .cli import main

if __name__ == "__main__":
    main()
