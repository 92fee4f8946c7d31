"""Generated texts: their prompts, their temperature, and why they end."""

from fractions import Fraction

import numpy as np
import pytest

from backprop_panel import Model, SequenceDataset, SettingError, TrainingRunManager
from backprop_panel.analysis import generate
from tests.texts import NAMES


def rng():
    return np.random.default_rng(0)


def names_run(**settings):
    data = SequenceDataset.from_text(NAMES, 4, boundary=".", validation_fraction=0, test_fraction=0)
    config = {"hidden_dimension": 32, "loss_type": "cross_entropy", "optimizer": "adam"}
    return TrainingRunManager().create(**{**data.settings(), **config, **settings})


@pytest.fixture(scope="module")
def learned():
    """A run that has learned its names by heart."""
    run = names_run(learning_rate=0.02, batch_size=8)
    for _ in range(60):
        run.trainer.run_epoch()
    return run


def model_for(data, **settings):
    return Model(
        input_dimension=data.input_dimension, output_dimension=data.output_dimension, **settings
    )


def said(texts):
    return ["".join(text.tokens) for text in texts]


def refusal(*arguments, **settings):
    with pytest.raises(SettingError) as caught:
        generate(*arguments, **settings)
    return caught.value


def test_ten_texts_end_at_the_boundary_token(learned):
    texts = generate(learned.model, learned.dataset, rng=rng())
    assert len(texts) == 10
    assert {text.end for text in texts} == {"boundary"}
    assert not any("." in text.tokens for text in texts)
    assert len(set(NAMES.split("\n")) & set(said(texts))) >= 3


def test_a_prompt_is_gone_on_with(learned):
    texts = generate(learned.model, learned.dataset, "oli", temperature=0, samples=2)
    assert said(texts) == ["olivia", "olivia"]
    assert [text.prompted for text in texts] == [3, 3]


def test_the_most_probable_token_is_taken_at_temperature_zero(learned):
    assert len(set(said(generate(learned.model, learned.dataset, temperature=0)))) == 1


def test_a_temperature_near_zero_takes_the_most_probable_token(learned):
    likely = said(generate(learned.model, learned.dataset, temperature=0))
    assert said(generate(learned.model, learned.dataset, temperature=1e-310)) == likely


def test_a_higher_temperature_makes_the_texts_differ_more(learned):
    known = set(NAMES.split("\n"))

    def learned_names(temperature):
        texts = generate(
            learned.model, learned.dataset, temperature=temperature, samples=200, rng=rng()
        )
        return sum(text in known for text in said(texts))

    assert learned_names(0.5) > learned_names(3)


def test_the_same_generator_makes_the_same_texts(learned):
    one, other = (said(generate(learned.model, learned.dataset, rng=rng())) for _ in range(2))
    assert one == other


def test_generated_masters_end_where_none_of_them_goes_on():
    data = SequenceDataset(num_master_sequences=2, seed=1)
    model = model_for(data, seed=1)
    contexts = {tuple(row) for row in data.tokens(data.windows[:])[:, :-1].tolist()}
    for text in generate(model, data, rng=rng()):
        assert text.end == "unseen"
        assert tuple(text.tokens[-4:]) not in contexts
        assert all(
            tuple(text.tokens[at : at + 4]) in contexts for at in range(len(text.tokens) - 4)
        )


def test_a_function_that_returns_logits_generates_as_its_model(learned):
    calls = []

    def predict(contexts):
        calls.append(contexts)
        return learned.trainer.engine.predict(contexts)

    texts = generate(predict, learned.dataset, rng=rng())
    assert said(texts) == said(generate(learned.model, learned.dataset, rng=rng()))
    assert calls


def test_a_text_without_boundary_is_as_long_as_the_longest_line_at_most():
    data = SequenceDataset.from_text("abcabcabc\nbcabcabcabca", sequence_length=3)
    model = model_for(data)
    texts = generate(model, data, rng=rng())
    assert {text.end for text in texts} == {"longest"}
    assert {len(text.tokens) for text in texts} == {12}


def test_a_text_is_no_longer_than_asked_for():
    data = SequenceDataset.from_text("ab" * 50, sequence_length=3)
    model = model_for(data)
    texts = generate(model, data, most_tokens=7, rng=rng())
    assert [(len(text.tokens), text.end) for text in texts] == [(7, "limit")] * 10


def test_outputs_that_are_not_finite_end_a_text():
    data = SequenceDataset.from_text(NAMES, 4, boundary=".")
    model = model_for(data)
    model.weights[-1][:] = np.nan
    for temperature in (0, 1):
        texts = generate(model, data, temperature=temperature)
        assert {text.end for text in texts} == {"not finite"}


def test_words_are_prompted_by_words():
    data = SequenceDataset.from_text("a cat sat\na dog ran", 3, tokens="words", boundary=".")
    model = model_for(data)
    assert generate(model, data, "a cat", samples=1)[0].tokens[:2] == ["a", "cat"]


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"prompt": "x"}, "prompt"),
        ({"prompt": "em.ma"}, "prompt"),
        ({"prompt": 3}, "prompt"),
        ({"prompt": [["e"]]}, "prompt"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": Fraction(1, 10**400)}, "temperature"),
        ({"samples": 0}, "samples"),
        ({"most_tokens": 0}, "most_tokens"),
    ],
)
def test_an_invalid_argument_of_generation_is_refused(settings, setting):
    run = names_run()
    assert refusal(run.model, run.dataset, **settings).setting == setting


def test_a_prompt_too_short_for_the_context_needs_a_boundary():
    data = SequenceDataset.from_text("abcabcabc", sequence_length=5)
    model = model_for(data)
    assert "needs 4 tokens to begin with, got 2" in str(refusal(model, data, "ab"))


def test_a_classifier_and_the_network_of_other_data_generate_nothing():
    data = SequenceDataset(task_type="sequence_classification")
    model = model_for(data)
    assert "Only a next-token network" in str(refusal(model, data))
    assert "16 inputs" in str(refusal(Model(), names_run().dataset))
