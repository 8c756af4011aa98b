"""Where the program is that this package installs."""

import os
import sys
import sysconfig


def program():
    """The path of the ``muslrepair`` program beside this interpreter."""
    places = [sysconfig.get_path("scripts")]
    # pip install --user puts it elsewhere, and so do --target and --prefix, relative to this package.
    scheme = "{}_user".format(os.name)
    if scheme in sysconfig.get_scheme_names():
        places.append(sysconfig.get_path("scripts", scheme=scheme))
    site = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    places.append(os.path.join(site, "bin"))
    places.append(os.path.join(site, "..", "..", "..", "bin"))
    for place in places:
        path = os.path.join(place, "muslrepair")
        if os.path.isfile(path):
            return os.path.normpath(path)
    raise FileNotFoundError("no `muslrepair` in {}".format(", ".join(places)))


def main():
    """Become the program, with this process's arguments."""
    path = program()
    os.execv(path, [path] + sys.argv[1:])
