#!/bin/sh
# which-wheels.sh REQUIREMENTS PYTHON ARCH...: which requirements have a wheel for musl, and which would be built from source. One project to a
# line of REQUIREMENTS, without hashes; their dependencies are not looked at, so give it a list that has them.
#
#   ./which-wheels.sh requirements.txt 3.13 x86_64 aarch64 armv7l
set -eu
list=$1 python=$2
shift 2
: "${PIP:=pip}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
{
    printf '%-32s' REQUIREMENT
    printf '%-10s' "$@"
    echo
}
sed 's/[[:space:]]*#.*//; /^$/d; /^-/d' "$list" | while read -r requirement; do
    printf '%-32s' "$requirement"
    for arch in "$@"; do
        # pip does not try older musllinux tags by itself.
        if "$PIP" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
            --python-version "$python" --platform "musllinux_1_2_$arch" --platform "musllinux_1_1_$arch" \
            --dest "$scratch" "$requirement" >/dev/null 2>&1 </dev/null; then
            printf '%-10s' wheel
        else
            printf '%-10s' source
        fi
    done
    echo
done
