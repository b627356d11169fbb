# tokenauth.h is one file: copy it and be done. This Makefile is for its demo, its tool and its tests.
# POSIX make; needs a C compiler and nothing else. Everything built goes into build/.

all: build/tokenauth
	@echo "build/tokenauth is there; 'make help' lists what else there is"

help:
	@echo 'make           builds build/tokenauth, the command line tool'
	@echo 'make demo      the whole story, told by a program built with nothing but cc'
	@echo 'make server    a login server with a page to try it on, http://localhost:8080/ (ARGS=--help)'
	@echo 'make test      all tests: offline, about a minute; the last line is the sum (make check: the same)'
	@echo
	@echo 'make shape     every way to include, switch and compile the header: a few minutes'
	@echo 'make examples-check  each lesson, as C and as C++, against the output in its opening comment'
	@echo 'make cli-check every option and every error of the command line tool'
	@echo 'make server-check  the demo server: each path, outcome and bad input, hostile clients, a restart (curl, wrk)'
	@echo 'make readme    compiles each snippet of README.md and runs its first program'
	@echo 'make lengths   how long the functions of tokenauth.h are'
	@echo 'make stack     the stack each call takes, against the bounds that the header states'
	@echo 'make wiped     nothing secret lies on the stack after a call, whatever became of it'
	@echo 'make interop   against jsonwebtoken, Express with passport-jwt, a client of axios; needs node and npm'
	@echo 'make web-check the demo page in a browser, screenshots in build/web; needs node, npm and chromium;'
	@echo '               PARTS="tabs thief" only those'
	@echo 'make ports     the self-test on machine after machine, from AVR to s390x; tells what is missing'
	@echo 'make port-m0   on one of them; the names stand in tests/ports/run.sh'
	@echo 'make stores-scale  what each store costs, into examples/stores/README.md (MOST=1000000: half an hour);'
	@echo '               QUICK=1 checks that README has what the script makes'
	@echo 'make server-stores  the demo server that takes --store sqlite:FILE, postgres://..., redis://..., too'
	@echo 'make stores    journal, SQLite, PostgreSQL, Redis, Redis Cluster: one suite, faults, planted bugs;'
	@echo '               QUICK=1 the short form, STORES="journal sqlite" only those, PLANTS=1 the bugs alone'
	@echo 'make sizes     flash, stack and instructions on four chips, against README and budgets;'
	@echo '               WRITE=--write puts them into README'
	@echo 'make protocol  every interleaving of a few clients over one store; planted bugs; DEPTH=2, 3 more,'
	@echo '               ONLY=name one scenario'
	@echo 'make fuzz      every fuzz target for TIME=60 seconds each; ENGINE=afl, TARGETS="json jwt", JOBS=2'
	@echo 'make fuzz-replay  every fuzz target over its committed inputs, with any C compiler'
	@echo 'make fuzz-plants  bugs built in on purpose: does each fuzz target notice?'
	@echo 'make fuzz-corpus  writes the first inputs of fuzz/corpus anew'
	@echo 'make ct        constant time: valgrind at every -O level, traces of Cortex-M code; planted leaks;'
	@echo '               CCS="gcc-12 clang-19" other compilers, ONLY="clang -O3" what has this in its name'
	@echo 'make mutants   tokenauth.h changed in one place at a time: do the tests notice? hours for all;'
	@echo '               SAMPLE=200 a fixed choice, PART=1/20 a part, SECTIONS="auth table" only those'
	@echo 'make firmware  a gate controller for Cortex-M under QEMU: the dialogue with it, power cuts and all'
	@echo 'make recipes   the header in CMake, Meson, Arduino, ESP-IDF, Zephyr, as examples/README.md has it'
	@echo 'make differential  against SQLite, OpenSSL, JSON.parse, jsonwebtoken, jose, fast-jwt; CASES=100000'
	@echo 'make static    gcc -fanalyzer, clang-tidy, cppcheck; MISRA against tests/misra.md (WRITE=1 writes it)'
	@echo 'make proofs    for every input within a bound, or for every input: CBMC and Frama-C; planted bugs;'
	@echo '               PROOF=key only those, LONG=1 larger bounds, PLANTS=no without the bugs, =one with one each'
	@echo 'make coverage  lines, branches and MC/DC that the tests reach: gcov, clang-19, Python 3'
	@echo 'make bench     tokens, sessions, tables against the hash itself and what is installed of others;'
	@echo '               SIZES="1000 8000000" numbers of sessions, QUICK=1 a run of seconds'
	@echo 'make bench-peers  installs the others (apt, npm), then the same; draws the figures of README.md'
	@echo 'make gate      instructions of verify, sign, refresh against tests/bench/budgets.txt'
	@echo 'make clean     removes build/'
	@echo 'make help      this list'
	@echo
	@echo 'CC=clang       another compiler           SANITIZE=no  without sanitizers'
	@echo 'JOBS=4         more at once (default 2)   WERROR=-Werror  no warning in a test'
	@echo 'SWITCH=-DTOKENAUTH_SMALL  all tests of that form of the header'
	@echo 'VECTORS=dir    public test vectors; without them their cases count as skipped'
	@echo 'SEED=n         another seed for the random tests'

demo: build/demo
	@build/demo

build/demo: examples/demo.c tokenauth.h
	@mkdir -p build
	$(CC) -O2 -o build/demo examples/demo.c

build/tokenauth: examples/tokenauth.c tokenauth.h
	@mkdir -p build
	$(CC) -O2 -o build/tokenauth examples/tokenauth.c

# with a thief and lost answers to try; ARGS= starts it without
ARGS = --debug

server: build/server
	@build/server $(ARGS)

