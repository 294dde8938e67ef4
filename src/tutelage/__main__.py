"""``python -m tutelage`` is the command line."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # Python put the current folder first: a numpy.py that happens to lie there must not be taken for NumPy.
    del sys.path[0]

from tutelage.cli import main

if __name__ == "__main__":
    main()
