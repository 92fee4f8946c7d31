"""The mistakes of the fault lab in a PyTorch script: definitions, and lines that switch them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..nn.faults import FAULTS
from .pytorch_fault_code import ADAM_STEP, HOOKS, LOSSES, UPDATES, ZERO_WEIGHTS
from .pytorch_part import Part

DEFINITIONS = {
    **LOSSES,
    **{fault: definition for fault, (definition, _) in HOOKS.items()},
    **UPDATES,
    "zero_weights": ZERO_WEIGHTS,
}
"""The definition of each fault that has one. The others change lines of the batches or the loop."""

RESETS = {
    "accumulated_gradients": "optimizer.zero_grad()",
    "stale_activations": "inputs_before.clear()",
}
"""What forgets the numbers that a fault takes from step to step."""


RIGHT_UPDATE = Part(
    "The update of a step; a fault may replace it.",
    """def right_update():
    optimizer.step()


update = right_update""",
)

ADAM = Part(
    "The update of Adam with other corrections of its averages m and v than m / c1 and v / c2.",
    ADAM_STEP,
)


def definitions(faults: Collection[str]) -> list[Part]:
    """Return what these faults need before the training, each with its sentence."""
    parts = [RIGHT_UPDATE] if replace_update(faults) else []
    if not {"no_bias_correction", "inverted_bias_correction"}.isdisjoint(faults):
        parts.append(ADAM)
    named = [fault for fault in DEFINITIONS if fault in faults]
    return parts + [Part(_sentence(fault), DEFINITIONS[fault]) for fault in named]


def replace_update(faults: Collection[str]) -> bool:
    """Return whether one of these faults replaces the update of a step."""
    return not UPDATES.keys().isdisjoint(faults)


def _sentence(fault: str) -> str:
    return f"Fault: {FAULTS[fault].label}. {FAULTS[fault].sentence}"


def sentence_if(fault: str, faults: Collection[str]) -> str:
    """Return the sentence of a fault, to follow another, if it is among `faults`."""
    return f" {_sentence(fault)}" if fault in faults else ""


def faulty_loss(fault: str | None, loss: str) -> str:
    """Return the code of a loss function, given that of the right one."""
    return f"{fault}({loss})" if fault in LOSSES else loss


def begun(fault: str | None) -> str:
    """Return the line for a fault that begins between two steps; empty if it needs none."""
    return "zero_weights()" if fault == "zero_weights" else RESETS.get(fault or "", "")


def switches(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """Return the lines that switch faults off and on; `before` is None for the first settings."""
    old, new = before["fault"] if before else None, after["fault"]
    lines = []
    if old != new:
        lines.append(
            f"# Fault from here on: {FAULTS[new].label}" if new else "# No fault from here on"
        )
        if old in HOOKS:
            lines.append("for hook in hooks:\n    hook.remove()")
        if new in HOOKS:
            _, registered = HOOKS[new]
            lines.append(f"hooks = {registered}")
        if old in UPDATES or new in UPDATES:
            lines.append(f"update = {new if new in UPDATES else 'right_update'}")
        if "accumulated_gradients" in (old, new):
            lines.append(f"resetting = {new != 'accumulated_gradients'}")
    if left_out(after) != (left_out(before) if before else 0):
        lines.append(f"leave_out({left_out(after)})")
    return lines


def left_out(settings: Mapping[str, Any]) -> int:
    """Return how many examples at the end of an epoch are left out, at most."""
    return settings["batch_size"] - 1 if settings["fault"] == "dropped_last_batch" else 0
