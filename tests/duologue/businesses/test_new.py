"""A new business runs at once, whatever it is called and wherever it lies."""

import subprocess
import sys
from pathlib import Path

import pytest

from duologue.businesses import check, hold_call, write_business
from duologue.scenarios.scenario_file import load_scenario
from shared.errors import UsageError
from shared.spec import Role


@pytest.mark.parametrize("name", ["hotel", "grand_hotel", "json"])
def test_nothing_is_wrong_with_a_new_business(tmp_path: Path, name: str) -> None:
    files = write_business(tmp_path / "deep" / name)
    assert {file.name for file in files} >= {"schema.sql", "tools.py", "scenarios.yaml"}
    assert check(str(tmp_path / "deep" / name)) == []


async def test_it_answers_by_the_name_of_its_folder(tmp_path: Path) -> None:
    write_business(tmp_path / "grand_hotel")
    call = await hold_call(load_scenario(f"{tmp_path / 'grand_hotel' / 'scenarios.yaml'}"))
    assert call.verdict.task_success, call
    assert "Thank you for calling Grand Hotel." in call.said(Role.SUPPORT)


def test_its_own_test_passes_with_pytest(tmp_path: Path) -> None:
    write_business(tmp_path / "hotel")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "hotel"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "hotel").mkdir()
    with pytest.raises(UsageError, match="hotel is there already; nothing was written"):
        write_business(tmp_path / "hotel")
    assert [*(tmp_path / "hotel").iterdir()] == []


@pytest.mark.parametrize("name", ["Grand Hotel", "2nd", "grand-hotel", ".hotel"])
def test_a_name_that_is_none_for_a_package_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a business"):
        write_business(tmp_path / name)
    assert [*tmp_path.iterdir()] == []
