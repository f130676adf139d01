# `make call` makes one call, `make test` runs every test. Both install what they need into .venv.

VENV := .venv
PY := $(VENV)/bin/python
PACKAGES := customer_agent support_agent shared duologue
CODE := $(PACKAGES) tests $(wildcard benchmarks)
# The lock of uv, which installs here and in the roles' images.
UV := duologue/deploy/uv.txt

# A .venv whose Python is gone is made anew.
$(shell [ ! -e $(VENV)/python ] || $(PY) -c '' 2>/dev/null || rm -f $(VENV)/python $(VENV)/call $(VENV)/dev)

.PHONY: call test test-livekit faults lint bench bench-long lock clean
.DELETE_ON_ERROR:

# A call of the default scenario, or whatever ARGS says: make call ARGS="--seed 7 --out /tmp/calls"
call: $(VENV)/call
	@$(PY) -P -m duologue call $(ARGS)

# Two processes: calls that are held in real time one after the other in one, all else in the other.
test: $(VENV)/dev
	@$(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

# The matrix of faults, or a part of it: make faults ARGS="--only batch,pause"
faults: $(VENV)/dev
	@$(PY) -m tests.faults $(ARGS)

lint: $(VENV)/dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy $(CODE)

bench: $(VENV)/dev
	@$(PY) -m benchmarks $(ARGS)

bench-long: $(VENV)/dev
	@$(PY) -m benchmarks --long $(ARGS)

# Locks every version, with the hashes of the files of every system and Python that is supported.
# Versions move only with ARGS=--upgrade.
LOCK := -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
lock: $(VENV)/dev
	@echo 'setuptools>=77' | $(PY) $(LOCK) $(ARGS) pyproject.toml - --all-extras --group dev \
		-o requirements/dev.txt
	@echo 'setuptools>=77' | $(PY) $(LOCK) pyproject.toml - --extra offline --extra piper --group procfile \
		-c requirements/dev.txt -o requirements/call.txt
	@$(PY) $(LOCK) pyproject.toml --extra offline -c requirements/dev.txt -o duologue/deploy/requirements.txt
	@sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt > $(UV)

# `make test` has the LiveKit that is locked. This has the oldest and the newest of the range in
# pyproject.toml, as far as they are others.
LIVEKIT := $(shell sed -n 's/^ *"\(livekit-agents[^"]*\)",/\1/p' pyproject.toml)
LOCKED = $$(sed -n 's/^livekit-agents==\([^ ]*\).*/\1/p' requirements/dev.txt)
test-livekit: $(VENV)/dev
	@for end in lowest-direct highest; do \
		found=$$(echo '$(LIVEKIT)' | $(PY) -m uv pip compile --quiet --no-header --no-annotate --no-deps \
			--refresh --resolution $$end -) || { echo "no package index answers" >&2; exit 1; }; \
		if [ "$$found" = "livekit-agents==$(LOCKED)" ]; then \
			echo "$$found ($$end of the range) is locked: \`make test\` tests it"; \
		else $(MAKE) --no-print-directory "test-livekit-$${found#*==}" || exit 1; fi; done

# What is private to LiveKit, and a call, with any version: the lock, with that LiveKit in its place.
test-livekit-%: $(VENV)/dev
	@echo "Testing with livekit-agents $* in build/livekit-$*"
	@mkdir -p build/livekit-$*
	@cp requirements/dev.txt build/livekit-$*/lock.txt
	@echo 'setuptools>=77' | $(PY) $(LOCK) pyproject.toml - --all-extras \
		--upgrade-package livekit-agents==$* -o build/livekit-$*/lock.txt > /dev/null
	@$(PY) -m uv venv --quiet --clear --python $(PY) build/livekit-$*/venv
	@$(PY) -m uv pip install --quiet --no-deps --python build/livekit-$*/venv/bin/python \
		--require-hashes -r build/livekit-$*/lock.txt
	@$(PY) -m uv pip install --quiet --no-deps --python build/livekit-$*/venv/bin/python \
		--no-build-isolation -e .
	@build/livekit-$*/venv/bin/python -m pytest tests/shared/test_livekit_internals.py \
		tests/duologue/call/test_livekit_internals.py
	@build/livekit-$*/venv/bin/python -m duologue call --transport direct --out build/livekit-$*/calls

# Calls and the cache (livekit-server) stay.
clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache

# What a call needs; and on top of it what the tests need.
$(VENV)/call: requirements/call.txt $(UV) pyproject.toml | $(VENV)/python
	@echo "Installing what a call needs into $(VENV) (once, about 900 MB)"
	$(call install,--require-hashes -r requirements/call.txt)
	$(call install,--no-build-isolation -e .)
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/call
	@echo "Installing what the tests need into $(VENV)"
	$(call install,--require-hashes -r requirements/dev.txt)
	@touch $@

# uv takes seconds where pip takes minutes. Where only pip knows the way (its own configuration, a
# mirror), pip does it.
# Compiled at once: the first call would otherwise spend its first seconds on that.
install = @$(PY) -m uv pip install --compile-bytecode --no-deps --python $(PY) $(1) \
	|| { echo "uv could not; trying pip"; $(PY) -m pip install --no-deps $(1); }

# PYTHON=... says which one to use.
$(VENV)/python: $(UV)
	@found=; for each in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		if $$each -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
			2>/dev/null; then found=$$each; break; fi; done; \
	if [ -z "$$found" ]; then echo "Python 3.11, 3.12 or 3.13 with its venv module is needed" >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$found --version)"; \
	$$found -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(UV)
	@touch $@
