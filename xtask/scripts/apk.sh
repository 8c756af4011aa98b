#!/bin/sh
# Stands in for apk: `apk add` and `apk del` of the packages in /var/apk, with a database as apk keeps it.
# shellcheck disable=SC2046,SC2086 # lists of names are split
set -eu
store=/var/apk
db=/lib/apk/db/installed

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
case $verb in
add)
    add $names
    if [ -n "$virtual" ]; then echo "$names" >"/var/apk-virtual$virtual"; fi ;;
del)
    for name in $names; do
        if [ -f "/var/apk-virtual$name" ]; then set -- $(cat "/var/apk-virtual$name"); else set -- "$name"; fi
        for package in "$@"; do
            (cd "$store/$package/tree" && find . ! -type d) | (cd / && xargs rm -f)
            awk -v p="P:$package" 'BEGIN { RS = ""; ORS = "\n\n" } { split($0, l, "\n"); if (l[1] != p) print }' "$db" >"$db.new"
            mv "$db.new" "$db"
        done
    done ;;
*) echo "ERROR: this stand-in for apk cannot $verb" >&2; exit 1 ;;
esac
