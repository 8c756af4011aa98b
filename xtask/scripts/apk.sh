#!/bin/sh
# Stands in for apk: `apk add` and `apk del` of the packages in /var/apk, with a database as apk keeps it.
# shellcheck disable=SC2046,SC2086 # lists of names are split
set -eu
store=/var/apk
db=/lib/apk/db/installed
# What was asked for: a name, and the packages it stands for, which are several for a virtual package.
world=/etc/apk/world

verb=
names=
virtual=
while [ $# -gt 0 ]; do
    case $1 in
    --virtual | -t) virtual=$2; shift ;;
    --no-cache | --quiet | -q | --update | -U | --no-progress) ;;
    -*) echo "ERROR: this stand-in for apk does not know the option $1" >&2; exit 1 ;;
    *) if [ -z "$verb" ]; then verb=$1; else names="$names $1"; fi ;;
    esac
    shift
done

# The package that a name stands for; `so:` names stand for who provides the library.
named() {
    case $1 in
    so:*)
        for record in "$store"/*/record; do
            if grep -qE "^p:(.* )?$(echo "$1" | sed 's/[.+]/\\&/g')=" "$record"; then basename "${record%/record}"; return; fi
        done ;;
    *) if [ -d "$store/$1" ]; then echo "$1"; return; fi ;;
    esac
    printf 'ERROR: unable to select packages:\n  %s (no such package):\n    required by: world[%s]\n' "$1" "$1" >&2
    return 1
}
installed() { grep -qx "P:$1" "$db"; }
add() {
    for wanted in "$@"; do
        package=$(named "$wanted") || return 1
        if installed "$package"; then continue; fi
        { cat "$store/$package/record"; echo; } >>"$db"
        echo "Installing $package"
        # Not cp, which would write through links, busybox's among them.
        tar -C "$store/$package/tree" -cf - . | tar -C / -xf -
        add $(cat "$store/$package/depends")
    done
}
# Everything that these packages need, and they themselves.
closure() {
    for package in "$@"; do
        echo "$package"
        closure $(cat "$store/$package/depends")
    done
}
mkdir -p "${world%/*}"
touch "$world"
case $verb in
add)
    add $names
    packages=
    for name in $names; do packages="$packages $(named "$name")"; done
    if [ -n "$virtual" ]; then
        echo "$virtual$packages" >>"$world"
    else
        for package in $packages; do echo "$package $package" >>"$world"; done
    fi ;;
del)
    before=$(closure $(cut -s -d ' ' -f 2- "$world") | sort -u)
    for name in $names; do
        awk -v n="$name" '$1 != n' "$world" >"$world.new"
        mv "$world.new" "$world"
    done
    # What nobody asks for any more goes, as with apk.
    kept=" $(closure $(cut -s -d ' ' -f 2- "$world") | sort -u | tr '\n' ' ')"
    for package in $before; do
        case $kept in *" $package "*) continue ;; esac
        echo "Purging $package"
        (cd "$store/$package/tree" && find . ! -type d) | (cd / && xargs rm -f)
        awk -v p="P:$package" 'BEGIN { RS = ""; ORS = "\n\n" } { split($0, l, "\n"); if (l[1] != p) print }' "$db" >"$db.new"
        mv "$db.new" "$db"
    done ;;
*) echo "ERROR: this stand-in for apk cannot $verb" >&2; exit 1 ;;
esac
