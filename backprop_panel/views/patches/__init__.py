"""Every place that reaches into the internals of Panel, Bokeh or HoloViews: one patch a file.

Each docstring names the gain, what upstream would have to offer, and what happens without the
patched symbol. In ``tests/views/patches``, ``test_contract.py`` lists the symbols and their
signatures, and ``test_outside.py`` looks for such places elsewhere: in Python, JavaScript and CSS.
"""
