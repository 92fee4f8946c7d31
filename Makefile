# make serve   install what is needed and serve the page on PORT
# make test    the same plus what the tests need, a Chromium included, then run them
# make test-fast   the same without the browser tests
# make soak    the tests that take minutes: a thousand random actions, hundreds of kills, eight processes,
#              ten thousand explanations
# make lint    ruff, as it runs before every change is taken
# make bench   each benchmark in turn
# make screenshots   draw the README's pictures, and every tab at every size, from the running app
# make clean   forget the virtual environment
#
# Everything Python goes into .venv. A stamp in it per set of packages, newer than pyproject.toml,
# says that nothing is left to install, so that a second run starts at once.

PYTHON ?= python3
PORT ?= 7000
# Only this machine reaches the page: whoever does can start training. ADDRESS=0.0.0.0 opens it, and
# SERVE_ARGS=--allow-websocket-origin=NAME:PORT then says by which name it may be called.
ADDRESS ?= 127.0.0.1
SERVE_ARGS ?=
# Where the runs last: a file of the user's by default, another one, or memory.
STORE ?=
# Two files at a time, in the order of the tests: servers and pages are made once a file.
PYTEST_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder

# Hundreds of processes of the tests import the package: not each is to compile it anew.
export PYTHONDONTWRITEBYTECODE =

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Quiet apt that asks nothing, as root or through sudo.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq
APT_INSTALL := $(APT) -o DPkg::Lock::Timeout=120 install -y --no-install-recommends

# The others beside them are what these share.
BENCHMARKS := $(addprefix benchmarks/,training_step.py large_network.py storing.py opening.py live.py \
	loss_tab.py tabs.py sessions.py asking.py explaining.py slow_motion.py switching.py checking.py \
	diagnosing.py sweeping.py)

.PHONY: serve test test-fast soak lint bench screenshots browser clean

serve: $(VENV)/.serve
	$(BIN)/python -m panel serve apps/main.py --port $(PORT) --address $(ADDRESS) \
		--allow-websocket-origin=localhost:$(PORT) --allow-websocket-origin=127.0.0.1:$(PORT) \
		$(SERVE_ARGS) $(if $(STORE),--args --store $(STORE))

test: $(VENV)/.test browser
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-fast: $(VENV)/.test
	$(BIN)/python -m pytest --ignore tests/ui $(PYTEST_ARGS)

soak: $(VENV)/.test browser
	RANDOM_ACTIONS=1000 $(BIN)/python -m pytest -s -k random_actions tests/ui
	SOAK=1 $(BIN)/python -m pytest -s -k soak tests/storage/test_processes.py $(PYTEST_ARGS)
	SOAK=1 $(BIN)/python -m pytest tests/analysis/explanations/test_explanation.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.bench browser
	@set -e; for file in $(BENCHMARKS); do echo "== $$file"; $(BIN)/python $$file; done

screenshots: $(VENV)/.test browser
	$(BIN)/python benchmarks/screenshots.py

clean:
	rm -rf $(VENV)

# A stamp comes last, so an interrupted step is done again. Removing the folder first also mends a
# half-made one.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and \
		f"Python 3.11 or newer is needed, and $(PYTHON) is {v.major}.{v.minor}: " \
		"name another with PYTHON=python3.12")'
	@# Debian and Ubuntu ship Python without what makes virtual environments.
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		echo "Installing $$package"; \
		$(APT) update && $(APT_INSTALL) $$package; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.serve: $(VENV)/.made pyproject.toml
	$(PIP_INSTALL) -e '.[sweep]'
	@touch $@

# This covers all that serving needs.
$(VENV)/.test: $(VENV)/.made pyproject.toml
	$(PIP_INSTALL) -e '.[test]'
	@touch $(VENV)/.serve $@

$(VENV)/.bench: $(VENV)/.made pyproject.toml
	$(PIP_INSTALL) -e '.[test,bench]'
	@touch $(VENV)/.serve $(VENV)/.test $@

# The browser tests take the Chromium or Chrome on PATH. Debian has one as a package; Ubuntu's is
# only a snap, so there Playwright fetches its own. The fonts are for machines that have none, where
# text would have no width.
browser: $(VENV)/.test
	@command -v chromium || command -v chromium-browser || command -v google-chrome || { \
		echo "Installing Chromium"; \
		$(APT) update && $(APT_INSTALL) chromium fonts-dejavu-core; } \
		|| $(BIN)/python -m playwright install --with-deps chromium
