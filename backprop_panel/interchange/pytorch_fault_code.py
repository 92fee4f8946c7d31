"""The mistakes of the fault lab in PyTorch: functions of a script, named as the faults.

Some add a term that is zero, such as ``z - z.detach()``, for its gradient. The value stays right.
"""

from __future__ import annotations

LOSSES = {
    "no_batch_mean": """\
def no_batch_mean(loss):  # the gradient of the sum, the value of the mean
    def faulty(logits, targets):
        mean = loss(logits, targets)
        return len(targets) * mean - (len(targets) - 1) * mean.detach()

    return faulty""",
    "summed_loss": """\
def summed_loss(loss):
    return lambda logits, targets: len(targets) * loss(logits, targets)""",
    "shifted_targets": """\
def shifted_targets(loss):
    return lambda logits, targets: loss(logits, targets.roll(1))""",
    "double_softmax": """\
def double_softmax(loss):
    return lambda logits, targets: loss(logits.softmax(dim=1), targets)""",
    "no_softmax_derivative": """\
def no_softmax_derivative(loss):  # the gradient of the denominator alone
    def faulty(logits, targets):
        denominator = logits.logsumexp(dim=1).mean()
        return denominator + (loss(logits, targets) - denominator).detach()

    return faulty""",
}
"""Each turns a loss function into a faulty one."""

UPDATES = {
    "wrong_sign": """\
def wrong_sign():
    group = optimizer.param_groups[0]
    right = {"lr": group["lr"], "weight_decay": group["weight_decay"]}
    group["lr"] = -right["lr"]
    if isinstance(optimizer, torch.optim.AdamW):  # its decay, lr * weight_decay, keeps its sign
        group["weight_decay"] = -right["weight_decay"]
    optimizer.step()
    group.update(right)""",
    "bias_per_weight": """\
def bias_per_weight():  # the same as a learning rate that is as many times as large
    (group,) = optimizer.param_groups
    optimizer.param_groups = [{**group, "params": [layer.weight for layer in model[::2]]}]
    for layer in model[::2]:
        rate = group["lr"] * layer.in_features
        optimizer.param_groups.append({**group, "params": [layer.bias], "lr": rate})
    optimizer.step()
    optimizer.param_groups = [group]""",
    "no_bias_correction": """\
def no_bias_correction():
    adam_step(lambda average, correction: average)""",
    "inverted_bias_correction": """\
def inverted_bias_correction():
    adam_step(lambda average, correction: average * correction)""",
}
"""Each makes a step of the optimizer."""

ADAM_STEP = """\
def adam_step(corrected):  # `corrected` replaces average / correction
    optimizer.step()
    group = optimizer.param_groups[0]
    with torch.no_grad():
        for parameter, state in optimizer.state.items():
            t, m, v = state["step"].item(), state["exp_avg"], state["exp_avg_sq"]
            c1, c2 = 1 - 0.9**t, 1 - 0.999**t
            right = (m / c1) / ((v / c2).sqrt() + 1e-8)
            faulty = corrected(m, c1) / (corrected(v, c2).sqrt() + 1e-8)
            parameter += group["lr"] * (right - faulty)  # the right update is taken back"""
"""What the faults of Adam's bias correction call."""

HOOKS = {
    "no_activation_derivative": (
        """\
def no_activation_derivative(activation, inputs, output):
    (z,) = inputs
    return output.detach() + (z - z.detach())  # φ(z), with the slope 1""",
        "[module.register_forward_hook(no_activation_derivative) for module in model[1::2]]",
    ),
    "derivative_at_activation": (
        """\
def derivative_at_activation(activation, inputs, output):
    (z,) = inputs
    a = output.detach().requires_grad_()
    (slope,) = torch.autograd.grad(activation.forward(a).sum(), a)
    return output.detach() + slope * (z - z.detach())  # φ(z), with the slope φ′(a)""",
        "[module.register_forward_hook(derivative_at_activation) for module in model[1::2]]",
    ),
    "untransposed_weights": (
        """\
def untransposed_weights(layer, grad_inputs, grad_outputs):
    return (grad_outputs[0] @ layer.weight.T,)  # instead of @ layer.weight, which is Wᵀ""",
        """\
[
    layer.register_full_backward_hook(untransposed_weights)
    for layer in model[2::2]
    if layer.in_features == layer.out_features
]""",
    ),
    "no_bias_gradient": (
        """\
def no_bias_gradient(gradient):
    return torch.zeros_like(gradient)""",
        "[layer.bias.register_hook(no_bias_gradient) for layer in model[::2]]",
    ),
    "stale_activations": (
        """\
inputs_before = {}  # of each layer, in the step before


def stale_activations(layer, inputs, output):
    (own,) = inputs
    before = inputs_before.get(layer, own)
    inputs_before[layer] = own.detach()
    if len(before) != len(own):  # another batch size
        return output
    weight = layer.weight.detach()
    zero = layer.weight - weight  # with the gradient of the weight
    return functional.linear(own, weight, layer.bias) + functional.linear(before, zero)""",
        "[layer.register_forward_hook(stale_activations) for layer in model[::2]]",
    ),
}
"""Each is a hook, with the code that registers it."""

ZERO_WEIGHTS = """\
def zero_weights():
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()"""
