"""What the doctor judges of the training: its learning rate, its weight decay and its batches."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from .evidence import SICK_EXCESS, Evidence, changed_settings
from .finding import Finding, Remedy

LEARNED_EXCESS = 0.05
"""Up to this excess loss, a run has learned it."""

FEWEST_STEPS_OF_RATE = 4
"""Steps after which a learning rate is judged too high: some runs end soon after."""

HARDLY = 0.05
"""A change of the excess loss in a trial that hardly counts."""

MOST_PERCENT = 10
"""The excess loss from which on it is told as a multiple."""

SHRUNK = 0.25
"""Weight decay has outweighed training if each layer's weights have at most this share of the norm
that they had."""

LEAST_SAY = 0.01
"""Weight decay has no say if it adds less than this share of its norm to each layer's gradient."""

USUAL_RATES = (0.1, 0.01, 0.001)
"""Learning rates that trials try beside fractions of the present one."""


def learning_rate_too_high(evidence: Evidence) -> Finding | None:
    """Judge whether smaller steps would lower the loss further."""
    if evidence.excess < SICK_EXCESS or evidence.step < FEWEST_STEPS_OF_RATE:
        return None
    return _raised(evidence) or _overshoots_now(evidence) or _overshot_at_first(evidence)


def _raised(evidence: Evidence) -> Finding | None:
    """Judge a rate that was raised by the last change, by a trial with the one before it."""
    changes = changed_settings(evidence.run, evidence.events, evidence.since)
    raised = [change for change in changes if change.name == "learning_rate"]
    if not raised or raised[0].now < raised[0].before:
        return None
    rate, now = raised[0].before, evidence.excess
    lower = evidence.earlier_trial(learning_rate=rate)
    # Below 1, something was learned.
    if not (lower <= 0.6 * now and lower < 1):
        return None
    return _too_high(
        evidence,
        rate,
        f"{raised[0].sentence} From there on, {evidence.earlier_steps:,} steps at {rate:g} leave "
        f"{share(lower)}; this run is at {percent(now)}.",
        {"excess loss now": now, "of a trial at the rate before": lower},
        step=evidence.since + 1,
    )


def _overshoots_now(evidence: Evidence) -> Finding | None:
    """Judge by trials from the present state."""
    base, rate = evidence.trial(), evidence.settings["learning_rate"]
    trials = _trials(evidence, {0.1 * rate, 0.01 * rate, 0.001 * rate})
    best = min(trials, key=trials.__getitem__)
    gain = base - trials[best]
    if not gain > HARDLY or not trials[best] <= 0.7 * base:
        return None
    if _larger_batch_helps(evidence, base, gain):
        return None
    return _too_high(
        evidence,
        best,
        f"{evidence.trial_steps} more steps leave {share(base)}; at a rate of {best:.3g} they "
        f"leave {percent(trials[best])}.",
        {"excess loss of a trial at this rate": base, "at a lower rate": trials[best]},
    )


def _trials(evidence: Evidence, rates: set[float]) -> dict[float, float]:
    """Return the excess loss of trials at some learning rates."""
    return {rate: evidence.trial(learning_rate=rate) for rate in sorted(rates)}


def _overshot_at_first(evidence: Evidence) -> Finding | None:
    """Judge by the first steps since the last change, and by trials from there."""
    room = evidence.scale.prior - evidence.scale.floor
    overshot = [
        moment
        for moment in evidence.first
        if not moment.overshoot <= HARDLY * room and not moment.tenth >= moment.overshoot
    ]
    if not overshot:
        return None
    rate, now = evidence.settings["learning_rate"], evidence.excess
    lower = {each for each in (0.1 * rate, 0.01 * rate, *USUAL_RATES) if each < rate}
    trials = {each: evidence.earlier_trial(learning_rate=each) for each in sorted(lower)}
    best = min(trials, key=trials.__getitem__)
    if not trials[best] <= 0.6 * min(now, 1.0):
        return None
    worst = max(
        overshot, key=lambda moment: moment.overshoot if isfinite(moment.overshoot) else 1e38
    )
    return _too_high(
        evidence,
        best,
        f"Step {worst.step:,} raised the loss of its own batch {_by(worst.overshoot)}. From "
        f"{_where(evidence.since)} on, a rate of {best:g} leaves {share(trials[best])}; this run "
        f"is at {percent(now)}.",
        {
            "what a step did to the loss of its own batch": worst.overshoot,
            "excess loss now": now,
            "excess loss of a trial at a lower rate": trials[best],
        },
        step=worst.step,
    )


def _too_high(
    evidence: Evidence,
    rate: float,
    sentence: str,
    numbers: Mapping[str, float],
    step: int | None = None,
) -> Finding:
    return Finding(
        "learning_rate_too_high",
        f"The learning rate of {evidence.settings['learning_rate']:g} is too high. {sentence}",
        numbers,
        step or evidence.late[0].step,
        remedy=Remedy(
            f"Fork at step {evidence.since:,} with a learning rate of {rate:g}.",
            {"learning_rate": rate},
            evidence.since,
        ),
    )


def learning_rate_too_low(evidence: Evidence) -> Finding | None:
    """Judge whether larger steps would lower the loss much faster."""
    if evidence.excess < SICK_EXCESS:
        return None
    now, rate = evidence.now.excess, evidence.settings["learning_rate"]
    gain = now - evidence.trial()
    higher = {10 * rate, 100 * rate, *(usual for usual in USUAL_RATES if usual > rate)}
    trials = _trials(evidence, higher)
    best = min(trials, key=trials.__getitem__)
    larger = now - trials[best]
    if not larger >= max(5 * gain, 0.2 * now) or gain > 0.3 * now:
        return None
    return Finding(
        "learning_rate_too_low",
        f"The learning rate of {rate:g} is too low. {evidence.trial_steps} more steps leave "
        f"{share(evidence.trial())}; at a rate of {best:.3g} they leave {percent(trials[best])}.",
        {"gain of a trial at this rate": gain, "at a higher rate": larger},
        evidence.late[0].step,
        remedy=Remedy(f"Raise the learning rate to {best:.3g}.", {"learning_rate": best}),
    )


