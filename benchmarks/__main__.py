"""`python -m benchmarks`: the short measurement; with `--long` the full one.

Short: the engines, and 3 calls. Long: the engines, and 20 calls.
"""

import subprocess
import sys

CALLS = {False: 3, True: 20}

if __name__ == "__main__":
    long = "--long" in sys.argv[1:]
    for module, *arguments in (
        ("benchmarks.engines", "bench/engines.json"),
        ("benchmarks.calls", "--calls", str(CALLS[long])),
    ):
        subprocess.run([sys.executable, "-m", module, *arguments], check=True)
