"""An empty file that is uploaded arrives."""

import pytest

from backprop_panel.views.widgets.buttons import upload_button

NO_PIECES = [{"status": "initializing"}, {"status": "finished"}]
"""What the page sends of an empty file."""


@pytest.mark.parametrize(("multiple", "value"), [(False, b""), (True, [b""])])
def test_an_empty_file_is_handed_over(multiple, value):
    upload = upload_button("Upload", ".txt", multiple=multiple)
    for message in NO_PIECES:
        upload._handle_msg(message)
    assert upload.value == value
