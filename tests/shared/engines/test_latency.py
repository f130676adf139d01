import math
from statistics import median

import pytest

from shared.engines.latency import Delays, Draws, read_latency
from shared.errors import UsageError
from shared.spec import Delay, Latency


def test_a_delay_without_spread_is_always_the_same() -> None:
    draws = Draws(Delay(median_s=0.3), "seed")
    assert [draws.next_s() for _ in range(3)] == [0.3] * 3


def test_the_same_seed_draws_the_same_delays_and_another_one_others() -> None:
    delay = Delay(median_s=0.3, spread=0.5)

    def drawn(seed: str) -> list[float]:
        draws = Draws(delay, seed)
        return [draws.next_s() for _ in range(10)]

    assert drawn("1") == drawn("1")
    assert drawn("1") != drawn("2")


def test_delays_are_spread_around_their_median() -> None:
    draws = Draws(Delay(median_s=0.3, spread=0.5), "seed")
    drawn = sorted(draws.next_s() for _ in range(2000))
    assert median(drawn) == pytest.approx(0.3, rel=0.1)
    assert drawn[1682] / 0.3 == pytest.approx(math.exp(0.5), rel=0.15)


def test_each_kind_of_work_has_delays_of_its_own() -> None:
    delay = Delay(median_s=0.3, spread=0.5)
    delays = Delays(Latency(recognition=delay, language=delay, synthesis=delay), "seed")
    drawn = {kind.next_s() for kind in (delays.recognition, delays.language, delays.synthesis)}
    assert len(drawn) == 3


def test_options_are_read_by_kind() -> None:
    assert read_latency(["recognition=0.2", "language=0.5:0.4"]) == Latency(
        recognition=Delay(median_s=0.2), language=Delay(median_s=0.5, spread=0.4)
    )


@pytest.mark.parametrize(
    "option", ["language", "language=", "language=fast", "language=-1", "thought=1", "language=1:9"]
)
def test_an_option_that_says_something_else_is_wrong_use(option: str) -> None:
    with pytest.raises(UsageError, match="latency"):
        read_latency([option])


def test_a_kind_is_given_once() -> None:
    with pytest.raises(UsageError, match="twice"):
        read_latency(["language=1", "language=2"])
