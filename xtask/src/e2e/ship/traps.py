"""Prints what docs/guide.md says of musl, one fact a line."""

import ctypes
import locale
import os
import threading
import time

library = ctypes.CDLL("/stack.so")
library.stack_size.restype = library.default_stack_size.restype = ctypes.c_size_t


def in_thread():
    sizes = []
    thread = threading.Thread(target=lambda: sizes.append(library.stack_size()))
    thread.start()
    thread.join()
    return sizes[0]


print("c", library.default_stack_size())
print("python", in_thread())
threading.stack_size(1 << 20)
print("asked", in_thread())
locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
print("day", time.strftime("%A", (2024, 1, 1, 0, 0, 0, 0, 1, 0)), locale.localeconv()["decimal_point"])
for zone in ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"):
    os.environ["TZ"] = zone
    time.tzset()
    print("zone", *time.tzname)
