"""The command line: its options are the settings, its errors are one line, its status says it."""

import io
import json
import os
import signal
import subprocess
import sys
import tomllib
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
from dask_processes import ENVIRONMENT
from full_disk import full_disk
from stores import PATIENCE, same, wait_until

from backprop_panel import TrainingRun, TrainingRunManager
from backprop_panel.cli.command import COMMANDS, status_of
from backprop_panel.cli.options import PAGE_DEFAULTS
from backprop_panel.cli.sweeping import Varied
from backprop_panel.interchange import export_run
from backprop_panel.interchange.config_validation import SETTINGS
from backprop_panel.storage.database import Store

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--num-samples", "60", "--hidden-dimension", "5", "--batch-size", "7"]


@pytest.fixture
def store(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def command(capfd, store):
    """Run a command on the store; return its status and what it wrote."""

    def run(*arguments, keep=True):
        own = ["--store", str(store)] if keep else []
        status = status_of([*map(str, arguments), *own])
        out, err = capfd.readouterr()
        return status, out, err

    return run


def runs_in(store):
    manager = TrainingRunManager(store)
    runs = [(run.name, run.trainer.step, dict(run.config)) for run in manager.runs]
    manager.close()
    return runs


def test_the_project_installs_the_command():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"backprop-panel": "backprop_panel.cli:main"}


def test_every_setting_is_an_option_with_its_doc_and_bounds(command):
    _, out, _ = command("train", "--help", keep=False)
    text = " ".join(out.split())
    for name, setting in SETTINGS.items():
        if name != "mode":
            assert f"--{name.replace('_', '-')}" in text
            assert " ".join(setting.doc.split())[:40] in text
    assert "above 0 and at most 3.4e+38; default 0.01" in text
    assert "sgd, momentum, rmsprop, adam, adamw; default adam" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(command, name):
    status, out, _ = command(name, "--help", keep=False)
    assert status == 0 and out.startswith(f"Usage: backprop-panel {name}")


def test_train_keeps_a_run_with_the_settings_given_and_those_of_the_page(command, store):
    status, out, _ = command("train", "--steps", 20, "--learning_rate", 0.05, *SMALL)
    assert status == 0 and "run 1: step 20 · epoch" in out
    ((name, step, config),) = runs_in(store)
    assert (name, step) == ("run 1", 20)
    assert config["learning_rate"] == 0.05 and config["hidden_dimension"] == 5
    assert config["optimizer"] == PAGE_DEFAULTS["optimizer"]


def test_commas_part_explicit_masters(command, store):
    status, _, err = command("train", "--steps", 1, "--master-sequences", "abcdabcd,abcdabcdcd")
    assert status == 0, err
    ((_, _, config),) = runs_in(store)
    assert config["master_sequences"] == ["abcdabcd", "abcdabcdcd"]


@pytest.mark.parametrize("more", [["--vocabulary", '["a", "b", ","]'], ["--unknown", "a"]])
def test_commas_that_may_be_tokens_part_no_masters(command, store, more):
    text = "abbaab,abbaab"
    status, _, err = command("train", "--steps", 1, "--master-sequences", text, *more)
    assert status == 0, err
    ((_, _, config),) = runs_in(store)
    assert config["master_sequences"] == text


def test_what_is_a_single_token_is_described_as_one(command):
    _, out, _ = command("train", "--help", keep=False)
    assert "--boundary TOKEN" in out and "--unknown TOKEN" in out


def test_train_writes_json_a_line(command):
    _, out, _ = command("train", "--epochs", 2, "--json", "--name", "a", *SMALL)
    last = json.loads(out.splitlines()[-1])
    assert (last["name"], last["epoch"], last["end"]) == ("a", 2, "epoch 2 is completed")


