#!/bin/sh
# upload.sh UPLOAD_URL INDEX_URL WHEEL...: uploads the wheels that the index does not have yet. Most indexes refuse a file of a name
# that they have, and pypiserver does not know `twine upload --skip-existing`. TWINE_USERNAME and TWINE_PASSWORD are for both URLs.
set -eu
upload=$1 index=${2%/}
shift 2

# Whether the page of a project lists a file (PEP 503: the text of a link is the name of its file).
listed() {
    python3 - "$1" "$2" <<'PYTHON'
import base64, html, os, sys, urllib.error, urllib.request

request = urllib.request.Request(sys.argv[1], headers={"Accept": "text/html"})
if user := os.environ.get("TWINE_USERNAME"):
    login = f"{user}:{os.environ.get('TWINE_PASSWORD', '')}"
    request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
try:
    page = urllib.request.urlopen(request).read().decode()
except urllib.error.HTTPError as error:
    if error.code != 404:
        raise
    page = ""
sys.exit(0 if f">{sys.argv[2]}<" in html.unescape(page) else 3)
PYTHON
}

for wheel in "$@"; do
    file=${wheel##*/}
    project=$(printf '%s' "${file%%-*}" | tr 'A-Z_.' 'a-z--')
    status=0
    listed "$index/$project/" "$file" || status=$?
    case $status in
        0) echo "the index has $file" ;;
        3) twine upload --non-interactive --repository-url "$upload" "$wheel" ;;
        *) exit "$status" ;;
    esac
done
