# Posthouse.  Three targets do everything on a fresh machine:
#   make run    build, make a demo organisation, serve it, and log on to it
#   make test   build with sanitizers and pass every test
#   make lab    the coexistence of two versions: what fails, why, the cure
# meson does the building; this file only installs what is missing and calls.

PREFIX ?= /usr/local
RELEASE = build/release
CHECK = build/check
TSAN = build/tsan
FUZZ = build/fuzz

.PHONY: all run stop test lab check check-long bench install deps deps-test \
	coverage clean

all: $(RELEASE)/build.ninja
	ninja -C $(RELEASE) programs

deps:
	tools/install-deps

deps-test:
	tools/install-deps --test

$(RELEASE)/build.ninja: | deps
	meson setup --buildtype=release -Db_lto=true --prefix=$(PREFIX) $(RELEASE)

$(CHECK)/build.ninja: | deps-test
	meson setup -Db_sanitize=address,undefined -Db_lundef=false $(CHECK)

$(TSAN)/build.ninja: | deps-test
	meson setup -Db_sanitize=thread -Db_lundef=false $(TSAN)

$(FUZZ)/build.ninja: | deps-test
	CC=clang meson setup -Db_sanitize=address,undefined -Db_lundef=false \
		-Dc_args=-fsanitize=fuzzer-no-link $(FUZZ)

run: all
	tools/demo run $(RELEASE)

# Ends a daemon that "make run KEEP=1" left running.
stop:
	tools/demo stop

# The story of two versions in one site, in a Samba domain in namespaces.
lab: deps-test all
	tools/lab $(RELEASE)

test: deps-test $(CHECK)/build.ninja $(TSAN)/build.ninja
	tools/run-tests $(CHECK) $(TSAN)

check: test

# What takes long: 200 kills, 10 minutes of fuzzing a target, the curve up to
# 1,000,000 messages.  FUZZ_SECONDS, KILLS and MESSAGES make it shorter.
check-long: all $(CHECK)/build.ninja $(FUZZ)/build.ninja
	ninja -C $(RELEASE)
	tools/check-long $(RELEASE) $(CHECK) $(FUZZ)

bench: all
	tools/bench $(RELEASE)

install: all
	meson install -C $(RELEASE) --no-rebuild

coverage:
	tools/gen-coverage

clean:
	rm -rf build
