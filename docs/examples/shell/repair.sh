#!/bin/sh
# On any Alpine machine, no container involved: build, repair, check, and install without an index.
set -eu
# The same bytes at every build: this time in the wheels, and no names of temporary directories in debug information.
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-1735689600}" CFLAGS="${CFLAGS:--g0}"
pip wheel --wheel-dir dist -r "$1"
muslrepair repair --wheel-dir wheelhouse dist
muslrepair verify wheelhouse
pip install --no-index --find-links wheelhouse -r "$1"
