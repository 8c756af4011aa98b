"""Stands for the application: uses what needs libffi and libyaml."""

import cffi
import yaml

interface = cffi.FFI()
interface.cdef("int abs(int);")
print(yaml.dump({"works": interface.dlopen(None).abs(-1) == 1}, Dumper=yaml.CSafeDumper).strip())
