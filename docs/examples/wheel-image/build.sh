#!/bin/sh
# build.sh [OPTION...] MODULE[==VERSION][-pyX.Y|-pyall]...: wheel images of modules, bundled and unbundled, named as musl wheel images
# are: python-musl-wheels:<module><version>-py<python>. Without a version it is the newest one, without a Python the newest of $PYTHONS.
#
#   --dry-run      print the commands and run none
#   --push         push the images to $REGISTRY; otherwise the wheels are written to a directory
#   --output DIR   that directory (default: out)
#   --ssl NAME     build with openssl or libressl; the wheels of each get a build tag, because their names are the same otherwise
#
#   ./build.sh cffi                                   # the newest, for the newest Python, into ./out
#   REGISTRY=registry.example.com ./build.sh --push cffi==1.17.1-pyall cryptography-py3.13
#
# PACKAGES has packages to install for building; hooks/MODULE.sh does what takes more than that. Wheels in earlier/ are used again.
set -eu
: "${DOCKER:=docker}" "${PIP:=pip}" "${PYTHONS:=3.11 3.12 3.13}" "${PACKAGES:=}"
: "${PLATFORMS:=linux/amd64,linux/arm64,linux/arm/v7,linux/386}"
dry='' push='' out=out ssl=''
while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry=echo ;;
        --push) push=yes ;;
        --output) out=$2 && shift ;;
        --ssl) ssl=$2 && shift ;;
        -*) echo "build.sh: unknown option $1" >&2 && exit 2 ;;
        *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || { echo "usage: build.sh [OPTION...] MODULE[==VERSION][-pyX.Y|-pyall]..." >&2 && exit 2; }

for wanted in "$@"; do
    pythons=${PYTHONS##* }
    case $wanted in
        *-pyall) pythons=$PYTHONS ;;
        *-py*) pythons=${wanted##*-py} ;;
    esac
    wanted=${wanted%-py*}
    module=${wanted%%==*} version=${wanted#*==}
    if [ "$version" = "$wanted" ]; then
        # `cffi (2.1.1)` is its first line.
        version=$("$PIP" index versions "$module" | sed -n '1s/.*(\(.*\)).*/\1/p')
    fi
    for python in $pythons; do
        for kind in bundled:python-musl-wheels unbundled:python-alpine-wheels; do
            name="${kind#*:}:$module$version-py$python${ssl:+-$ssl}"
            if [ -n "$push" ]; then
                set -- --push --tag "${REGISTRY:?}/$name"
            else
                set -- --output "type=local,dest=$out/${kind%:*}"
            fi
            $dry "$DOCKER" buildx build --platform "$PLATFORMS" --target "${kind%:*}" \
                --build-arg PYTHON="$python" --build-arg MODULE="$module" --build-arg VERSION="$version" \
                --build-arg PACKAGES="$PACKAGES" ${ssl:+--build-arg SSL="$ssl" --build-arg BUILD_TAG="1$ssl"} \
                "$@" "$(dirname "$0")"
        done
    done
done
