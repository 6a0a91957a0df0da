# Everything is started from here; it needs python3 (3.11 or later) with venv and pip, and make.
# The tools live in .venv, pinned by requirements.lock.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.synced
WORDS := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/messages.po))
WORKERS ?= 2
UV := uv==0.13.8
export PYTHONPATH := .
# Every process reads what the first one has compiled, also where the shell forbids Python to write
# beside the sources: it is kept in .venv.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/compiled

.DEFAULT_GOAL := help
.PHONY: help run test test-oldest check check-database bench requirements lock db-url faults dump translations docs

help:  ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1  \2/p' Makefile

# Reads and prints nothing if nothing changed; what it says goes to standard error, so that the
# output of `make db-url` is the address alone.
$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Makao needs Python 3.11 or later: PYTHON=python3.11 make")' >&2
	@test -x $(BIN)/python || { echo "Making .venv ..." >&2; $(PYTHON) -m venv .venv >&2 \
		|| { echo "python3 -m venv failed: install your system's package of it (Debian: python3-venv)." >&2; exit 1; }; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV) >&2
	@echo "Installing what requirements.lock names ..." >&2
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock >&2
	@touch $@

# What the catalogues say is read from their compiled form, which git does not keep.
$(WORDS): %.mo: %.po $(STAMP)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ >&2

run: $(STAMP) $(WORDS)  ## Start everything; Ctrl-C stops it (PORT, DATABASE_URL, REDIS_URL, MAKAO_DATA)
	@exec $(BIN)/python -m workers.supervisor

test: $(STAMP) $(WORDS)  ## Run the tests; FULL=1 for the long forms
	@$(BIN)/python -m tests.programs
	@$(BIN)/python -m pytest -n $(WORKERS) $(if $(FULL),,-m "not full") \
		$(if $(ARGS),$(ARGS),-p tests.policies)

check: $(STAMP) $(WORDS)  ## Judge form, types, import rules, templates, translations, marks, database
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m tests.translations
	$(BIN)/python -m tests.requirements --known
	@$(MAKE) --no-print-directory check-database

check-database: $(STAMP)  ## Compare tables with models, and let pgrls judge row-level security
	$(BIN)/python -m tests.schema

test-oldest: $(STAMP) $(WORDS)  ## Migrate and test the rules on the system's own, older PostgreSQL
	@$(BIN)/python -m tests.oldest -n $(WORKERS) -m "not full" $(ARGS)

bench: $(STAMP) $(WORDS)  ## Measure, each figure beside its limit (ONLY=posting for one)
	@$(BIN)/python -m benchmarks $(ONLY)

requirements: $(STAMP)  ## Print the requirements that no test carries
	@$(BIN)/python -m tests.requirements

lock:  ## Make requirements.lock anew from pyproject.toml, pinned by hash
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet $(UV); }
	@$(BIN)/uv pip compile --universal --generate-hashes --upgrade --group dev pyproject.toml \
		--output-file requirements.lock --quiet --no-header --no-annotate

db-url: $(STAMP)  ## Print the owner's address of the database that `make run` uses
	@$(BIN)/python -c 'import sys, config; sys.stdout.write(config.OWNER_ADDRESS + "\n")'

faults: $(STAMP) $(WORDS)  ## Kill real processes at named and at random points, then look for damage
	@$(BIN)/python -m pytest -m faults $(ARGS)

docs: $(STAMP)  ## Write what docs/reference says of the code anew
	@$(BIN)/python -m tests.docs.generate

translations: $(STAMP)  ## Bring the catalogues up to date with the sources
	@$(BIN)/python -m tests.translations --write

dump: $(STAMP)  ## Keep a dump of the running database for upgrade tests (FILE=...)
	@$(BIN)/python -m tests.dump $(FILE)
