"""Raters at work against a running server, in a process of their own.

    python -m benchmarks.load.crowd PORT SECONDS LOW HIGH < cookies

Each cookie is one rater, who waits between LOW and HIGH seconds before each submission. Prints
JSON: submissions, seconds, and how long each submit took.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import sys
import time

from benchmarks.load.browser import Browser, submission


async def rate(browser: Browser, name: str, until: float, pace: tuple[float, float]) -> list[float]:
    """Rate until the time is over; return the seconds of each submit."""
    _, turn = await browser.document("GET", "/api/next")
    took: list[float] = []
    await asyncio.sleep(random.uniform(0, pace[1]))
    while time.monotonic() < until and turn.get("assignment_id"):
        body = submission(turn["assignment_id"], f"{name}-{len(took)}", "the axis has no unit")
        begun = time.perf_counter()
        status, answer = await browser.document("POST", "/api/submissions", body)
        took.append(time.perf_counter() - begun)
        if status != 200:
            raise RuntimeError(answer)
        turn = answer["next"]
        await asyncio.sleep(random.uniform(*pace))
    return took


async def crowd(port: int, seconds: float, pace: tuple[float, float]) -> dict[str, object]:
    """Let everybody rate."""
    browsers = [Browser(port, line.strip()) for line in sys.stdin if line.strip()]
    begun = time.monotonic()
    until = begun + seconds
    mark = secrets.token_hex(4)  # a second crowd of the same raters sends other submissions
    took = await asyncio.gather(
        *(rate(b, f"{mark}-{n}", until, pace) for n, b in enumerate(browsers))
    )
    flat = sorted(second for one in took for second in one)
    return {"submissions": len(flat), "seconds": time.monotonic() - begun, "took": flat}


if __name__ == "__main__":
    port, seconds, low, high = sys.argv[1:]
    print(json.dumps(asyncio.run(crowd(int(port), float(seconds), (float(low), float(high))))))
