"""muslrepair for Python: where the program is, and a function that runs it.

    from muslrepair import muslrepair

    for document in muslrepair("verify", "wheelhouse"):
        print(document["subject"], [finding["code"] for finding in document["findings"]])
"""

import json
import os
import subprocess
import sys
import sysconfig

__all__ = ["MuslrepairError", "muslrepair", "program"]


class MuslrepairError(subprocess.CalledProcessError):
    """The call made no sense (exit status 2), or the program was killed; its text is what the program says."""

    def __str__(self):
        return (self.stderr or "").strip() or super().__str__()


def program():
    """The path of the ``muslrepair`` program that was installed with this package."""
    site = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Relative to this package: where pip --target puts it, and where environments and --prefix have it.
    places = [os.path.join(site, "bin"), os.path.join(site, "..", "..", "..", "bin")]
    # pip install --user puts it elsewhere.
    places.append(sysconfig.get_path("scripts"))
    scheme = "{}_user".format(os.name)
    if scheme in sysconfig.get_scheme_names():
        places.append(sysconfig.get_path("scripts", scheme=scheme))
    for place in places:
        path = os.path.join(place, "muslrepair")
        if os.path.isfile(path):
            return os.path.normpath(path)
    raise FileNotFoundError("no `muslrepair` in {}".format(", ".join(places)))


def muslrepair(command, *arguments):
    """Run ``muslrepair COMMAND --format json ARGUMENTS...`` and return its documents, a list of ``dict``.

    Wheels that fail (exit status 1) are documents too: of kind ``error``, or with findings. docs/json.md of the project
    describes them all. What the program says besides is on standard error.

    Raises :class:`MuslrepairError` for a call that makes no sense.
    """
    line = [program(), command, "--format", "json"] + [os.fspath(argument) for argument in arguments]
    result = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    if result.returncode not in (0, 1):
        raise MuslrepairError(result.returncode, line, result.stdout, result.stderr)
    sys.stderr.write(result.stderr)
    return list(_documents(result.stdout))


def _documents(text):
    """The JSON values of a text, one behind the other."""
    decoder = json.JSONDecoder()
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        value, at = decoder.raw_decode(text, at)
        yield value


def main():
    """Become the program, with this process's arguments."""
    path = program()
    os.execv(path, [path] + sys.argv[1:])