def weight_decay_too_strong(evidence: Evidence) -> Finding | None:
    """Judge whether the loss falls once weight decay is off, now or since the last change."""
    if evidence.excess < SICK_EXCESS or not _decay_has_a_say(evidence):
        return None
    where, steps, again_from = "From here", evidence.trial_steps, None
    base, without = evidence.trial(), evidence.trial(weight_decay=0.0)
    if not _is_far_better(without, base):  # what has died does not come back
        where, steps = f"From {_where(evidence.since)} on", evidence.earlier_steps
        again_from = evidence.since
        base, without = evidence.earlier_trial(), evidence.earlier_trial(weight_decay=0.0)
    if not _is_far_better(without, base):
        return _shrunk_by_decay(evidence)
    return _decay_too_strong(
        evidence,
        f"{where}, {steps} steps with it leave {share(base)}; without it they leave "
        f"{percent(without)}.",
        {"excess loss with decay": base, "without": without},
        again_from,
    )


def _decay_has_a_say(evidence: Evidence) -> bool:
    """Tell whether weight decay adds anything that counts to the gradient of a layer."""
    decay = evidence.settings["weight_decay"]
    return bool(decay) and any(
        (decay * moment.weight_norms >= LEAST_SAY * moment.gradient_norms).any()
        for moment in evidence.late
    )


def _is_far_better(without: float, base: float) -> bool:
    """Tell whether training without decay is far better, or alone is better than guessing."""
    learns_alone = without <= 1 - HARDLY and base >= 1 + HARDLY
    return base - without > 2 * HARDLY and (without <= 0.75 * base or learns_alone)


def _shrunk_by_decay(evidence: Evidence) -> Finding | None:
    """Judge by the weights, where training without decay is slow as well."""
    if not evidence.first or not evidence.first[0].weight_norms.all():
        return None
    largest = float((evidence.now.weight_norms / evidence.first[0].weight_norms).max())
    if not largest <= SHRUNK:
        return None
    return _decay_too_strong(
        evidence,
        f"since {_where(evidence.since)}, the weights of each layer have shrunk to at most "
        f"{percent(largest)} of their size, and the run is left with {share(evidence.excess)}.",
        {"size of the weights by that at first": largest},
        evidence.since,
    )


def _decay_too_strong(
    evidence: Evidence, sentence: str, numbers: Mapping[str, float], again_from: int | None
) -> Finding:
    """Return the finding; its remedy goes back to a step where one from here on is too late."""
    decay = evidence.settings["weight_decay"]
    remedy = "Turn weight decay off, or divide it by 100."
    if again_from is not None:
        remedy = f"Fork at step {again_from:,} with weight decay off, or divided by 100."
    return Finding(
        "weight_decay_too_strong",
        f"Weight decay of {decay:g} is too strong: {sentence}",
        numbers,
        evidence.late[0].step,
        remedy=Remedy(remedy, {"weight_decay": decay / 100}, again_from),
    )


def noisy_batches(evidence: Evidence) -> Finding | None:
    """Judge whether larger batches at the same rate would lower the loss."""
    now, size, larger = evidence.excess, evidence.settings["batch_size"], larger_batch(evidence)
    if not SICK_EXCESS <= now < float("inf") or larger < 2 * size:
        return None
    base, of_larger = evidence.trial(), evidence.trial(batch_size=larger)
    if base <= LEARNED_EXCESS:  # a few more steps learn it all the same
        return None
    if not of_larger <= 0.65 * min(now, base):
        return None
    return Finding(
        "noisy_batches",
        f"Batches of {size} are noisy. {evidence.trial_steps} more steps leave {share(base)}; with "
        f"batches of {larger} they leave {percent(of_larger)}, at the same learning rate.",
        {"excess loss of a trial": base, "with larger batches": of_larger},
        evidence.late[0].step,
        remedy=Remedy(f"Take batches of {larger}, or a lower rate.", {"batch_size": larger}),
    )


def larger_batch(evidence: Evidence) -> int:
    """Return the batch size of the trial with larger batches."""
    return min(16 * evidence.settings["batch_size"], len(evidence.data))


def _larger_batch_helps(evidence: Evidence, base: float, gain: float) -> bool:
    """Tell whether larger batches gain at least half of what a lower rate gains."""
    larger = larger_batch(evidence)
    if larger < 2 * evidence.settings["batch_size"]:
        return False
    return base - evidence.trial(batch_size=larger) >= 0.5 * gain


def share(excess: float) -> str:
    """Return an excess loss in words, and of what it is a share."""
    if not isfinite(excess):
        return percent(excess)
    of = " of" if excess < MOST_PERCENT else ""
    worse = ", worse than guessing by frequency" if excess >= 1.005 else ""
    return f"{percent(excess)}{of} the loss that could be learned{worse}"


def percent(excess: float) -> str:
    """Return an excess loss in words."""
    if not isfinite(excess):
        return "infinitely much"
    return f"{100 * excess:.3g}%" if excess < MOST_PERCENT else f"{excess:.3g} times"


def _by(change: float) -> str:
    return f"by {change:.3g}" if isfinite(change) else "beyond all numbers"


def _where(step: int) -> str:
    return f"step {step:,}" if step else "the beginning"


JUDGED_LATER = (
    weight_decay_too_strong,
    learning_rate_too_low,
    noisy_batches,
)
"""What is judged once training has gone on for a while."""
