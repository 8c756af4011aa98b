#!/bin/sh
# build.sh MODULE VERSION [PACKAGE...]: wheel images of a module for every Python and platform, of both kinds, named as
# musl wheel images are: python-musl-wheels:<module><version>-py<python>.
#
#   REGISTRY=registry.example.com ./build.sh cffi 1.17.1 libffi-dev
set -eu
module=$1 version=$2
shift 2
: "${REGISTRY:?}" "${DOCKER:=docker}" "${PYTHONS:=3.11 3.12 3.13}"
: "${PLATFORMS:=linux/amd64,linux/arm64,linux/arm/v7,linux/386}"

for python in $PYTHONS; do
    for kind in bundled:python-musl-wheels unbundled:python-alpine-wheels; do
        "$DOCKER" buildx build --platform "$PLATFORMS" --target "${kind%:*}" \
            --build-arg PYTHON="$python" --build-arg MODULE="$module" --build-arg VERSION="$version" \
            --build-arg PACKAGES="$*" --push --tag "$REGISTRY/${kind#*:}:$module$version-py$python" \
            "$(dirname "$0")"
    done
done
