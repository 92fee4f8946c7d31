"""The fault lab: classic mistakes in code that trains a network, one at a time.

Each replaces one rule of a step; the steps themselves do not know of it. All values of a record are
then those that the faulty rule gives. What each does to the numbers, in plain NumPy, stands in
``tests/nn/test_faults.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from . import faulty_rules as faulty
from .fault_needs import (
    Setup,
    batch_of_several,
    bias_correction,
    cross_entropy,
    curved_activation,
    layer_of_several_inputs,
    nothing,
    smaller_last_batch,
    square_layer,
    unusual_slope,
)
from .step_rules import StepRules

HUMBATOVA = (
    "Humbatova et al., Taxonomy of Real Faults in Deep Learning Systems, ICSE 2020, "
    "arXiv:1910.11015"
)
COMMON_MISTAKES = (
    "Karpathy, “most common neural net mistakes”, 2018, x.com/karpathy/status/1013244313327681536"
)


@dataclass(frozen=True)
class Fault:
    """A mistake, and the rule that it replaces.

    Attributes
    ----------
    key, label : str
    sentence : str
        What the mistake is.
    met_in : str
        Where it was met, with sources.
    reveals : str
        What reveals it.
    replaces : callable
        Returns the rules of a step with this mistake in one of them.
    needs : callable
        Returns what a run lacks for the mistake to change anything; empty if it lacks nothing.
    of_loss : bool
        Whether the loss is another than that of the logits and the targets.
    """

    key: str
    label: str
    sentence: str
    met_in: str
    reveals: str
    replaces: Callable[[StepRules], StepRules]
    needs: Callable[[Setup], str] = nothing
    of_loss: bool = False


def _doubled(rules: StepRules) -> StepRules:
    return replace(rules, loss=faulty.DoubleSoftmax(), validation_loss=faulty.DoubleSoftmax())


def _of_loss(fault: type) -> Callable[[StepRules], StepRules]:
    return lambda rules: replace(rules, loss=fault(rules.loss))


_ALL = (
    Fault(
        key="no_activation_derivative",
        label="Activation derivative left out",
        sentence="The backward pass goes through each activation as if its slope were 1: "
        "δ = dL/da instead of dL/da ⊙ φ′(z).",
        met_in="Backpropagation written by hand, where each layer's formula is copied from the "
        "output layer, which has no activation.",
        reveals="The gradient check: every layer but the last is wrong. φ′ is 1 in all records.",
        replaces=partial(faulty.with_activation, fault=faulty.ForgottenDerivative),
        needs=unusual_slope,
    ),
    Fault(
        key="derivative_at_activation",
        label="Derivative taken at the activation",
        sentence="The slope is taken at the activation instead of the pre-activation: φ′(a) "
        "instead of φ′(z).",
        met_in="Code that keeps a but not z. The helper nonlin(x, deriv) of many tutorials, with "
        "x(1 − x), takes the activation (ai.stackexchange.com/questions/16675); a function φ′ "
        "takes z, and gives this if it is called with a.",
        reveals="The gradient check: every layer but the last is wrong, by little where z is "
        "small. The loss still falls, more slowly.",
        replaces=partial(faulty.with_activation, fault=faulty.DerivativeAtActivation),
        needs=curved_activation,
    ),
    Fault(
        key="no_batch_mean",
        label="Gradient not divided by the batch size",
        sentence="dL/dlogits is not divided by the batch size B, so that all gradients are B times "
        "as large. The loss is the mean, as it should be.",
        met_in="Backpropagation written by hand for one example and then given a batch; PyTorch's "
        "losses have the argument reduction for this reason.",
        reveals="The gradient check: all gradients are wrong by the same factor, B. Another batch "
        "size needs another learning rate.",
        replaces=_of_loss(faulty.SummedDerivative),
        needs=batch_of_several,
    ),
    Fault(
        key="accumulated_gradients",
        label="Gradients never reset",
        sentence="Each step adds its gradients to those of all steps before it, since they are "
        "never set to zero.",
        met_in=f"PyTorch without optimizer.zero_grad(): {COMMON_MISTAKES}. The first lecture of "
        "his course Neural Networks: Zero to Hero, on micrograd, makes this mistake and mends it.",
        reveals="The gradient check is right in the first step and wrong in the second. The loss "
        "falls, overshoots and swings.",
        replaces=partial(faulty.with_network, fault=faulty.AccumulatedGradients),
    ),
    Fault(
        key="untransposed_weights",
        label="Weights not transposed",
        sentence="The backward pass multiplies by W instead of Wᵀ. Only a square layer allows "
        "that: elsewhere the shapes do not match.",
        met_in="Backpropagation written by hand, with hidden layers of one width. An accidentally "
        f"transposed tensor is also in the taxonomy of {HUMBATOVA}.",
        reveals="The gradient check: the layers below a square one are wrong. The loss falls all "
        "the same, since the layers above learn.",
        replaces=partial(faulty.with_network, fault=faulty.UntransposedWeights),
        needs=square_layer,
    ),
    Fault(
        key="bias_per_weight",
        label="Bias updated once per weight",
        sentence="The update of a bias is applied once for each weight that leads to its unit, "
        "since it stands inside the loop over the weights.",
        met_in="Networks written with nested loops over units and weights instead of matrices.",
        reveals="The update audit: the updates of the biases are as many times too large as their "
        "layer has inputs. All gradients are right.",
        replaces=partial(faulty.with_optimizer, fault=faulty.BiasPerWeight),
        needs=layer_of_several_inputs,
    ),
    Fault(
        key="no_bias_gradient",
        label="Bias gradients missing",
        sentence="The gradients of all biases are zero, so that no bias learns.",
        met_in="Backpropagation written by hand that stops at dL/dW, or an optimizer that is given "
        "the weights only. A missing bias is a fault of layers in the taxonomy of "
        f"{HUMBATOVA}.",
        reveals="The gradient check: the last row of every layer is wrong. The biases stay at 0.",
        replaces=partial(faulty.with_network, fault=faulty.NoBiasGradient),
    ),
    Fault(
        key="no_bias_correction",
        label="Adam without bias correction",
        sentence="Adam uses its running averages m and v as they are, though they start at zero: "
        "m̂ and v̂ are missing.",
        met_in="BertAdam, with which BERT was published, leaves the correction out: Zhang et al., "
        "Revisiting Few-sample BERT Fine-tuning, ICLR 2021, arXiv:2006.05987.",
        reveals="The update audit: the updates do not follow from m and v. The first steps are "
        "three to seven times too large, which fades within about a thousand steps.",
        replaces=partial(faulty.with_optimizer, fault=faulty.NoBiasCorrection),
        needs=bias_correction,
    ),
    Fault(
        key="inverted_bias_correction",
        label="Adam's bias correction inverted",
        sentence="Adam multiplies its running averages by 1 − β₁ᵗ and 1 − β₂ᵗ instead of dividing "
        "by them.",
        met_in="Adam written by hand from its paper: Kingma and Ba, 2014, arXiv:1412.6980.",
        reveals="The update audit: the updates do not follow from m and v. The first steps are "
        "ten to forty times too large.",
        replaces=partial(faulty.with_optimizer, fault=faulty.InvertedBiasCorrection),
        needs=bias_correction,
    ),
    Fault(
        key="no_softmax_derivative",
        label="Targets missing in the derivative",
        sentence="dL/dlogits is p / B instead of (p − y) / B: the targets are left out.",
        met_in="Backpropagation written by hand: −log p is derived through the denominator of the "
        "softmax only.",
        reveals="The gradient check: all layers are wrong. The loss rises, and every output is "
        "pushed down, whatever the target.",
        replaces=lambda rules: replace(rules, loss=faulty.NoSoftmaxDerivative()),
        needs=cross_entropy,
    ),
    Fault(
        key="double_softmax",
        label="Softmax applied twice",
        sentence="The cross-entropy takes the softmax of what is a softmax already. The gradients "
        "are right for that wrong loss.",
        met_in="A softmax layer before PyTorch's CrossEntropyLoss, which expects logits: "
        f"{COMMON_MISTAKES}.",
        reveals="The loss does not follow from the logits, and never comes near 0: with C outputs "
        "its least value is log(1 + (C − 1) / e).",
        replaces=_doubled,
        needs=cross_entropy,
        of_loss=True,
    ),
    Fault(
        key="summed_loss",
        label="Loss summed over the batch",
        sentence="The loss of a batch is the sum over its examples instead of the mean, and so is "
        "its gradient.",
        met_in="PyTorch's reduction=“sum” where “mean” was meant; a sum over the batch in a loss "
        "written by hand.",
        reveals="The loss depends on the batch size: the smaller last batch of an epoch is a dip "
        "in the curve. The learning rate acts as if it were B times as large.",
        replaces=faulty.with_sums,
        needs=batch_of_several,
        of_loss=True,
    ),
    Fault(
        key="wrong_sign",
        label="Update with the wrong sign",
        sentence="The update goes up the gradient: θ ← θ + η g instead of θ − η g.",
        met_in="Updates written by hand, often after y − p was taken for p − y; "
        "datascience.stackexchange.com/questions/25394 swaps the sign in search of another error.",
        reveals="The loss rises from the first step on, though the gradient check is passed. The "
        "update audit: all updates have the wrong sign.",
        replaces=partial(faulty.with_optimizer, fault=faulty.WrongSign),
    ),
    Fault(
        key="shifted_targets",
        label="Targets shifted by one",
        sentence="Each example is compared with the target of the example before it in the batch. "
        "The validation loss uses the right targets.",
        met_in="Inputs and targets that are cut from a sequence with offsets that differ by one, "
        "or shuffled apart.",
        reveals="The loss does not follow from the logits and the targets. It stays where the "
        "frequencies of the targets alone lead, or falls by memorising.",
        replaces=_of_loss(faulty.ShiftedTargets),
        needs=batch_of_several,
        of_loss=True,
    ),
    Fault(
        key="zero_weights",
        label="All weights begin at zero",
        sentence="All weights and biases are set to zero once, when this is switched on, as if "
        "they had been initialised so.",
        met_in="The notes of Stanford's CS231n, “Pitfall: all zero initialization”; “wrong weight "
        f"initialization” in the taxonomy of {HUMBATOVA}.",
        reveals="All units of a layer are equal, and stay so. Nothing is wrong with the gradients "
        "or the updates.",
        replaces=partial(replace, begins_at_zero=True),
    ),
    Fault(
        key="dropped_last_batch",
        label="Last batch dropped",
        sentence="The last batch of an epoch is left out if it is smaller than the others.",
        met_in="PyTorch's DataLoader with drop_last=True, and loops over len(data) // batch_size.",
        reveals="Each epoch leaves examples out, others each time. Gradients and updates are "
        "right.",
        replaces=partial(replace, drops_smaller_batch=True),
        needs=smaller_last_batch,
    ),
    Fault(
        key="stale_activations",
        label="Activations of the batch before",
        sentence="The gradients of the weights are made of the activations of the batch before and "
        "the deltas of this one.",
        met_in="Buffers that are overwritten, or kept one step too long. PyTorch's autograd counts "
        "the versions of its tensors to refuse the former.",
        reveals="The gradient check: right in the first step, then the weights of all layers are "
        "wrong, and the biases right.",
        replaces=partial(faulty.with_network, fault=faulty.StaleActivations),
    ),
)

FAULTS: dict[str, Fault] = {fault.key: fault for fault in _ALL}
"""All faults, by their keys."""
