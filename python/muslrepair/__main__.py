"""``python -m muslrepair``."""

from muslrepair import main

main()
