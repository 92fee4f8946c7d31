"""Weights of a PyTorch module, brought in through the page."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from safetensors.numpy import load
from safetensors.torch import save_file

from tests.ui.browsing import at_rest, choose, expect_active, expect_step, export, press


@pytest.fixture
def module():
    torch.manual_seed(0)
    return {
        "fc1.weight": torch.randn(32, 16),
        "fc1.bias": torch.randn(32),
        "fc2.weight": torch.randn(32, 32),
        "fc3.weight": torch.randn(4, 32).bfloat16(),
    }


def give(page, path):
    field = page.get_by_text("Import weights", exact=True).locator("input")
    # It lets go of a file two seconds after taking it: to the browser the same is no change before.
    expect(field).to_have_value("")
    field.set_input_files(path)


def exported_weights(page, path):
    choose(page, "Export as", "Weights for nn.Sequential")
    expect(page.get_by_text('nn.GELU(approximate="tanh")').last).to_be_visible()
    export(page, path)
    return load(path.read_bytes())


def test_square_weights_are_loaded_only_after_an_answer(used_page, module, tmp_path):
    save_file(module, tmp_path / "mine.safetensors")
    give(used_page, tmp_path / "mine.safetensors")
    dialog = used_page.get_by_role("dialog")
    expect(dialog).to_contain_text("16-32-32-4 units")
    expect(dialog).to_contain_text('nn.GELU(approximate="tanh")')
    expect(dialog.get_by_role("row", name="fc2.weight")).to_contain_text("transposed or not?")
    expect(dialog.get_by_role("button", name="Load into a new run")).to_be_disabled()
    expect(dialog.get_by_role("button", name="Load into run 1")).to_be_disabled()
    for name in ("Load into a new run", "Load into run 1"):  # as any that is disabled
        color = "rgba(0, 0, 0, 0.26)"
        expect(dialog.get_by_role("button", name=name)).to_have_css("color", color)
    press(used_page, "As they are, (in, out)")
    expect(dialog.get_by_role("row", name="fc2.weight")).to_contain_text("as it is")
    press(used_page, "Load into run 1")
    expect(dialog).to_be_hidden()
    weights = exported_weights(used_page, tmp_path / "out.safetensors")
    assert np.array_equal(weights["0.weight"], module["fc1.weight"])
    assert np.array_equal(weights["2.weight"], module["fc2.weight"].T)
    assert np.array_equal(weights["4.weight"], module["fc3.weight"].float())
    assert not weights["4.bias"].any()


def test_file_with_other_layers_makes_a_new_run(used_page, tmp_path):
    module = {"net.3.weight": torch.randn(9, 16), "net.7.weight": torch.randn(4, 9)}
    save_file(module, tmp_path / "mine.safetensors")
    give(used_page, tmp_path / "mine.safetensors")
    dialog = used_page.get_by_role("dialog")
    expect(dialog.get_by_role("row", name="net.7.weight")).to_contain_text("W2")
    expect(dialog.get_by_role("button", name="Load into run 1")).to_be_hidden()
    press(dialog, "Load into a new run")
    expect_active(used_page, "run 2")
    expect(used_page.get_by_text("16×9").first).to_be_visible()
    press(used_page, "Run Batch")
    expect_step(used_page, 1)


def test_refused_weights_are_told_beside_their_button(used_page, tmp_path):
    torch.save({"0.weight": torch.zeros(3, 4)}, tmp_path / "model.pt")
    give(used_page, tmp_path / "model.pt")
    message = used_page.get_by_text("save_file(torch.load(path, weights_only=True)", exact=False)
    expect(message).to_be_visible()
    expect(message).to_be_in_viewport(ratio=0.95)
    above = at_rest(used_page.get_by_text("Import weights", exact=True))
    assert 0 < at_rest(message)["y"] - above["y"] < 60
    expect(used_page.get_by_role("dialog")).to_be_hidden()
