# Every target sets up what it needs in .venv, can be run again, and says what it does.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_DATA ?= data/demo

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo chat web test test-load test-clip lint bench bench-clip bench-growth clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.bundled ## draw a city, index it, ask about it, and chat with the bot in a browser; no token needed
	@echo "==> drawing the demo city into $(DEMO_DATA)"
	@$(BIN)/python -m offline import demo --data-dir $(DEMO_DATA) --queries $(DEMO_DATA)/queries
	@echo "==> embedding its photos and publishing them"
	@$(BIN)/python -m offline index --data-dir $(DEMO_DATA)
	@echo "==> asking about a photo the guide has never seen, and for places in words"
	@$(BIN)/python -m offline ask --data-dir $(DEMO_DATA) $(DEMO_DATA)/queries/demo-clock-tower.jpg "мост через реку"
	@echo
	@echo "What next:"
	@echo "  ask more          $(BIN)/python -m offline ask --data-dir $(DEMO_DATA) PHOTO.jpg \"some words\""
	@echo "  the Telegram bot  get a token from @BotFather, then"
	@echo "                    GUIDE_BOT_TOKEN=... GUIDE_DATA_DIR=$(DEMO_DATA) $(BIN)/python -m bot"
	@echo "  your own city     $(BIN)/python -m offline import folder FOLDER  (see README.md)"
	@echo "  chat with it      make chat"
	@echo "  the web page      make web"
	@if [ -t 0 ] && [ -t 1 ]; then echo && $(MAKE) --no-print-directory chat; fi

# For targets that need the demo city and may be the first ones to run.
define publish_demo
@test -e $(DEMO_DATA)/snapshots/current || { \
  echo "==> drawing the demo city into $(DEMO_DATA) and publishing it"; \
  $(BIN)/python -m offline import demo --data-dir $(DEMO_DATA) && \
  $(BIN)/python -m offline index --data-dir $(DEMO_DATA); }
endef

chat: $(VENV)/.bundled ## chat with the bot about the demo city in a browser, on a Telegram of your own; no token needed
	$(publish_demo)
	@$(BIN)/python -m bot --sandbox --data-dir $(DEMO_DATA)

web: $(VENV)/.web ## ask about the demo city on a web page
	$(publish_demo)
	@echo "==> starting the page; open the address it listens on in a browser (Ctrl+C stops it)"
	@$(BIN)/python -m web --data-dir $(DEMO_DATA)

test: $(VENV)/.dev ## run the tests (no torch needed)
	@echo "==> running the tests"
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-load: $(VENV)/.dev ## run the bot and the web guide under load and faults
	@echo "==> running the load tests; takes a few minutes"
	@$(BIN)/python -m pytest -m load

test-clip: $(VENV)/.clip ## run the tests of clip and of what it is exported to (installs torch)
	@echo "==> running the tests that need torch, sentence-transformers or openvino"
	@$(BIN)/python -m pytest -m clip

lint: $(VENV)/.dev ## check style and types
	@echo "==> checking style and types"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.dev ## measure speed and memory on this machine
	@echo "==> measuring; takes a few minutes"
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench_embedders bundled

bench-clip: $(VENV)/.clip ## measure clip, its exported pairs and the bot serving with them (installs torch)
	@echo "==> measuring; takes a quarter of an hour"
	@$(BIN)/python -m tests.bench_embedders clip
	@$(BIN)/python -m tests.bench_serving

bench-growth: $(VENV)/.dev ## measure the index on made-up galleries of 1,000 to 1,000,000 photos
	@echo "==> measuring; takes many minutes and several GB of memory"
	@$(BIN)/python -m tests.bench_growth 1000 10000 100000 1000000

clean: ## remove .venv and caches; data stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache *.egg-info build

$(BIN)/python:
	@echo "==> making $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, " + sys.executable + " is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.bundled: pyproject.toml | $(BIN)/python
	@echo "==> installing the guide with the bundled embedder; a minute or two the first time"
	@$(BIN)/python -m pip install --quiet --editable '.[bundled]'
	@touch $@

$(VENV)/.web: pyproject.toml | $(BIN)/python
	@echo "==> installing the guide with the bundled embedder and the page; a minute or two the first time"
	@$(BIN)/python -m pip install --quiet --editable '.[bundled,web]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "==> installing the guide and what its tests need; a minute or two the first time"
	@$(BIN)/python -m pip install --quiet --editable '.[bundled,dev]'
	@touch $@

$(VENV)/.clip: pyproject.toml | $(BIN)/python
	@echo "==> installing torch, sentence-transformers and openvino; this is big"
	@$(BIN)/python -m pip install --quiet --editable '.[bundled,clip,openvino,dev]'
	@touch $@
