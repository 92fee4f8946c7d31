"""An epoch is a permutation and a cursor: every sample once, with any batch sizes."""

import builtins

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import SequenceDataset
from backprop_panel.data.batch_loader import BatchLoader, Cursor

quick = settings(derandomize=True, deadline=None, max_examples=60, database=None)
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=30)


def cursor(num_samples=50, seed=0):
    return Cursor(SequenceDataset(num_samples=num_samples, seed=seed))


def take(place, size):
    """The next samples of a cursor, which goes on by as many."""
    samples = place.peek(size)
    place.pass_by(len(samples))
    return samples


def loader_without_torch(data, monkeypatch):
    """A loader made where torch cannot be imported."""
    usual_import = builtins.__import__

    def import_without_torch(name, *arguments, **keywords):
        if name.split(".")[0] == "torch":
            raise ImportError(name)
        return usual_import(name, *arguments, **keywords)

    loader = BatchLoader(data)
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", import_without_torch)
        loader.fetch([0])
    return loader


@quick
@given(num_samples=st.integers(1, 100), size=st.integers(1, 120), seed=st.integers(0, 1000))
def test_an_epoch_takes_every_sample_once(num_samples, size, seed):
    place = cursor(num_samples, seed)
    taken = []
    while place.epoch == 0:
        taken += take(place, size).tolist()
    assert sorted(taken) == list(range(num_samples))


@quick
@given(num_samples=st.integers(1, 100), size=st.integers(1, 120))
def test_the_last_smaller_batch_ends_the_epoch(num_samples, size):
    place = cursor(num_samples)
    lengths = []
    while place.epoch == 0:
        lengths.append(len(take(place, size)))
    whole, rest = divmod(num_samples, size)
    assert lengths == [size] * whole + [rest] * (rest > 0)
    assert (place.epoch, place.position) == (1, 0)


def test_a_batch_never_reaches_into_the_next_epoch():
    place = cursor(50)
    assert [len(take(place, 20)) for _ in range(4)] == [20, 20, 10, 20]
    assert (place.epoch, place.position) == (1, 20)


@pytest.mark.parametrize("size", [50, 51, 10_000])
def test_a_batch_size_above_the_data_size_gives_the_whole_set(size):
    place = cursor(50)
    for epoch in range(3):
        assert place.epoch == epoch
        assert sorted(take(place, size).tolist()) == list(range(50))


@quick
@given(sizes)
def test_a_changed_batch_size_goes_on_from_the_cursor(batch_sizes):
    place = cursor(50)
    endless = np.concatenate([place.data.order(epoch) for epoch in range(sum(batch_sizes))])
    taken = np.concatenate([take(place, size) for size in batch_sizes])
    assert taken.tolist() == endless[: len(taken)].tolist()
    assert (place.epoch, place.position) == divmod(len(taken), 50)


@quick
@given(epoch=st.integers(0, 10**6), position=st.integers(0, 49), size=st.integers(1, 60))
def test_any_place_is_reached_directly(epoch, position, size):
    data = SequenceDataset(num_samples=50)
    taken = take(Cursor(data, epoch, position), size)
    assert taken.tolist() == data.order(epoch)[position : position + size].tolist()


@quick
@given(sizes, sizes)
def test_a_copy_goes_its_own_way_from_the_same_place(before, after):
    place = cursor(50)
    for size in before:
        take(place, size)
    copy = place.copy()
    taken_by_copy = [take(copy, size).tolist() for size in after]
    assert [take(place, size).tolist() for size in after] == taken_by_copy


@quick
@given(sizes)
def test_the_loader_fetches_the_samples_that_were_asked_for(batch_sizes):
    data = SequenceDataset(num_samples=50)
    place, loader = Cursor(data), BatchLoader(data)
    for size in batch_sizes:
        samples = take(place, size)
        contexts, targets = loader.fetch(samples)
        expected_contexts, expected_targets = data.__getitems__(samples)
        assert np.array_equal(contexts, expected_contexts)
        assert np.array_equal(targets, expected_targets)


def test_batches_are_the_very_same_with_torch_and_without(monkeypatch):
    data = SequenceDataset(num_samples=50)
    place = Cursor(data)
    with_torch, without_torch = BatchLoader(data), loader_without_torch(data, monkeypatch)
    for size in (32, 32, 7, 50, 1, 200):
        samples = take(place, size)
        pairs = zip(with_torch.fetch(samples), without_torch.fetch(samples), strict=True)
        for ours, theirs in pairs:
            assert ours.dtype == theirs.dtype
            assert np.array_equal(ours, theirs)


def test_batching_is_done_by_torch_s_dataloader_where_torch_is(monkeypatch):
    made = []

    class Observed(torch.utils.data.DataLoader):
        def __init__(self, *arguments, **keywords):
            made.append(self)
            super().__init__(*arguments, **keywords)

    monkeypatch.setattr(torch.utils.data, "DataLoader", Observed)
    loader = BatchLoader(SequenceDataset(num_samples=50))
    for _ in range(3):
        loader.fetch(np.arange(10))
    assert len(made) == 1


def test_a_loader_draws_nothing_from_torch_s_global_generator():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    BatchLoader(SequenceDataset(num_samples=50)).fetch(np.arange(10))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("torch_is_there", [True, False])
def test_a_loader_goes_on_after_an_error_in_the_data(monkeypatch, torch_is_there):
    data = SequenceDataset(num_samples=50)
    loader = BatchLoader(data) if torch_is_there else loader_without_torch(data, monkeypatch)
    with pytest.raises(IndexError):
        loader.fetch(np.array([50]))
    contexts, _ = loader.fetch(np.array([4, 2]))
    assert np.array_equal(contexts, data.__getitems__([4, 2])[0])
