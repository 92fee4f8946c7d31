"""Text files in the usual encodings, their labels, and the preview of what they become."""

import pytest

from backprop_panel import SequenceDataset, SettingError
from backprop_panel.data.text_files import read_text_file
from backprop_panel.data.text_preview import preview_of

LINES = "Größe\nnaïve\n🙂"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_a_file_is_read_in_its_encoding_and_with_its_line_breaks(encoding, line_break):
    file = read_text_file("a.txt", LINES.replace("\n", line_break).encode(encoding))
    assert (file.text, file.notice) == (LINES, "")


def test_a_file_in_utf_16_with_the_other_byte_order_is_read():
    assert read_text_file("A.TXT", b"\xfe\xff" + "né".encode("utf-16-be")).text == "né"


def test_a_file_that_is_not_unicode_is_read_as_latin_1_with_a_notice():
    file = read_text_file("a.txt", "né".encode("latin-1"))
    assert file.text == "né"
    assert file.notice == "'a.txt' is not UTF-8; it was read as Latin-1."


def test_a_broken_file_in_utf_16_is_refused():
    with pytest.raises(SettingError, match="begins as UTF-16 does"):
        read_text_file("a.txt", b"\xff\xfea")


@pytest.mark.parametrize("name", ["a.pdf", "a", "txt", ""])
def test_a_file_of_another_kind_is_refused(name):
    with pytest.raises(SettingError, match=r"\.txt, \.csv, \.tsv"):
        read_text_file(name, b"abc")


@pytest.mark.parametrize("name", ["a.txt", "a.tsv"])
def test_a_label_and_a_tab_stand_before_a_text(name):
    file = read_text_file(name, b"x\tanna\r\ny\tleo\tbo\r\n\r\nida\nx\t\n", labelled=True)
    assert file.text == "anna\nleo\tbo"
    assert (file.labels, file.unlabelled) == (["x", "y"], 2)


def test_two_columns_of_csv_are_label_and_text():
    data = b'x,"a, ""b""\nc"\r\ny,leo\r\n\r\nz\r\n'
    file = read_text_file("a.csv", data, labelled=True)
    assert file.text == 'a, "b" c\nleo'
    assert (file.labels, file.unlabelled) == (["x", "y"], 1)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_a_file_without_any_label_is_refused(name):
    with pytest.raises(SettingError, match="No line of 'a.* is a label and a text"):
        read_text_file(name, b"abc\nabd", labelled=True)


def test_a_preview_counts_lines_and_the_reasons_for_which_they_are_skipped():
    data = SequenceDataset.from_text("abcdef\n\nab\nabcdefg\nb\n", sequence_length=5)
    preview = preview_of(data, "cross_entropy")
    assert (preview.used, preview.empty) == (2, 2)
    assert preview.without_example.startswith("2 of 4 lines are shorter than the sequence length 5")
    assert preview.vocabulary == [(letter, 2) for letter in "abcdef"] + [("g", 1)]
    assert (preview.windows, preview.distinct) == (5, 3)
    assert preview.windows == preview.training + preview.validation + preview.test
    assert (preview.inputs, preview.outputs) == (28, 7)


def test_a_preview_leaves_boundary_tokens_out_of_its_counts():
    data = SequenceDataset.from_text("ab\nb", sequence_length=3, boundary=".")
    preview = preview_of(data, "cross_entropy")
    assert preview.vocabulary == [("a", 1), ("b", 2)]
    assert preview.optimal_loss == data.optimal_loss("cross_entropy")


def test_a_preview_counts_the_lines_of_each_class():
    data = SequenceDataset.from_lines(
        ["anna\nida", "leo", "mia"], labels=["x", "y", "x"], sequence_length=3
    )
    assert preview_of(data, "mse").classes == [("x", 3), ("y", 1)]


def test_lines_that_are_all_too_short_are_refused_with_the_help_of_a_boundary():
    with pytest.raises(SettingError, match="With a boundary token, lines of any length"):
        SequenceDataset.from_text("ab\nc", sequence_length=5)
