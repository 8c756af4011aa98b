"""Uses what was installed. With a directory: its libraries may be used too; without, only those of the wheels."""

import os
import sys

import cffi
import lz4.block
import lz4.frame
import markupsafe._speedups
import yaml

interface = cffi.FFI()
interface.cdef("int abs(int);")
assert interface.dlopen(None).abs(-3) == 3
callback = interface.callback("int(int)", lambda number: number + 1)
assert callback(41) == 42, "a call through libffi's closures"
assert yaml.load("a: [1, 2]", Loader=yaml.CSafeLoader) == {"a": [1, 2]}
assert lz4.frame.decompress(lz4.frame.compress(b"x" * 999)) == b"x" * 999
assert lz4.library_version_string() == "1.9.4", "lz4's own copy was built in"
assert str(markupsafe.escape("<a>")) == "&lt;a&gt;"

# There is no /proc to ask. On a system without the libraries, importing is the proof; this says whether it is one.
system = [
    name
    for directory in ("/lib", "/usr/lib", "/usr/local/lib")
    for name in os.listdir(directory)
    if name.startswith(("libffi.", "libyaml", "liblz4"))
]
assert bool(system) == (len(sys.argv) > 1), system
print("cffi", cffi.__version__, "PyYAML", yaml.__version__, "lz4", lz4.__version__, "MarkupSafe: work")