build/server: examples/server/*.c examples/server/*.h examples/stores/journal.h tokenauth.h
	@mkdir -p build
	$(CC) -O2 -D_POSIX_C_SOURCE=200809L -o build/server examples/server/*.c -pthread

test check:
	@CC='$(CC)' JOBS='$(JOBS)' SANITIZE='$(SANITIZE)' SWITCH='$(SWITCH)' WERROR='$(WERROR)' sh tests/run.sh

shape:
	@CC='$(CC)' JOBS='$(JOBS)' sh tests/shape.sh

examples-check:
	@CC='$(CC)' sh tests/examples.sh

cli-check:
	@CC='$(CC)' SANITIZE='$(SANITIZE)' sh tests/cli.sh

server-check:
	@CC='$(CC)' SANITIZE='$(SANITIZE)' sh tests/server.sh

readme:
	@sh tests/bench/readme.sh --check
	@CC='$(CC)' sh tests/readme.sh

lengths:
	@awk -f tests/lengths.awk tokenauth.h

stack: tests/stack.c tests/own_stack.h tokenauth.h
	@mkdir -p build
	@for how in -O1 -O2 -Os -O3 '-O3 -fstack-protector-strong'; do echo "$(CC) $$how:"; \
	    $(CC) $$how -o build/stack tests/stack.c && build/stack figures || exit 1; done

wiped: tests/wiped.c tests/own_stack.h tokenauth.h
	@mkdir -p build
	@$(CC) -O0 -DTOKENAUTH_NO_INTRINSICS -DNAME='"wiped plain C"' -o build/wiped tests/wiped.c && build/wiped
	@$(CC) -O0 -DTOKENAUTH_SMALL -DNAME='"wiped small code"' -o build/wiped tests/wiped.c && build/wiped

interop: build/tokenauth build/server
	@sh tests/js/run.sh interop

web-check: build/server
	@sh tests/js/run.sh web $(PARTS)

ports:
	@CC='$(CC)' JOBS='$(JOBS)' bash tests/ports/run.sh

sizes:
	@CC='$(CC)' JOBS='$(JOBS)' python3 tests/ports/sizes.py $(WRITE)

firmware:
	@bash examples/firmware/run.sh

recipes:
	@bash tests/ports/recipes.sh

.DEFAULT:
	@case '$@' in port-?*) ;; *) echo "no target '$@': see make help" >&2; exit 2 ;; esac
	@name='$@'; CC='$(CC)' JOBS='$(JOBS)' bash tests/ports/run.sh "$${name#port-}"

stores-scale:
	@CC='$(CC)' MOST='$(MOST)' QUICK='$(QUICK)' sh tests/store_scale.sh

server-stores: build/server-stores

build/server-stores: examples/server/*.c examples/server/*.h examples/stores/*.h tokenauth.h
	@mkdir -p build
	@$(CC) -O2 -D_POSIX_C_SOURCE=200809L -DSERVER_STORES -I"$$(pg_config --includedir)" \
	    -o build/server-stores examples/server/*.c -lsqlite3 -lpq -lhiredis -pthread

stores:
	@CC='$(CC)' QUICK='$(QUICK)' STORES='$(STORES)' PLANTS='$(PLANTS)' sh tests/stores.sh

protocol:
	@CC='$(CC)' JOBS='$(JOBS)' DEPTH='$(DEPTH)' ONLY='$(ONLY)' sh tests/protocol/run.sh

fuzz:
	@CC='$(CC)' TIME='$(TIME)' TARGETS='$(TARGETS)' ENGINE='$(ENGINE)' JOBS='$(JOBS)' sh fuzz/run.sh

fuzz-replay:
	@CC='$(CC)' sh fuzz/replay.sh

fuzz-plants:
	@CC='$(CC)' sh fuzz/plants.sh

fuzz-corpus: build/make_corpus
	@build/make_corpus fuzz/corpus

build/make_corpus: fuzz/make_corpus.c fuzz/fuzz.h tokenauth.h
	@mkdir -p build
	@$(CC) -O1 -o build/make_corpus fuzz/make_corpus.c

ct:
	@JOBS='$(JOBS)' CCS='$(CCS)' ONLY='$(ONLY)' sh tests/ct/run.sh

mutants:
	@JOBS='$(JOBS)' SECTIONS='$(SECTIONS)' SAMPLE='$(SAMPLE)' PART='$(PART)' python3 tests/mutants/mutate.py

differential:
	@CC='$(CC)' CASES='$(CASES)' SEED='$(SEED)' sh tests/differential.sh

static:
	@WRITE='$(WRITE)' sh tests/static.sh

# PROOFS_ROOT: see sh tests/proofs.sh --help
proofs:
	@JOBS='$(JOBS)' LONG='$(LONG)' PROOF='$(PROOF)' PLANTS='$(PLANTS)' sh tests/proofs.sh

coverage:
	@CC='$(CC)' JOBS='$(JOBS)' python3 tests/coverage.py

bench:
	@CC='$(CC)' QUICK='$(QUICK)' SIZES='$(SIZES)' sh tests/bench/run.sh

bench-peers:
	@CC='$(CC)' QUICK='$(QUICK)' SIZES='$(SIZES)' sh tests/bench/peers.sh

gate:
	@CC='$(CC)' sh tests/bench/gate.sh

clean:
	rm -rf build

.PHONY: all help demo server test check shape examples-check cli-check server-check readme lengths stack wiped \
    interop web-check ports sizes firmware recipes stores stores-scale server-stores protocol \
    fuzz fuzz-replay fuzz-plants fuzz-corpus ct mutants differential static proofs coverage bench bench-peers gate clean
