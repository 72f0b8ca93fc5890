"""How busy containers are: a curve over the day, slow waves of their own, and noise."""

import math
import zlib
from dataclasses import dataclass, field
from datetime import datetime

DAY_SECONDS = 86_400.0
WAVES_SECONDS = (420.0, 1380.0, 5100.0)
NOISE_SECONDS = 15
Running = tuple[str, str]
"""(pod UID, container)"""


def draw(text: str) -> float:
    """A number in [0, 1) that stays the same for the same text, in every process."""
    return zlib.crc32(text.encode()) / 2**32


@dataclass
class Counter:
    """CPU seconds and CFS periods of one container since its start."""

    started: str
    at: float
    seconds: float
    throttled: float = 0.0


@dataclass
class Load:
    """Factors on what a container uses otherwise; 1 on the average of a day.

    `day_ratio` is how far the busiest hour is above the average, for the workload that follows the
    day most; `noise_ratio` how far waves and noise carry a pod away from it.
    """

    day_ratio: float = 0.4
    noise_ratio: float = 0.06
    counters: dict[Running, Counter] = field(default_factory=dict)

    def of_day(self, workload: str, now: datetime) -> float:
        """Of all pods of a workload together: busiest in the afternoon."""
        share = now.timestamp() % DAY_SECONDS / DAY_SECONDS
        height = self.day_ratio * (0.25 + 0.75 * draw(workload))
        return 1 + height * math.sin(2 * math.pi * (share - 0.375))

    def of_pod(self, uid: str, now: datetime) -> float:
        """What one pod differs from the others of its workload."""
        seconds, phase = now.timestamp(), draw(uid)
        waves = sum(math.sin(2 * math.pi * (seconds / w + phase * 7)) for w in WAVES_SECONDS)
        noise = draw(f"{uid}{int(seconds) // NOISE_SECONDS}") * 2 - 1
        return 1 + self.noise_ratio * (waves / len(WAVES_SECONDS) + noise)

    def counted(self, key: Running, started: str, age: float, now: datetime, cores: float,
                throttled_ratio: float) -> Counter:  # fmt: skip
        """The container's counter, grown to `now` at this rate."""
        seconds, held = now.timestamp(), self.counters.get(key)
        if held is None or held.started != started or held.at > seconds:
            held = Counter(started, seconds - age, 0.0)
            self.counters[key] = held
        passed = seconds - held.at
        held.at, held.seconds = seconds, held.seconds + cores * passed
        held.throttled += 10 * passed * throttled_ratio
        return held
