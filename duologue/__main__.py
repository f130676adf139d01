"""`python -m duologue` is the `duologue` command."""

import os
import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        # Python looks for modules in the user's folder first, where `shared` may be something else;
        # with -P it does not, and neither do the processes that this one starts.
        os.execv(sys.executable, [sys.executable, "-P", *sys.orig_argv[1:]])  # noqa: S606 - no shell

    from duologue.cli.cli import main

    main()
