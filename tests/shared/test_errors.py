import asyncio

import pytest

from shared.errors import in_a_line


async def test_of_errors_in_a_group_the_first_is_told() -> None:
    async def work() -> None:
        raise ZeroDivisionError("the true one")

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    assert in_a_line(raised.value) == f"{__file__}:10: ZeroDivisionError: the true one"
