"""Drain3 with its own defaults: time-drain3.py LINES.json REPEATS ROUNDS.

Prints lines per second of the clock and lines per second of processor time, each of its best round.
"""

import json
import sys
import time

from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

with open(sys.argv[1], encoding="utf-8") as file:
    lines = json.load(file)
repeats, rounds = int(sys.argv[2]), int(sys.argv[3])

best, best_cpu = 0.0, 0.0
for _ in range(rounds):
    miner = TemplateMiner(None, TemplateMinerConfig())
    started, cpu_started = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        for line in lines:
            miner.add_log_message(line)
    mined = repeats * len(lines)
    best = max(best, mined / (time.perf_counter() - started))
    best_cpu = max(best_cpu, mined / (time.process_time() - cpu_started))
print(json.dumps({"perSecond": best, "perCpuSecond": best_cpu}))