def test_a_toml_file_gives_options_and_the_command_line_comes_first(command, store, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('hidden_dimension = [6, 4]\nactivation = "relu"\nsteps = 5\nbatch_size = 9\n')
    status, _, err = command("train", "--config", config, "--batch-size", 7)
    assert status == 0, err
    ((_, step, settings),) = runs_in(store)
    assert step == 5 and settings["hidden_dimension"] == [6, 4] and settings["batch_size"] == 7
    assert settings["activation"] == "relu"


@pytest.mark.parametrize(
    ("in_file", "given", "made"),
    [("epochs = 5", ["--steps", 2], 2), ("steps = 7", ["--epochs", 1], 3), ("steps = 7", [], 7)],
)
def test_how_long_to_train_is_taken_from_the_command_line_before_a_file(
    in_file, given, made, command, store, tmp_path
):
    config = tmp_path / "config.toml"
    config.write_text(f"{in_file}\nnum_samples = 20\nbatch_size = 8\nvalidation_fraction = 0.2\n")
    assert command("train", "--config", config, *given)[0] == 0
    assert runs_in(store)[0][1] == made


def test_a_byte_order_mark_before_a_file_is_no_part_of_it(command, store, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("steps = 2\n", encoding="utf-8-sig")
    assert command("train", *SMALL, "--config", config)[0] == 0
    assert runs_in(store)[0][1] == 2


def test_a_file_that_is_nested_too_deep_is_refused(command, store, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(f"a = {'[' * 5000}{']' * 5000}\n")
    status, _, err = command("train", "--config", config)
    assert status == 2 and "its lists are nested too deep" in err and not store.exists()


def test_a_toml_file_names_options_as_the_command_line_does(command, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text("json = true\nsteps = 1\n")
    _, out, _ = command("train", *SMALL, "--config", config)
    assert json.loads(out.splitlines()[-1])["step"] == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("epochs = 1.9", "epochs must be a whole number, got 1.9"),
        ("epochs = true", "epochs must be a whole number, got True"),
        ("steps = [3]", "steps must be a whole number, got [3]"),
        ('name = ["a"]', "name must be a text, got ['a']"),
        ("json = 1", "json must be true or false, got 1"),
    ],
)
def test_a_toml_file_with_a_value_of_another_kind_is_refused(line, said, command, store, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(f"{line}\n")
    status, _, err = command("train", "--config", config)
    assert status == 2 and f"config.toml: {said}." in err and not store.exists()


def test_a_toml_file_with_an_unknown_option_is_refused_with_the_nearest(command, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("learning_rat = 1\n")
    status, _, err = command("train", "--config", config)
    assert status == 2 and "Did you mean 'learning_rate'?" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--learning-rate", "-1"], "above 0"),
        (["train", "--optimizer", "adm"], "Did you mean 'adam'?"),
        (["train", "--steps", "0"], "0 is not in the range"),
        (["train", "--steps", "3", "--epochs", "3"], "either"),
        (["train", "--resume", "x", "--name", "y"], "leave out --name"),
        (["sweep", "--resume", "x", "--steps", "9"], "leave out --steps, or begin another"),
        (["sweep", "--resume", "x", "--activation", "relu"], "leave out --activation"),
        (["sweep", "--grid", "learning_rat=1"], "Did you mean 'learning_rate'?"),
        (["sweep", "--grid", "learning_rate"], "SETTING=VALUE"),
        (["sweep", "--grid", "learning_rate=0.1,x"], "must be a number"),
        (["runs", "show", "x"], "There is no store"),
        (["store", "check"], "There is no store"),
        (["diagnose", "x.zip"], "There is no file x.zip, and no store"),
    ],
)
def test_an_error_is_one_line_on_stderr_and_no_traceback(command, arguments, words):
    status, out, err = command(*arguments)
    assert status in (1, 2) and out == ""
    assert err.startswith("Error: ") and err.count("\n") == 1 and words in err


def test_no_command_but_serve_keeps_its_runs_in_memory(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = command("train", "--steps", "1", "--store", "memory", keep=False)
    assert status == 2 and "memory would keep nothing" in err
    assert not Path("memory").exists()


@pytest.mark.parametrize("arguments", [["runs", "list"], ["store", "check"]])
def test_to_look_into_an_empty_file_makes_no_store(command, store, arguments):
    store.write_bytes(b"")
    status, _, err = command(*arguments)
    assert status == 1 and err == f"Error: There is no store in {store}: the file is empty.\n"
    assert not store.stat().st_size


@pytest.mark.parametrize("arguments", [["train", "--resume", "x"], ["sweep", "--resume", "x"]])
def test_to_go_on_with_what_a_missing_store_would_hold_makes_no_store(command, store, arguments):
    status, _, err = command(*arguments)
    assert status == 1 and err == f"Error: There is no store {store}.\n"
    assert not store.exists()


def test_to_go_on_with_a_run_that_is_not_in_the_store_is_refused(command):
    command("train", "--steps", 1, "--name", "somebody", *SMALL)
    status, _, err = command("train", "--resume", "nobody")
    assert status == 1
    assert err == "Error: There is no run 'nobody'. Did you mean 'somebody'?\n"


def test_a_run_that_is_resumed_refuses_a_setting_of_a_new_network(command):
    command("train", "--steps", 1, "--name", "a", *SMALL)
    status, _, err = command("train", "--resume", "a", "--seed", 7)
    assert status == 1 and err.startswith(
        "Error: seed needs a new network, so it cannot change in a run that is resumed; create a "
        "run with it. What may change: "
    )


@pytest.mark.parametrize("name", [["train"], ["runs", "list"], ["store", "check"]])
def test_a_store_without_a_name_is_refused(command, name):
    status, _, err = command(*name, "--store", "", keep=False)
    assert (status, err) == (1, "Error: A store needs the path of a file, got ''.\n")


def test_a_run_that_diverges_is_told_in_words_and_not_by_warnings_of_numpy(command):
    # A warning would be an error here, as in all tests.
    status, out, err = command("train", "--learning-rate", "1e30", "--steps", 5, *SMALL)
    assert status == 1 and "is not finite" in out
    assert err == "run 1\n"


def test_json_says_what_the_best_loss_is_of(command):
    command("train", "--steps", 40, "--name", "held out", *SMALL)
    command("train", "--steps", 40, "--name", "all", "--validation-fraction", 0, *SMALL)
    _, out, _ = command("runs", "list", "--json")
    runs = {run["name"]: run["best_of"] for run in map(json.loads, out.splitlines())}
    assert runs == {"held out": "validation", "all": "batches"}


def test_a_run_that_is_named_twice_is_deleted_once(command, store):
    for name in ("a", "b"):
        command("train", "--steps", 1, "--name", name, *SMALL)
    status, _, err = command("runs", "delete", "--yes", "a", "a")
    assert (status, err) == (0, "")
    assert [name for name, *_ in runs_in(store)] == ["b"]


def test_a_deletion_that_is_answered_with_no_deletes_nothing(command, store, monkeypatch):
    command("train", "--steps", 1, "--name", "a", *SMALL)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    status, _, err = command("runs", "delete", "a")
    assert status == 1 and err.endswith("Nothing was deleted.\n")
    assert len(runs_in(store)) == 1


def test_an_unknown_command_is_an_error_in_one_line(command):
    status, _, err = command("trian", keep=False)
    assert status == 2 and err.startswith("Error: No such command 'trian'")


def test_a_run_without_a_step_has_no_loss_yet(command, store):
    with closing(TrainingRunManager(store)) as manager:
        manager.create(name="new")
    _, out, _ = command("runs", "list")
    assert out.split() == ["new", *"step 0 · epoch 0 · no loss yet".split()]


def called(*arguments, **options):
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "backprop_panel", *map(str, arguments)],
        **{"env": ENVIRONMENT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


def test_letters_that_a_terminal_does_not_know_are_written_by_their_numbers(command, store):
    command("train", "--steps", 1, "--name", "漢", *SMALL)
    latin = ENVIRONMENT | {"PYTHONIOENCODING": "latin-1"}
    done = called("runs", "list", "--store", store, env=latin)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(rb"\u6f22 ")


def test_a_folder_that_is_gone_is_told_in_one_line(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    leave = partial(os.rmdir, folder)
    done = called("runs", "list", cwd=folder, preexec_fn=leave)
    assert done.returncode == 1
    assert done.stderr.startswith(b"Error: The folder that this is called from is gone")


def test_without_anybody_to_ask_a_deletion_needs_yes(command, store):
    command("train", "--steps", 1, "--name", "a", *SMALL)
    close = partial(os.close, 0)
    done = called("runs", "delete", "a", "--store", store, preexec_fn=close)
    assert (done.returncode, b"give --yes" in done.stderr) == (2, True)
    assert len(runs_in(store)) == 1


def test_runs_are_listed_shown_renamed_exported_imported_and_deleted(command, store, tmp_path):
    for name in ("a", "b"):
        command("train", "--steps", 5, "--name", name, *SMALL)
    _, out, _ = command("runs", "list")
    assert [line.split()[0] for line in out.splitlines()] == ["a", "b"]
    _, out, _ = command("runs", "show", "a", "--json")
    assert json.loads(out)["settings"]["hidden_dimension"] == 5
    assert command("runs", "rename", "a", "c")[0] == 0
    zipped = tmp_path / "c.zip"
    assert command("runs", "export", "c", zipped)[0] == 0
    assert command("runs", "import", zipped)[1] == "c (2)\n"
    assert command("runs", "delete", "--yes", "b", "c")[0] == 0
    assert [name for name, *_ in runs_in(store)] == ["c (2)"]


def test_a_run_is_trained_on_to_the_same_losses_as_in_one_go(command, store):
    command("train", "--steps", 10, "--name", "a", *SMALL)
    command("train", "--steps", 10, "--resume", "a", "--learning-rate", 0.5)
    manager = TrainingRunManager(store)
    (run,) = manager.runs
    other = TrainingRun("b", run.config)
    with other.trainer.stepping():
        for _ in range(10):
            other.trainer.engine.advance(7)
        other.trainer.engine.change(learning_rate=0.5)
        for _ in range(10):
            other.trainer.engine.advance(7)
    assert same(run.history["loss"], other.history["loss"])
    manager.close()


def heed_ctrl_c():
    """Have a process heed Ctrl-C, which what was started from a shell in the background ignores."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def started(store, *arguments, **options):
    """Start a command on a small run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "backprop_panel", *arguments, "--store", str(store), *SMALL],
        env=ENVIRONMENT,
        preexec_fn=heed_ctrl_c,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def started_sweep(store, *arguments):
    """Start a sweep without end, in a group with its workers, as a terminal does."""
    endless = ("sweep", "--steps", "10000000", "--workers", "2")
    return started(store, *endless, *arguments, start_new_session=True)


def test_ctrl_c_during_the_imports_ends_without_a_word(tmp_path):
    # In place of NumPy a module as which Ctrl-C is pressed.
    press = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    (tmp_path / "numpy.py").write_text(press)
    places = os.pathsep.join([str(tmp_path), ENVIRONMENT["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "backprop_panel", "train"],
        env=ENVIRONMENT | {"PYTHONPATH": places},
        preexec_fn=heed_ctrl_c,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGINT and done.stdout == done.stderr == ""


def test_ctrl_c_stops_cleanly_and_keeps_what_is_done(store):
    process = started(store, "train", "--steps", "100000000", "--json")
    while json.loads(process.stdout.readline())["step"] < 100:
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    last = json.loads(out.splitlines()[-1])
    assert process.returncode == 130 and last["end"] == "interrupted" and err == ""
    ((_, step, _),) = runs_in(store)
    assert step == last["step"] >= 100


def test_another_ctrl_c_does_not_cut_off_the_saving_of_a_run(store):
    process = started(store, "train", "--steps", "100000000", "--json")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    while "end" not in (last := json.loads(process.stdout.readline())):
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "")
    assert [step for _, step, _ in runs_in(store)] == [last["step"]]


def test_ctrl_c_in_a_terminal_ends_a_sweep_cleanly_and_keeps_what_its_workers_did(store):
    process = started_sweep(store, "--seeds", "2")
    wait_until(lambda: store.exists() and len(runs_in(store)) == 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers, too
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "2 waiting" in out
    assert f"sweep --resume sweep --store {store} does the rest" in err and "Traceback" not in err
    assert {name for name, step, _ in runs_in(store) if step > 0} == {"sweep #1", "sweep #2"}


def children(process):
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def resident_megabytes(process):
    """Return the memory of a process: it tells how far its imports are."""
    with suppress(OSError):  # it has ended
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 1e6
    return 0


def test_ctrl_c_while_the_workers_start_ends_a_sweep_cleanly(store):
    process = started_sweep(store)
    wait_until(lambda: max(map(resident_megabytes, children(process.pid)), default=0) > 40)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "--resume sweep" in err and "does the rest" in err and "Traceback" not in err


@pytest.mark.filterwarnings("default:The last changes of:UserWarning")
def test_train_says_at_once_that_its_run_is_no_longer_saved(command, store):
    command("train", *SMALL, "--steps", "1")
    with full_disk(store.stat().st_size + 100_000):
        status, _, err = command("train", *SMALL, "--steps", "60000")
    assert status == 1 and err.count("Not saved: The store") == 1
    assert err.index("Not saved") < err.index("Warning: The last changes of") < err.index("Error")


def test_train_refuses_a_store_that_keeps_nothing_before_it_begins(command, monkeypatch):
    monkeypatch.setattr(Store, "notice", "The store is read-only.")
    status, out, err = command("train", "--steps", "1")
    assert (status, out, err) == (1, "", "Error: The store is read-only.\n")


@pytest.mark.filterwarnings("default:The last changes of:UserWarning")
def test_an_import_that_a_full_disk_does_not_keep_has_failed(command, store, tmp_path):
    run = TrainingRun("a", {"hidden_dimension": 400})
    run.trainer.run_step()
    export_run(run, tmp_path / "a.zip")
    command("train", *SMALL, "--steps", "1")
    with full_disk(store.stat().st_size):
        status, out, err = command("runs", "import", tmp_path / "a.zip")
    assert (status, out) == (1, "") and "Error: The store" in err


def test_an_import_into_a_read_only_store_is_refused(command, tmp_path, monkeypatch):
    command("train", *SMALL, "--steps", "1")
    export_run(TrainingRun("a", {}), tmp_path / "a.zip")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    status, out, err = command("runs", "import", tmp_path / "a.zip")
    assert (status, out) == (1, "") and "is read-only" in err


@pytest.mark.parametrize(
    "change", [["rename", "a", "b"], ["delete", "--yes", "a"]], ids=lambda change: change[0]
)
def test_a_change_that_a_full_disk_does_not_keep_has_failed(command, store, change):
    for name in ("a", "c"):
        command("train", *SMALL, "--steps", "1", "--name", name)
    with full_disk(4096):
        status, _, err = command("runs", *change)
    assert status == 1 and "Error: The store" in err and "is on a full disk" in err
    assert [name for name, *_ in runs_in(store)] == ["a", "c"]


def test_more_ctrl_c_while_a_sweep_stops_keep_what_is_done(store):
    process = started_sweep(store, "--seeds", "2")
    wait_until(lambda: store.exists() and len(runs_in(store)) == 2)
    os.killpg(process.pid, signal.SIGINT)
    said = [process.stderr.readline() for _ in range(2)]
    assert "Stopping the workers" in said[1]
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "2 waiting" in out
    assert "does the rest" in err and "Traceback" not in err


def test_diagnose_says_by_its_status_whether_a_run_or_a_zip_is_sick(command, tmp_path):
    command("train", "--steps", 400, "--name", "sick", "--learning-rate", 300, *SMALL)
    status, out, _ = command("diagnose", "sick", "--json")
    kinds = [json.loads(line)["kind"] for line in out.splitlines()]
    assert status == 1 and set(kinds) & {"learning_rate_too_high", "exploding_gradients"}
    command("runs", "export", "sick", tmp_path / "sick.zip")
    assert command("diagnose", tmp_path / "sick.zip")[0] == 1


def test_diagnose_finds_nothing_wrong_with_a_sound_run(command, tmp_path):
    run = TrainingRun("sound", {"validation_fraction": 0.0, **PAGE_DEFAULTS})
    for _ in range(25):
        run.trainer.run_epoch()
    export_run(run, tmp_path / "sound.zip")
    status, out, _ = command("diagnose", tmp_path / "sound.zip")
    assert status == 0, out


def test_check_says_by_its_status_whether_the_numbers_of_a_run_or_a_zip_are_right(
    command, tmp_path
):
    command("train", "--steps", 30, "--name", "right", *SMALL)
    command("train", "--steps", 30, "--name", "wrong", "--fault", "no_batch_mean", *SMALL)
    status, out, _ = command("check", "right")
    assert status == 0 and "agree with differences" in out and "every number follows" in out
    status, out, _ = command("check", "wrong", "--step", 12, "--json")
    assert status == 1
    assert [json.loads(line)["ok"] for line in out.splitlines()].count(False) >= 1
    command("runs", "export", "wrong", tmp_path / "wrong.zip")
    assert command("check", tmp_path / "wrong.zip")[0] == 1
    assert command("check", tmp_path / "wrong.zip", "--step", 99)[2].startswith("Error: step must")


def test_check_counts_and_names_the_gradients_that_disagree_alone(command):
    command("train", "--steps", 5, "--fault", "no_bias_gradient", "--hidden-dimension", "5,6")
    _, out, _ = command("check", "run 1")
    outputs = 4
    assert f"step 5: {5 + 6 + outputs} of " in out and " gradients DO NOT AGREE" in out
    assert "the largest error is 1, of db" in out


def test_check_audits_the_steps_of_a_run_that_is_no_longer_finite(command):
    command("train", "--steps", 5, "--learning-rate", "1e38", *SMALL)
    status, out, err = command("check", "run 1", "--json")
    gradients, *audits = map(json.loads, out.splitlines())
    assert (status, err) == (1, "") and audits and all(audit["ok"] for audit in audits)
    assert (gradients["ok"], gradients["worst"]) == (False, None)
    assert "The loss of step 2 is the first that is not finite." in gradients["sentence"]


def test_store_check_reads_everything_and_says_what_is_damaged(command, store):
    command("train", "--steps", 5, "--name", "a", *SMALL)
    command("train", "--steps", 5, "--name", "b", *SMALL)
    status, out, _ = command("store", "check")
    assert status == 0 and "2 runs, all can be read" in out
    manager = TrainingRunManager(store)
    with manager.store.transaction() as db:
        db.execute("UPDATE states SET digest = 'x' WHERE run = ?", (manager.runs[0].id,))
    manager.close()
    status, _, err = command("store", "check")
    assert status == 1 and "a" in err and "not as it was saved" in err


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE checkpoints SET tensors = zeroblob(10)", "replays the run from its beginning"),
        ("UPDATE checkpoints SET digest = '0'", "replays the run from its beginning"),
        ("UPDATE health SET layers = x'01'", "measures of its layers cannot be read"),
    ],
)
def test_store_check_finds_damage_that_a_run_does_without(command, store, damage, words):
    command("train", "--epochs", 40, "--name", "a", "--num-samples", 320, "--batch-size", 32)
    assert command("store", "check")[0] == 0
    manager = TrainingRunManager(store)
    with manager.store.transaction() as db:
        assert db.execute(damage).rowcount
    manager.close()
    status, _, err = command("store", "check")
    assert status == 1 and err.startswith("a: ") and words in err


def test_store_check_reads_the_runs_of_all_owners_or_of_one(command, store):
    for owner in ("ann", "bob"):
        command("train", "--steps", 5, "--name", "a", "--user", owner, *SMALL)
    assert "2 runs, all can be read" in command("store", "check")[1]
    manager = TrainingRunManager(store, user="bob")
    with manager.store.transaction() as db:
        db.execute("UPDATE states SET digest = 'x' WHERE run = ?", (manager.runs[0].id,))
    manager.close()
    status, _, err = command("store", "check")
    assert status == 1 and err.startswith("bob: ") and "not as it was saved" in err
    assert command("store", "check", "--user", "ann")[0] == 0


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"row": 1', '"row": -1', "after step 1 cannot be repeated: Layer 1 has the shape"),
        ('"fault": null', '"fault": 1.5', "after step 2 cannot be repeated: fault must be None"),
        ('"level": 1', '"level": 9', "after step 2 cannot be repeated: Hidden units are in"),
    ],
)
def test_store_check_finds_a_logged_change_that_cannot_be(command, store, before, after, words):
    manager = TrainingRunManager(store)
    run = manager.create("a", hidden_dimension=4, fault="no_bias_gradient")
    run.trainer.run_batch()
    run.trainer.engine.edits.set_weight(1, 1, 1, 1.5)
    run.trainer.run_batch()
    run.trainer.change(fault=None)
    run.trainer.engine.edits.silence(1, 0, True)
    manager.close()
    assert command("store", "check")[0] == 0
    manager = TrainingRunManager(store)
    with manager.store.transaction() as db:
        changed = "UPDATE events SET event = replace(event, ?, ?) WHERE instr(event, ?)"
        assert db.execute(changed, (before, after, before)).rowcount == 1
    manager.close()
    status, _, err = command("store", "check")
    assert status == 1 and err.startswith("a: ") and words in err
    assert words in command("check", "a", "--step", 2)[2]


def test_the_values_of_a_setting_may_be_given_in_several_parts(command, store):
    parts = ["--grid", "learning_rate=0.1", "--grid", "learning_rate=0.2,0.3"]
    command("sweep", *SMALL, *parts, "--steps", "1", "--workers", "1")
    assert sorted(config["learning_rate"] for *_, config in runs_in(store)) == [0.1, 0.2, 0.3]


def test_two_ranges_of_one_setting_are_refused(command):
    once = ["--range", "learning_rate=0.1:1"]
    status, _, err = command("sweep", *once, *once, "--samples", "2")
    assert status == 2 and "learning_rate has one range, got two" in err


@pytest.mark.parametrize(
    "varied", [["--grid", "batch_size=5,6"], ["--range", "batch_size=5:6", "--samples", "2"]]
)
def test_a_setting_that_varies_and_is_given_one_value_is_refused(command, varied):
    status, out, err = command("sweep", *varied, "--batch-size", 7)
    assert (status, out) == (2, "")
    assert f"batch_size is given by {varied[0]} and by --batch-size: leave out" in err


def test_what_varies_replaces_the_value_of_a_toml_file(command, store, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text("learning_rate = 0.5\nsteps = 1\n")
    grid = ["--grid", "learning_rate=0.1,0.2"]
    status, _, err = command("sweep", "--config", config, *grid, *SMALL, "--workers", 1)
    assert status == 0, err
    assert sorted(config["learning_rate"] for *_, config in runs_in(store)) == [0.1, 0.2]


def test_a_toml_file_that_fixes_and_varies_a_setting_is_refused(command, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('learning_rate = 0.5\ngrid = ["learning_rate=0.1,0.2"]\n')
    status, _, err = command("sweep", "--config", config)
    assert status == 2 and "learning_rate is given by --grid and by --learning-rate" in err


def test_none_takes_a_fault_back(command, store):
    command("train", *SMALL, "--steps", "1", "--name", "x", "--fault", "wrong_sign")
    status, _, _ = command("train", "--steps", "1", "--resume", "x", "--fault", "None")
    with closing(TrainingRunManager(store)) as manager:
        assert status == 0 and manager.runs[0].trainer.fault is None


def test_sweep_trains_a_grid_and_ranks_the_runs(command, store):
    grid = ["--grid", "learning_rate=0.001,0.05", "--grid", "hidden-dimension=4;6,5"]
    status, out, err = command("sweep", *grid, "--steps", 30, "--workers", 1, *SMALL[:2])
    assert status == 0, err
    assert "4 finished" in out and "learning_rate=0.05" in out.splitlines()[1]
    assert "validation_loss " in out.splitlines()[1] and err == "4 runs of 30 steps.\n"
    # In the order in which they were first saved.
    assert sorted(name for name, *_ in runs_in(store)) == [f"sweep #{n + 1}" for n in range(4)]


@pytest.mark.parametrize("last", ["8", "[8]"])
@pytest.mark.parametrize("lists", ["[4,4],{}", "[[4, 4], {}]", "4,4;{}", "4,4; {}"])
def test_the_lists_of_a_grid_stand_in_brackets_or_between_semicolons(lists, last):
    name, values = Varied().convert(f"hidden_dimension={lists.format(last)}", None, None)
    assert (name, values) == ("hidden_dimension", [[4, 4], json.loads(last)])


def test_a_sweep_without_the_losses_that_it_compares_says_so(command):
    few = ("--steps", 1, "--workers", 1, "--num-samples", "all", "--batch-size", 1)
    options = (*few, "--objective", "validation-loss")
    assert "none has a finite validation loss" in command("sweep", *options)[1]


def test_a_sweep_goes_on_by_the_name_it_was_told(command, store):
    for _ in range(2):
        _, out, _ = command("sweep", "--steps", 5, "--workers", 1, *SMALL)
    assert "sweep (2) #1" in out
    assert command("sweep", "--resume", "sweep")[1].count("sweep #1") == 1
    assert "the name of a sweep comes after it" in command("sweep", "--resume", "--json")[2]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE trials SET rungs = '{}' WHERE number = 1", "the rungs of its run #2 should be"),
        ("UPDATE trials SET settings = '0' WHERE number = 0", "the settings of its run #1 should"),
        ("UPDATE trials SET status = 'unknown' WHERE number = 1", "the status of its run #2"),
        ("UPDATE sweeps SET plan = json_set(plan, '$.ranges', 1)", "its plan cannot work: ranges"),
    ],
)
def test_a_sweep_that_cannot_be_read_is_named_with_the_reason(command, store, damage, words):
    grid = ("--grid", "learning_rate=0.01,0.1", "--name", "sw")
    command("sweep", *grid, "--steps", 5, "--workers", 1, *SMALL)
    assert command("store", "check")[::2] == (0, "")
    with closing(Store(store)) as opened, opened.transaction() as db:
        assert db.execute(damage).rowcount
    for arguments in (["store", "check"], ["sweep", "--resume", "sw"]):
        status, out, err = command(*arguments)
        assert (status, out) == (1, "")
        assert len(err.splitlines()) == 1 and "The sweep 'sw' cannot be read: " in err
        assert words in err
    assert [step for _, step, _ in runs_in(store)] == [5, 5]


def test_a_sweep_tells_its_runs_by_the_names_that_they_have_in_the_store(command, store):
    command("train", "--steps", 1, "--name", "q #1", *SMALL)
    sweep = ("sweep", "--steps", 5, "--workers", 1, "--name", "q", "--seeds", 2, *SMALL)
    _, out, _ = command(*sweep)
    assert "q #1 (2)" in out and "q #1 " not in out.replace("q #1 (2)", "")
    _, out, _ = command("sweep", "--resume", "q", "--json")
    assert {json.loads(line)["name"] for line in out.splitlines()} == {"q #1 (2)", "q #2"}


def test_serve_hands_over_to_panel(monkeypatch, command):
    executed = []
    monkeypatch.setattr(os, "execv", lambda path, command: executed.append(command))
    command("serve", "--port", 7001, "--show")
    (line,) = executed
    assert line[1:4] == ["-m", "panel", "serve"] and Path(line[4]).name == "main.py"
    assert "--show" in line and "--allow-websocket-origin=localhost:7001" in line


@pytest.mark.parametrize("option", [["--num-procs", "2"], ["--num-procs=2"]])
def test_serve_refuses_several_processes_before_any_is_started(monkeypatch, command, option):
    monkeypatch.setattr(os, "execv", lambda path, command: pytest.fail("started"))
    status, _, err = command("serve", *option)
    assert status == 2 and "--num-procs is not supported" in err


def test_completion_offers_commands_choices_and_runs(command, store, monkeypatch, capfd):
    command("train", "--steps", 2, "--name", "alpha", *SMALL)
    monkeypatch.setenv("BACKPROP_PANEL_STORE", str(store))
    monkeypatch.setenv("_BACKPROP_PANEL_COMPLETE", "bash_complete")

    def completions(words):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
        with pytest.raises(SystemExit):
            status_of([])
        return [line.split(",")[1] for line in capfd.readouterr().out.splitlines()]

    assert completions("backprop-panel") == list(COMMANDS)
    assert "adamw" in completions("backprop-panel train --optimizer")
    assert completions("backprop-panel runs show") == ["alpha"]


def test_asking_for_help_imports_no_page_no_torch_and_no_dask():
    code = (
        "import sys; from backprop_panel.cli.command import status_of; status_of(['--help']);"
        "print(sorted({'panel', 'torch', 'distributed', 'bokeh'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
