# The only door: people, hooks and CI call these targets.
PYTHON ?= python3
PIP = -m pip install --quiet --disable-pip-version-check
PROTOS = $(wildcard proto/amends/v1/*.proto)
GEN = proto/gen/python
DEV = .venv-dev/bin
SRC = server clients cli eval training tests docs benchmarks deploy/grafana deploy/supply proto/protodeps.py

export PATH := $(CURDIR)/$(DEV):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help bench bench-peers bench-overload bench-growth million soak bench-all bench-report bench-compare test-bench eval gate baseline \
  advice judgement words reference worked models dashboards metrics scrape render sbom audit datasets leakage serve test test-train lint format proto breaking model lock golden fuzz abuse drills clean

help: ## Says what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

serve: .venv/installed ## Creates the environment, installs, starts the service; ARGS="--port 50052" passes flags
	@.venv/bin/amends serve $(ARGS)

test: .venv-dev/installed ## Runs the tests: unit, contract, integration, system, golden; ARGS="-k name" passes flags
	@$(DEV)/python -m pytest $(ARGS)

test-train: .venv-train/installed ## Runs the tests that need PyTorch: parity of the export, and the recipe on a few rows
	@.venv-train/bin/python -m pytest training/tests $(ARGS)

fuzz: .venv-dev/installed ## Fuzzes every RPC and reader of files, guided by coverage; ARGS="--seconds 600 call-ScoreReply" for one, and longer
	@$(DEV)/python tests/fuzz/fuzz.py $(ARGS)

abuse: .venv-dev/installed ## Attacks a server by raw HTTP/2 and measures its honest neighbour; ARGS="--seconds 60 rapid_reset"
	@PYTHONPATH=tests $(DEV)/python tests/hostile/abuse.py $(ARGS)

drills: .venv-dev/installed ## Restarts, kills and rotates under load, and counts what callers lose; ARGS="--seconds 300 kill"
	@PYTHONPATH=tests $(DEV)/python tests/drills/drill.py $(ARGS)

lint: .venv-dev/installed-lint proto/deps/made ## Style, types, imports, contract, YAML, drift of generated code
	@$(DEV)/ruff check $(SRC) && $(DEV)/ruff format --check $(SRC)
	@$(DEV)/mypy
	@$(DEV)/lint-imports --no-cache
	@$(DEV)/yamllint --strict .
	@cd proto && ../$(DEV)/buf lint && ../$(DEV)/buf format --diff --exit-code --path amends
	@$(MAKE) --no-print-directory breaking
	@rm -rf build/gen && $(MAKE) --no-print-directory GEN=build/gen generate && diff -r build/gen $(GEN) -x __pycache__ \
	  || { echo "generated code differs from the contract: run 'make proto' and commit"; exit 1; }

format: .venv-dev/installed-lint proto/deps/made ## Formats code and contract
	@$(DEV)/ruff check --fix-only $(SRC); $(DEV)/ruff format $(SRC); cd proto && ../$(DEV)/buf format --write --path amends

proto: .venv-dev/installed-lint proto/deps/made generate ## Generates code from the contract

breaking: .venv-dev/installed-lint proto/deps/made ## Checks the contract against the last release tag
	@tag=$$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null) || { echo "no release tag yet: nothing to break"; exit 0; }; \
	  rm -rf build/released && mkdir -p build/released && git archive $$tag proto | tar -x -C build/released \
	  && cp -r proto/deps build/released/proto/ && cd proto && ../$(DEV)/buf breaking --against ../build/released/proto

model: .venv-train/installed-teacher ## Makes the model bundle; REAL=file brings the real sentences that calibrate
	@.venv-train/bin/python -m amends_train --out server/src/amends_core/models/amends-minilm-l6 --version $(VERSION) \
	  $(if $(REAL),--real-texts $(REAL)) $(ARGS)

eval: .venv-dev/installed ## Measures the embedded model on every suite; REAL=file brings the real sentences, ARGS="--html report.html"
	@$(DEV)/amends eval run $(or $(SUITES),all) $(if $(REAL),--real-texts $(REAL)) $(ARGS)

BASELINE = eval/baselines/amends-minilm-l6.jsonl

gate: .venv-dev/installed ## Holds the embedded model against the committed baseline: exit 1 with the reasons where it got worse
	@mkdir -p build && rm -f build/gate.jsonl && $(DEV)/amends eval run all --out build/gate.jsonl > build/gate.txt
	@$(DEV)/amends eval gate build/gate.jsonl --against $(BASELINE)

baseline: .venv-dev/installed ## Measures the embedded model anew and makes that the baseline
	@mkdir -p build && rm -f build/baseline.jsonl && $(DEV)/amends eval run all --out build/baseline.jsonl > build/baseline.txt
	@$(DEV)/amends eval baseline build/baseline.jsonl $(BASELINE)

advice: .venv-dev/installed ## Fits the weights of advice on labelled conversations
	@$(DEV)/python -m amends_train.advice_fit $(ARGS)

judgement: .venv-dev/installed ## Fits the weights of the judgement on graded replies, and prints them beside those that stand
	@$(DEV)/python -m amends_train.judgement_fit $(ARGS)

words: .venv-train/installed ## Writes the words that stay as they are typed anew, from the training data
	@.venv-train/bin/python -m amends_train.known_words

datasets: .venv-dev/installed ## Writes schemas, counted parts of the cards and checksums of the evaluation data anew
	@$(DEV)/python -m amends_eval.datasets.publish

leakage: .venv-dev/installed ## Writes which evaluation texts training data says as well; exit 1 where one is the same or near
	@$(DEV)/python -m amends_eval.datasets.leakage

golden: .venv-dev/installed ## Writes the golden outputs anew, to be read before they are committed
	@$(DEV)/python tests/golden/generate.py

models: .venv-dev/installed ## Draws docs/models anew: quality against milliseconds a sentence
	@$(DEV)/python docs/models/generate.py

worked: .venv-dev/installed ## Writes the worked conversations of the documentation anew
	@$(DEV)/python docs/worked/generate.py

dashboards: .venv-dev/installed ## Draws the dashboards of Grafana anew
	@$(DEV)/python deploy/grafana/dashboards.py

render: .venv-dev/installed ## Draws the dashboards in docs/dashboards anew, from a real Prometheus and a minute of calls
	@$(DEV)/python docs/dashboards/render.py $(ARGS)

reference: .venv-dev/installed ## Counts anew what the embedded model usually judges, for drift; ARGS="--out FILE conversations.jsonl"
	@$(DEV)/python -m amends_train.reference $(ARGS)

metrics: .venv-dev/installed ## Writes the table of metrics in docs/metrics anew
	@$(DEV)/python docs/metrics/generate.py

scrape: .venv-dev/installed ## Measures a scrape of a real service with every series there can be, for 50 tenants
	@$(DEV)/python docs/metrics/scrape.py

BENCH = .venv-bench/bin/python -m benchmarks
DAYS = steady monday spike outage bulk stairs

bench: .venv-bench/installed ## Runs the contact centre and measures latency; ARGS="--duration 20 --scale 0.2" makes it short, DAYS=spike picks
	@$(BENCH) run $(DAYS:%=centre-%) latency $(ARGS)

bench-peers: .venv-bench/installed .venv-bench-infinity/installed ## Measures other ways of serving the same encoder beside ours
	@$(BENCH) run peers $(ARGS)

bench-overload: .venv-bench/installed ## Overload, clients that vanish, slow readers, idle connections, the same scores under load
	@$(BENCH) run overload vanish slow-readers idle parity $(ARGS)

bench-growth: .venv-bench/installed ## How the cost grows with replies, history, playbooks, exemplars; what a call costs beside inference
	@$(BENCH) run growth overhead $(ARGS)

million: .venv-bench/installed ## A million calls, one in five left by its caller: memory by calls; ARGS="--scale 0.1" makes it shorter
	@$(BENCH) run million $(ARGS)

soak: .venv-bench/installed ## Half an hour at 70 %; ARGS="--duration 600" makes it shorter
	@$(BENCH) run soak $(ARGS)

bench-all: ## All of these, some two and a half hours, and the tables of benchmarks/README.md; needs a quiet machine
	@status=0; for part in bench bench-peers bench-overload bench-growth soak million; do $(MAKE) --no-print-directory $$part || status=1; done; \
	  $(MAKE) --no-print-directory bench-report && exit $$status

bench-report: .venv-bench/installed ## Writes the tables of benchmarks/README.md from benchmarks/results
	@$(BENCH) report

bench-compare: .venv-bench/installed ## Two reports of one machine side by side; BEFORE=file AFTER=file
	@$(BENCH) compare $(BEFORE) $(AFTER)

test-bench: .venv-bench/installed ## Runs every benchmark for a few seconds, Locust and the peers included
	@.venv-bench/bin/python -m pytest tests/bench $(ARGS)

SHIPS = build/ships

sbom: .venv-supply/installed $(SHIPS)/installed ## Writes the bill of materials and the licences of what ships; exit 1 where one may not
	@.venv-supply/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o build/sbom.json \
	  $(SHIPS)/bin/python
	@.venv-supply/bin/python deploy/supply/bill.py build/sbom.json --environment $(SHIPS) --report build/licences.md \
	  --model server/src/amends_core/models/amends-minilm-l6

audit: .venv-dev/installed ## Looks what ships up in a folder of OSV advisories, without a network: DB=folder
	@test -n "$(DB)" || { echo "say where the advisories lie: make audit DB=folder"; exit 2; }
	@$(DEV)/python deploy/supply/audit.py --db "$(DB)" requirements/runtime.txt

lock: .venv-dev/installed-lint ## Writes the lock files anew (needs uv)
	@mkdir -p build && requirements/lock.sh

.venv-train/installed-teacher: .venv-train/installed requirements/teacher.txt
	@.venv-train/bin/python $(PIP) --no-deps --require-hashes -r requirements/teacher.txt && touch $@

clean: ## Removes environments and what was built
	@rm -rf .venv .venv-dev .venv-supply .venv-train .venv-bench .venv-bench-infinity build dist proto/deps

.PHONY: generate
generate:
	@mkdir -p $(GEN)
	@$(DEV)/python -m grpc_tools.protoc -I proto -I proto/deps --python_out=$(GEN) --mypy_out=quiet:$(GEN) \
	  --grpc_python_out=$(GEN) --mypy_grpc_out=quiet:$(GEN) $(PROTOS)
	@$(DEV)/python -m grpc_tools.protoc -I proto/deps --python_out=$(GEN) --pyi_out=$(GEN) buf/validate/validate.proto
	@for file in $(GEN)/amends/v1/*_pb2_grpc.py; do grep -q '^class' $$file || rm $$file $${file}i; done
	@touch $(GEN)/amends/v1/py.typed

proto/deps/made: .venv-dev/installed-lint proto/protodeps.py
	@$(DEV)/python proto/protodeps.py proto/deps && touch $@

.venv/installed: requirements/runtime.txt requirements/build.txt pyproject.toml
	@echo "Making the environment .venv (once)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP) --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@.venv/bin/python $(PIP) --no-deps --no-build-isolation --editable . && touch $@

.venv-dev/installed: requirements/runtime.txt requirements/build.txt requirements/test.txt pyproject.toml
	@echo "Making the environment .venv-dev (once)"
	@$(PYTHON) -m venv .venv-dev
	@$(DEV)/python $(PIP) --require-hashes -r requirements/build.txt -r requirements/runtime.txt -r requirements/test.txt
	@$(DEV)/python $(PIP) --no-deps --no-build-isolation --editable . && touch $@

.venv-dev/installed-lint: .venv-dev/installed requirements/lint.txt
	@$(DEV)/python $(PIP) --require-hashes -r requirements/lint.txt && touch $@

.venv-supply/installed: requirements/supply.txt
	@echo "Making the environment .venv-supply (once)"
	@$(PYTHON) -m venv .venv-supply
	@.venv-supply/bin/python $(PIP) --require-hashes -r requirements/supply.txt && touch $@

# As the image's: wheels alone, every file by its hash, and no pip in it.
$(SHIPS)/installed: requirements/runtime.txt .venv-supply/installed
	@rm -rf $(SHIPS) && $(PYTHON) -m venv --without-pip $(SHIPS)
	@.venv-supply/bin/python -m pip --python $(SHIPS)/bin/python install --quiet --disable-pip-version-check \
	  --require-hashes --only-binary=:all: -r requirements/runtime.txt && touch $@

# PyTorch first and by itself: as a dependency its plain wheel would bring several GB of CUDA packages.
.venv-train/installed: requirements/runtime.txt requirements/build.txt requirements/test.txt requirements/train.txt pyproject.toml
	@echo "Making the environment .venv-train (once)"
	@$(PYTHON) -m venv .venv-train
	@.venv-train/bin/python $(PIP) torch==2.13.0
	@.venv-train/bin/python $(PIP) --no-deps --require-hashes -r requirements/train.txt
	@.venv-train/bin/python $(PIP) --require-hashes -r requirements/build.txt -r requirements/runtime.txt -r requirements/test.txt
	@.venv-train/bin/python $(PIP) --no-deps --no-build-isolation --editable . && touch $@

.venv-bench/installed: requirements/runtime.txt requirements/build.txt requirements/bench.txt pyproject.toml
	@echo "Making the environment .venv-bench (once)"
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python $(PIP) torch==2.13.0
	@.venv-bench/bin/python $(PIP) --no-deps --require-hashes -r requirements/bench.txt
	@.venv-bench/bin/python $(PIP) --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@.venv-bench/bin/python $(PIP) --no-deps --no-build-isolation --editable . && touch $@

# A peer that wants older packages than ours.
.venv-bench-infinity/installed: requirements/bench-infinity.txt
	@echo "Making the environment .venv-bench-infinity (once)"
	@$(PYTHON) -m venv .venv-bench-infinity
	@.venv-bench-infinity/bin/python $(PIP) torch==2.13.0
	@.venv-bench-infinity/bin/python $(PIP) --no-deps --require-hashes -r requirements/bench-infinity.txt && touch $@
