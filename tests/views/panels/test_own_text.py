"""Own data on the page: the fields of a text, what they make, and the preview of it."""

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import SequenceDataset, TrainingRunManager
from backprop_panel.interchange import from_query
from backprop_panel.settings import SettingError
from backprop_panel.views.panels.import_export import ImportExport
from backprop_panel.views.panels.own_text import OwnText
from backprop_panel.views.panels.setting_groups import NewRunFields
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.link_pane import LinkPane
from tests.texts import NAMES

pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64, seed=1)
    return Session(manager)


@pytest.fixture
def new_run(session):
    fields = NewRunFields(session)
    fields.show()
    return fields


def control(panel, label, kind=pmui.base.MaterialComponent):
    (found,) = (
        each for each in panel.__panel__().select(kind) if getattr(each, "label", "") == label
    )
    return found


def typed(new_run, text, source="text", **fields):
    new_run.fields["master_sequences"].value = source
    label = "Text" if source == "text" else "Masters, one a line, tokens between spaces"
    for name, value in fields.items():
        control(new_run, name.replace("_", " ").capitalize()).value = value
    control(new_run, label, pmui.TextAreaInput).value = text


def uploaded(new_run, **files):
    new_run.fields["master_sequences"].value = "text"
    upload = control(new_run, "Upload files")
    upload.param.update(
        filename=[name.replace("_", ".") for name in files], value=list(files.values())
    )


def preview(new_run):
    (shown,) = (
        pane.object
        for pane in new_run.__panel__().select(pn.pane.HTML)
        if "bp-preview" in pane.css_classes and pane.visible
    )
    return shown


def made(session, new_run):
    run = session.manager.create(**new_run.settings())
    new_run.show()
    return run


def test_a_pasted_text_makes_a_run_with_the_defaults_of_texts(session, new_run):
    typed(new_run, NAMES, boundary_token=".")
    assert new_run.pending
    run = made(session, new_run)
    expected = SequenceDataset.from_text(NAMES, boundary=".", seed=1)
    assert run.dataset.settings() | {"num_master_sequences": 3} == expected.settings()
    assert not new_run.pending


def test_the_fields_of_generated_masters_are_hidden_for_a_text(new_run):
    assert control(new_run, "Vocabulary").visible
    typed(new_run, NAMES)
    assert not control(new_run, "Vocabulary").visible
    assert not control(new_run, "Master length").visible


def test_a_preview_says_what_the_text_makes(new_run):
    typed(new_run, NAMES, sequence_length="4")
    control(new_run, "Boundary token").value = "."
    shown = preview(new_run)
    for part in ("11 lines", "51 windows", "12 tokens", "Optimal loss", "36 → 32 → 32 → 12"):
        assert part in shown


def test_a_preview_says_how_many_lines_give_no_example_and_why(new_run):
    typed(new_run, f"{NAMES}\n", sequence_length="4")
    shown = preview(new_run)
    assert "5 lines</b> used, 1 empty" in shown
    assert "6 of 11 lines are shorter than the sequence length 4 and give no example." in shown
    assert "A shorter sequence length, or a boundary token, makes examples of them." in shown
    control(new_run, "Boundary token").value = "."
    assert "no example" not in preview(new_run)


def test_a_preview_of_lines_that_are_all_too_short_hints_at_a_boundary(new_run):
    typed(new_run, NAMES, sequence_length="7")
    assert "With a boundary token" in preview(new_run)


def test_the_sequence_length_fits_nine_of_ten_lines_of_a_text(new_run):
    typed(new_run, "\n".join(["ab"] + ["abcd"] * 10 + ["abcdefghijkl"] * 10))
    assert new_run.fields["sequence_length"].value == "4"
    typed(new_run, "\n".join(["abcdefghijkl"] * 10))
    assert new_run.fields["sequence_length"].value == "8"


def test_a_sequence_length_that_a_person_chose_stays_with_another_text(new_run):
    typed(new_run, NAMES, sequence_length="6")
    typed(new_run, "abcd\nabcd")
    assert new_run.fields["sequence_length"].value == "6"


def test_a_text_with_a_boundary_has_the_default_sequence_length(new_run):
    typed(new_run, NAMES)
    assert new_run.fields["sequence_length"].value == "3"
    control(new_run, "Boundary token").value = "."
    assert new_run.fields["sequence_length"].value == "8"


def test_the_offer_of_a_run_stays_below_a_text_whose_length_is_fitted(new_run):
    slots, moves = new_run._offer.slots, []
    slots["sequence_length"].param.watch(lambda event: moves.append(event.new), "objects")
    typed(new_run, NAMES)
    assert slots["text"].visible
    assert not any(moves)


def places(new_run):
    """Return the places of the offer, after each change of one of them."""
    slots, seen = new_run._offer.slots, []

    def note(event):
        seen.append([name for name, slot in slots.items() if len(slot)])

    for slot in slots.values():
        slot.param.watch(note, "objects")
    return seen


def test_the_offer_stays_below_the_source_whose_fields_are_filled(new_run):
    seen = places(new_run)
    new_run.fields["master_sequences"].value = "text"
    assert seen == [["master_sequences"]]


def test_the_offer_stays_below_a_text_whose_labels_make_a_classification(new_run):
    typed(new_run, "good\tyes\nbad\tno")
    seen = places(new_run)
    control(new_run, "What lines are").value = "labels"
    assert new_run.fields["task_type"].value == "sequence_classification"
    assert seen == []


