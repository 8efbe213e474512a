"""What is ended ends, though a library on the way loses that it was cancelled."""

from __future__ import annotations

import asyncio

from isthmus.runtime.collect import ending
from isthmus.runtime.collect.ending import end


async def deaf(times, ended):
    """Goes on for so many cancellations, as `asyncio.wait_for` may."""
    for _ in range(times):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue
    try:
        await asyncio.sleep(60)
    finally:
        ended.append(times)


def test_a_task_that_loses_a_cancellation_is_cancelled_again(monkeypatch):
    monkeypatch.setattr(ending, "AGAIN", 0.05)

    async def main():
        ended = []
        tasks = [asyncio.create_task(deaf(times, ended)) for times in (0, 1, 2)]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await end(tasks)
        assert sorted(ended) == [0, 1, 2]
        assert all(task.cancelled() for task in tasks)

    asyncio.run(main())


def test_one_that_takes_its_time_to_end_is_left_to_it():
    async def main():
        closed = []

        async def slow():
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0.2)
                closed.append("whole")

        async def failed():
            raise ValueError("long ago")

        tasks = [asyncio.create_task(each()) for each in (slow, failed)]
        await asyncio.sleep(0)
        await end(tasks)
        assert closed == ["whole"]

    asyncio.run(main())
