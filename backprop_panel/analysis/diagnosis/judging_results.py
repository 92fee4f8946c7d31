"""What the doctor judges of what was learned: how far the data and the network allow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import isfinite

import numpy as np

from ...training.events import Trained
from .evidence import Evidence
from .finding import NOT_JUDGED, Finding, Remedy
from .judging_training import HARDLY, LEARNED_EXCESS, percent
from .trials import ACTIVATION_OF_ADDED_LAYER, WIDTH_OF_ADDED_LAYER

FEWEST_STEPS = 30
"""Steps after which the course of training is judged."""

AT_FLOOR = 0.05
"""The loss is as low as the data allow if it is above the floor by at most this share of it."""

NEAR_PRIOR = 1.05
"""Largest loss, as a multiple of that of the frequencies, of a run that predicts them."""

ADDED_LAYER = f"a hidden layer of {WIDTH_OF_ADDED_LAYER} {ACTIVATION_OF_ADDED_LAYER} units"
"""What the trial network has where the run's own has no hidden layer."""

WIDER, WIDTH = 4, 32
"""How many times wider the network of a trial is, and the units that its layers have at least."""


def may_be_judged(evidence: Evidence) -> bool:
    """Return whether the course of training can be judged: by some steps, and finite losses."""
    return evidence.step >= FEWEST_STEPS and isfinite(evidence.excess)


def unused_data(evidence: Evidence) -> Finding | None:
    """Judge whether examples are left out of the epochs, or windows of the training set."""
    left_out = _left_out_of_epochs(evidence)
    if left_out:
        epochs, examples = len(left_out), max(left_out)
        return Finding(
            "unused_data",
            f"In each of {epochs} epochs, {examples} of the {len(evidence.data)} training examples "
            "were not trained on: the last, smaller batch was left out.",
            {"examples left out of an epoch": examples, "epochs": epochs},
            evidence.step,
            fault="dropped_last_batch",
            remedy=Remedy("Train on the last batch of each epoch as well."),
        )
    data = evidence.data
    held_out = data.validation_fraction + data.test_fraction
    windows = round(data.n_windows * (1 - held_out))
    if len(data) > 0.5 * windows:
        return None
    return Finding(
        "unused_data",
        f"The run trains on {len(data):,} examples, while the training texts have about "
        f"{windows:,} windows.",
        {"training examples": len(data), "windows": windows},
        evidence.step,
        remedy=Remedy("Make a new run with more samples (num_samples)."),
    )


def _left_out_of_epochs(evidence: Evidence) -> list[int]:
    """Return how many examples each finished epoch left out, if all of them did."""
    sizes = np.fromiter(
        chain.from_iterable(
            [event.size] * event.updates for event in evidence.events if isinstance(event, Trained)
        ),
        int,
    )[: evidence.step]
    epochs = evidence.run.history["epoch"][: evidence.step]
    finished = evidence.state.epoch
    trained = np.bincount(epochs, weights=sizes, minlength=finished)[:finished]
    left_out = [int(examples) for examples in len(evidence.data) - trained]
    return left_out if left_out and min(left_out) > 0 else []