def test_a_preview_of_one_line_counts_it_in_the_singular(new_run):
    typed(new_run, "abcabcabcabd")
    assert "<b>1 line</b> used" in preview(new_run)


def test_a_preview_names_what_cannot_be_seen_and_escapes_the_rest(new_run):
    typed(new_run, "a\tb\u202e<i>abc\u00a0ab", sequence_length="3")
    shown = preview(new_run)
    for name in ("␉", "U+202E", "U+00A0", "&lt;"):
        assert name in shown
    assert "<i>" not in shown


def test_words_and_a_limited_vocabulary_are_chosen_by_fields(session, new_run):
    new_run.fields["master_sequences"].value = "text"
    control(new_run, "Most tokens of the vocabulary").value = "4"
    typed(new_run, "a b a c\na b d e", tokens="words", boundary_token="␣", sequence_length="3")
    run = made(session, new_run)
    assert run.dataset.vocabulary == [" ", "a", "b", "<unknown>"]
    assert (run.config["token_type"], run.config["boundary"]) == ("words", " ")


def test_labels_before_a_tab_make_a_classification(session, new_run):
    new_run.fields["master_sequences"].value = "text"
    control(new_run, "What lines are").value = "labels"
    assert new_run.fields["task_type"].value == "sequence_classification"
    typed(new_run, "x\tanna\ny\tleoleo\nx\tida", sequence_length="3")
    run = made(session, new_run)
    assert run.dataset.output_labels == ["x", "y"]
    assert control(new_run, "Text", pmui.TextAreaInput).value == "x\tanna\ny\tleoleo\nx\tida"


def test_a_file_for_each_class_is_uploaded(session, new_run):
    new_run.fields["master_sequences"].value = "text"
    control(new_run, "What lines are").value = "files"
    uploaded(new_run, girls_txt=b"anna\r\nida\r\n", boys_txt=b"\xef\xbb\xbfleo\nelias")
    new_run.fields["sequence_length"].value = "3"
    run = made(session, new_run)
    assert run.dataset.output_labels == ["girls", "boys"]
    assert "\ufeff" not in run.dataset.vocabulary


def test_a_file_of_another_kind_is_refused_and_changes_nothing(new_run):
    uploaded(new_run, a_pdf=b"abc")
    with pytest.raises(SettingError, match="Paste a text here"):
        new_run.settings()


def test_an_empty_file_is_refused_with_a_message(new_run):
    new_run.fields["master_sequences"].value = "text"
    uploaded(new_run, a_txt=b"")
    assert new_run._text._notice.object == "The file is empty."


def test_a_text_too_long_for_the_field_is_kept(session, new_run):
    text = "abcdefghij\n" * 4000
    uploaded(new_run, long_txt=text.encode())
    run = made(session, new_run)
    assert run.config["master_sequences"] == text
    assert control(new_run, "Text", pmui.TextAreaInput).value == ""
    control(new_run, "Boundary token").value = "."
    assert new_run.settings()["master_sequences"] == text
    assert new_run.settings()["vocabulary"][0] == "."


def test_explicit_masters_are_typed_with_their_tokens_between_spaces(session, new_run):
    typed(new_run, "the cat sat ␣ the\na dog", source="explicit")
    new_run.fields["sequence_length"].value = "2"
    run = made(session, new_run)
    assert run.config["master_sequences"] == [["the", "cat", "sat", " ", "the"], ["a", "dog"]]
    assert run.dataset.vocabulary == [" ", "a", "cat", "dog", "sat", "the"]


def test_explicit_masters_of_a_run_are_shown_in_their_field(session, new_run):
    session.manager.create(master_sequences=["ab ab", "abba"], vocabulary=["a", "b", " "])
    new_run.show()
    area = control(new_run, "Masters, one a line, tokens between spaces", pmui.TextAreaInput)
    assert area.visible
    assert area.value == "a b ␣ a b\na b b a"
    assert not new_run.pending


def test_only_what_a_person_changes_counts_as_a_change():
    masters = SequenceDataset(master_sequences=[list("abcabc"), list("bcabca")], sequence_length=3)
    own = OwnText()
    own.show(masters.settings())
    assert (own.revision, own.changed) == (0, False)
    field = control(own, "Masters, one a line, tokens between spaces")
    shown, field.value = field.value, "a c"
    assert (own.revision, own.changed) == (1, True)
    field.value = shown
    assert (own.revision, own.changed) == (2, False)


def test_another_seed_keeps_the_text_of_a_run(session, new_run):
    typed(new_run, NAMES, boundary_token=".")
    made(session, new_run)
    new_run.fields["seed"].value = "5"
    settings = new_run.settings()
    assert (settings["master_sequences"], settings["boundary"]) == (NAMES, ".")
    assert (settings["num_samples"], settings["split"]) == ("all", "lines")


def test_the_link_follows_the_text_and_says_why_there_is_none(session, new_run):
    panel = ImportExport(session, new_run)
    (link,) = panel.__panel__().select(LinkPane)
    (parent,) = (each for each in panel.__panel__().select(pn.Column) if link in each)
    reason = parent[1]
    new_run.fields["master_sequences"].value = "text"
    assert (link.visible, reason.object) == (False, "Paste a text here, or upload files.")
    typed(new_run, NAMES, boundary_token=".")
    assert (link.visible, reason.visible) == (True, False)
    assert from_query(link.query)["master_sequences"] == NAMES
    uploaded(new_run, long_txt=b"abcdefghij\n" * 4000)
    assert (link.visible, reason.visible) == (False, True)
    assert "Export the run instead" in reason.object
