"""Reads wheels as others do, and says where two of them see different files.

usage: readers.py UV PYTHON DIRECTORY <NAMES

NAMES are file names in DIRECTORY, one a line. Each wheel is read with Python's zipfile, header by header from its start, and
installed by uv: from the file, and over HTTP on the loopback interface. One line of JSON is the answer.
"""

import functools
import hashlib
import http.server
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import zipfile
import zlib

UV, PYTHON, DIRECTORY = sys.argv[1:]
# So many wheels are installed in one call; where that fails, each by itself.
AT_ONCE = 40
# What an installer writes itself.
WRITTEN = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def by_directory(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, "a member is damaged"
        files = [info for info in archive.infolist() if not info.is_dir()]
        return {info.filename: digest(archive.read(info)) for info in files}


def by_headers(path):
    with open(path, "rb") as file:
        data = file.read()
    place, files = 0, {}
    while data[place : place + 4] == b"PK\3\4":
        fields = struct.unpack_from("<HHHHHIIIHH", data, place + 4)
        _, flags, method, _, _, crc, size, _, name_length, extra_length = fields
        name = data[place + 30 : place + 30 + name_length].decode()
        place += 30 + name_length + extra_length
        if method == 8:
            inflater = zlib.decompressobj(-15)
            content = inflater.decompress(data[place:])
            used = len(data) - place - len(inflater.unused_data)
            assert inflater.eof, "a stream does not end"
        else:
            # Who reads a stream knows the end of such a member by its size alone.
            used = size if not flags & 8 else data.index(b"PK\7\10", place) - place
            content = data[place : place + used]
        assert flags & 8 or used == size, "a stream ends elsewhere"
        place += used
        if flags & 8:
            start = place + 4 * (data[place : place + 4] == b"PK\7\10")
            (crc,) = struct.unpack_from("<I", data, start)
            # Sizes of 4 or of 8 bytes: what follows is another header.
            ends = [end for end in (start + 12, start + 20) if data[end : end + 4] in (b"PK\3\4", b"PK\1\2")]
            place = ends[0]
        assert zlib.crc32(content) == crc, "another sum"
        if not name.endswith("/"):
            files[name] = digest(content)
    return files


def installed(directory):
    files = {}
    for at, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(at, name)
            relative = os.path.relpath(path, directory)
            if name in WRITTEN and ".dist-info" in at or relative.startswith((".lock", "bin/")):
                continue
            with open(path, "rb") as file:
                files[relative] = digest(file.read())
    return files


def expected(files):
    """Where the files of a pure wheel lie once it is installed."""
    places = {}
    for name, content in files.items():
        top, _, rest = name.partition("/")
        if top.endswith(".data"):
            name = rest.partition("/")[2]
        if not (".dist-info/" in name and name.rpartition("/")[2] in WRITTEN):
            places[name] = content
    return places


def uv(sources):
    """What uv installs of all these together, or why it does not."""
    with tempfile.TemporaryDirectory() as work:
        target = os.path.join(work, "target")
        command = [UV, "pip", "install", "--quiet", "--no-config", "--no-deps", "--no-index", "--target", target]
        command += ["--python", PYTHON, "--link-mode", "copy", "--cache-dir", os.path.join(work, "cache"), *sources]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return None, done.stderr.strip()[-300:]
        return installed(target), None


def compare(names, source, views, disagreements, how):
    """Installs wheels in batches, and one by one where a batch is not what it should be."""
    for start in range(0, len(names), AT_ONCE):
        batch = names[start : start + AT_ONCE]
        files, _ = uv([source(name) for name in batch])
        wanted = {}
        for name in batch:
            wanted.update(expected(views[name]))
        if files == wanted:
            continue
        for name in batch:
            files, why = uv([source(name)])
            if files != expected(views[name]):
                found = why or sorted(set(files.items()) ^ set(expected(views[name]).items()))[:4]
                disagreements.append({"wheel": name, "reader": how, "why": f"{found}"})


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main():
    names, views, disagreements = sys.stdin.read().split("\n"), {}, []
    for name in filter(None, names):
        path = os.path.join(DIRECTORY, name)
        try:
            views[name] = by_directory(path)
        except Exception as error:
            disagreements.append({"wheel": name, "reader": "zipfile", "why": repr(error)})
            continue
        try:
            streamed = by_headers(path)
        except Exception as error:
            streamed = repr(error)
        if streamed != views[name]:
            why = streamed if isinstance(streamed, str) else "other files than zipfile"
            disagreements.append({"wheel": name, "reader": "headers", "why": why})
    names = list(views)
    compare(names, lambda name: os.path.join(DIRECTORY, name), views, disagreements, "uv, from the file")
    handler = functools.partial(Quiet, directory=DIRECTORY)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        compare(names, lambda name: url + name, views, disagreements, "uv, over HTTP")
        server.shutdown()
    print(json.dumps({"read": len(names), "disagreements": disagreements}))


main()
