"""`make faults`: the matrix of faults, or a part of it."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.faults.cases import cases
from tests.faults.stage import Played, as_json, play, summary


def main() -> int:
    """Play the cases that were asked for; 1 when one was not held."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--only", default="", help="words of names, all of which must be there")
    parser.add_argument("--seed", type=int, default=0, help="of the calls and of the order")
    parser.add_argument("--list", action="store_true", help="name the cases, and play none")
    parser.add_argument("--json", type=Path, default=Path("build/faults.json"))
    options = parser.parse_args()
    words = {word for word in options.only.split(",") if word}
    chosen = [case for case in cases() if words <= set(case.name.split("-"))]
    if not chosen:
        parser.error(f"no case has {options.only!r} in its name; --list names all")
    if options.list:
        sys.stdout.write("".join(f"{case.name}\n" for case in chosen))
        return 0
    random.Random(options.seed).shuffle(chosen)  # noqa: S311 - nothing is secret here
    played = {}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    for case in chosen:
        with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as place:
            try:
                played[case] = play(case, Path(place), options.seed)
            except Exception as error:  # noqa: BLE001 - the rest is still to be tried
                played[case] = Played([f"the harness failed: {error!r}"], 0.0, "")
        result = played[case]
        said = "; ".join(result.problems) or "held"
        sys.stdout.write(f"{case.name} ({result.took_s:.0f} s): {said}\n")
        sys.stdout.flush()
        options.json.write_text(as_json(played), encoding="utf-8")
    sys.stdout.write(summary(played) + "\n")
    return int(any(result.problems for result in played.values()))


if __name__ == "__main__":
    sys.exit(main())
