"""What importing the SDK costs an application: CPU seconds and modules, beside the openai client, in one interleaved run.

python bench/sdk_import.py [--rounds N]
"""

import argparse
import statistics
import subprocess
import sys

SUBJECTS = {
    "bare Python": "pass",
    "import madang": "import madang",
    "from madang import Madang": "from madang import Madang",
    "from openai import OpenAI": "from openai import OpenAI",
}
MEASURE = (
    "import sys, time; before = len(sys.modules); start = time.process_time(); {work}; "
    "print(time.process_time() - start, len(sys.modules) - before)"
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Import cost of the SDK.")
    parser.add_argument("--rounds", type=int, default=15, help="interleaved rounds (default 15)")
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    modules: dict[str, int] = {}
    for _ in range(rounds):
        for name, work in SUBJECTS.items():
            done = subprocess.run(
                [sys.executable, "-c", MEASURE.format(work=work)], capture_output=True, text=True, check=True
            )
            spent, count = done.stdout.split()
            seconds[name].append(float(spent))
            modules[name] = int(count)
    print(f"{'':28}{'CPU ms, median':>16}{'modules':>10}")
    for name in SUBJECTS:
        print(f"{name:28}{statistics.median(seconds[name]) * 1000:16.0f}{modules[name]:10}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