def too_small(evidence: Evidence) -> Finding | None:
    """Judge whether the loss has stopped where that of a wider network has not."""
    now = evidence.excess
    half = next(moment for moment in evidence.moments if moment.step >= evidence.step // 2)
    if not 2 * LEARNED_EXCESS <= now < 1.5 or half.excess - now > 0.3 * now:
        return None
    if evidence.trial() <= 0.5 * now:  # it has not stopped: a few more steps learn more
        return None
    hidden = evidence.run.model.network.widths[1:-1]
    factor = max(WIDER, WIDTH // min(hidden, default=WIDTH))
    wider = evidence.wider_trial(factor)
    if not wider <= 0.5 * now:
        return None
    larger, remedy = (
        (f"{factor} times as wide", f"{factor} times as many hidden units")
        if hidden
        else (f"with {ADDED_LAYER}", ADDED_LAYER)
    )
    return Finding(
        "too_small",
        f"The network is too small. With {in_words(hidden)} the loss stays at {percent(now)} of "
        f"what could be learned; {larger} it falls to {percent(wider)} in as many steps.",
        {"excess loss": now, "excess loss of a wider network": wider},
        half.step,
        remedy=Remedy(f"Make a new run with {remedy}."),
    )


def in_words(hidden: Sequence[int]) -> str:
    """Return the widths of the hidden layers, those of equal ones once."""
    if not hidden:
        return "no hidden layer"
    if len(hidden) == 1:
        return f"a hidden layer of {hidden[0]}"
    if len(set(hidden)) == 1:
        return f"{len(hidden)} hidden layers of {hidden[0]}"
    return f"hidden layers of {' and '.join(map(str, hidden))}"


def overfitting(evidence: Evidence) -> Finding | None:
    """Judge whether the validation loss has risen for long while the training loss fell."""
    moments = [moment for moment in evidence.moments if isfinite(moment.validation_loss)]
    if len(moments) < 2 * len(evidence.late):
        return None
    best = min(moments, key=lambda moment: moment.validation_loss)
    late = [moment for moment in evidence.late if isfinite(moment.validation_loss)]
    rise = min((moment.validation_loss for moment in late), default=0) - best.validation_loss
    room = evidence.scale.prior - evidence.scale.floor
    fell = best.loss - evidence.now.loss
    if best.step >= late[0].step or rise < 0.25 * room or fell < HARDLY * room:
        return None
    return Finding(
        "overfitting",
        f"The run overfits. Since step {best.step:,} the validation loss rose from "
        f"{best.validation_loss:.3g} to {evidence.now.validation_loss:.3g}, while the training "
        f"loss fell from {best.loss:.3g} to {evidence.now.loss:.3g}.",
        {"lowest validation loss": best.validation_loss, "now": evidence.now.validation_loss},
        best.step,
        remedy=Remedy(
            f"Stop at step {best.step:,}, take more data, or a smaller network.", {}, best.step
        ),
    )


def stuck_at_prior(evidence: Evidence) -> Finding | None:
    """Judge whether the outputs are about the same whatever the inputs."""
    late = evidence.late
    if evidence.scale.prior - evidence.scale.floor < 0.1 * evidence.scale.prior:
        return None
    if any(moment.contrast > 0.15 or abs(moment.excess - 1) > 0.12 for moment in late):
        return None
    loss, prior = evidence.now.loss, evidence.scale.prior
    what = (
        "predicts how frequent each target is, and nothing more"
        if loss <= NEAR_PRIOR * prior
        else "does not even predict how frequent each target is"
    )
    return Finding(
        "stuck_at_prior",
        f"The network {what}: its loss is {loss:.3g}, that of the frequencies {prior:.3g}, and its "
        "outputs hardly depend on the inputs.",
        {"loss": loss, "loss of the frequencies": prior},
        late[0].step,
    )


def learned(evidence: Evidence) -> Finding | None:
    """Tell whether the run is as good as its data allow."""
    if evidence.excess > LEARNED_EXCESS:
        return None
    scale, loss = evidence.scale, evidence.now.loss
    numbers = {"loss": loss, "lowest possible loss": scale.floor}
    if scale.floor > 0.01 * scale.prior:
        return _at_floor(evidence, numbers)
    return Finding(
        "finished",
        f"The run is finished: its loss is {loss:.3g}, and the lowest possible {scale.floor:.3g}.",
        numbers,
        evidence.late[0].step,
    )


def _at_floor(evidence: Evidence, numbers: Mapping[str, float]) -> Finding | None:
    """Tell whether the loss is at its floor, which ambiguous data hold above zero.

    A loss that is near it on the scale of what could be learned may still fall by a third.
    """
    scale, share = evidence.scale, evidence.data.ambiguous_share
    if evidence.excess * (scale.prior - scale.floor) > AT_FLOOR * scale.floor:
        return None
    return Finding(
        "ambiguous_data",
        f"All that there is to learn has been learned: the loss is {evidence.now.loss:.3g}, and no "
        f"function of the context gets below {scale.floor:.3g}, as {share:.0%} of the examples "
        "have contexts that are followed by different targets.",
        {**numbers, "share of ambiguous examples": share},
        evidence.late[0].step,
    )


def not_judged(evidence: Evidence) -> list[Finding]:
    """Say what cannot be judged, and why."""
    return [Finding(NOT_JUDGED, sentence, {}, evidence.step) for sentence in _not_judged(evidence)]


def _not_judged(evidence: Evidence) -> list[str]:
    sentences = []
    if evidence.step < FEWEST_STEPS:
        sentences.append(
            f"The course of training is not judged before step {FEWEST_STEPS}: this is step "
            f"{evidence.step}."
        )
    if not len(evidence.data.validation_windows):
        sentences.append("Overfitting is not judged: there are no validation data.")
    if evidence.probe.examples < 2:
        sentences.append("How outputs follow inputs is not judged: there is one training example.")
    return sentences


JUDGED_LATER = (unused_data, overfitting, stuck_at_prior, learned)
"""What is judged once training has gone on for a while."""
