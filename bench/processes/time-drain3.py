"""Lines per second of Drain3 with its own defaults: time-drain3.py LINES.json REPEATS ROUNDS, the best round is printed."""

import json
import sys
import time

from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

with open(sys.argv[1], encoding="utf-8") as file:
    lines = json.load(file)
repeats, rounds = int(sys.argv[2]), int(sys.argv[3])

best = 0.0
for _ in range(rounds):
    miner = TemplateMiner(None, TemplateMinerConfig())
    started = time.perf_counter()
    for _ in range(repeats):
        for line in lines:
            miner.add_log_message(line)
    best = max(best, repeats * len(lines) / (time.perf_counter() - started))
print(round(best))
