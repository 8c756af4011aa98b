#!/bin/sh
# On any Alpine machine, no container involved: build, repair, check, and install without an index.
set -eu
pip wheel --wheel-dir dist -r "$1"
muslrepair repair --wheel-dir wheelhouse dist
muslrepair verify wheelhouse
pip install --no-index --find-links wheelhouse -r "$1"
