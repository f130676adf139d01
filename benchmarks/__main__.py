"""`python -m benchmarks`: the short measurements; with `--long` all of them.

Short: the engines, 3 calls over LiveKit, 3 direct ones. Long: how codes and fixed sentences are
heard, who is taken for whom by the name, 20 calls, how exactly speech is placed in 20 more, how
fast direct ones are, how exact labels are and what they cost, both transports side by side, how
many at once hold, what batches cost, every scenario, those that others wrote, how many verdicts are
right, what reports cost, and a batch that is killed 25 times.
"""

import subprocess
import sys

KILLED = "tests/duologue/cli/test_batch_run.py::test_what_was_killed_at_any_moment_is_gone_on_with"
SHORT = (
    ("benchmarks.engines", "bench/engines.json"),
    ("benchmarks.calls", "--calls", "3"),
    ("benchmarks.direct", "--processes", "1", "--calls", "3"),
)
LONG = (
    ("benchmarks.engines", "bench/engines.json"),
    ("benchmarks.codes",),
    ("benchmarks.identification",),
    ("benchmarks.sentences",),
    ("benchmarks.calls", "--calls", "20"),
    ("benchmarks.placement", "--rounds", "10", "--calls", "20"),
    ("benchmarks.direct",),
    ("benchmarks.labels",),
    ("benchmarks.fidelity",),
    ("benchmarks.parallel",),
    ("benchmarks.batches",),
    ("benchmarks.scenarios",),
    ("benchmarks.unseen", "first"),
    ("benchmarks.behaviours",),
    ("benchmarks.verdicts",),
    ("benchmarks.reports",),
    ("pytest", "-q", "--kills", "25", "--timeout", "1800", KILLED),
)

if __name__ == "__main__":
    for module, *arguments in LONG if "--long" in sys.argv[1:] else SHORT:
        subprocess.run([sys.executable, "-m", module, *arguments], check=True)
