"""Where calls are kept: what is there is whole."""

from pathlib import Path
from typing import Any

import fsspec
import pytest

from duologue.batch.store import BucketStore, FolderStore, has_calls, open_store
from shared.errors import DuologueError, UsageError
from shared.settings import Settings

FILES = {"call.json": b"{}", "audio.flac": b"sound", "metrics.json": b"{}"}


def call_folder(path: Path, *, whole: bool = True) -> Path:
    """A folder with what a call folder has in it."""
    path.mkdir(parents=True)
    for name, content in FILES.items():
        if whole or name != "call.json":
            (path / name).write_bytes(content)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, duologue_cache=tmp_path / "cache")


def keys(s3: Any) -> list[str]:
    """What is in the bucket, oldest first."""
    found = s3.list_objects_v2(Bucket="calls").get("Contents", [])
    return [each["Key"] for each in sorted(found, key=lambda each: each["LastModified"])]


def test_a_folder_knows_which_calls_are_there(tmp_path: Path) -> None:
    call_folder(tmp_path / "a")
    call_folder(tmp_path / ".b.partial")
    call_folder(tmp_path / "someone-elses")
    assert FolderStore(tmp_path).finished({"a", "b", "c"}) == {"a"}


def test_something_else_under_the_name_of_a_call_is_refused(tmp_path: Path) -> None:
    call_folder(tmp_path / "a", whole=False)
    with pytest.raises(UsageError, match="a is not a call folder"):
        FolderStore(tmp_path).finished({"a"})


def test_a_batch_goes_on_where_finished_calls_are(tmp_path: Path) -> None:
    assert not has_calls(str(tmp_path / "calls"))
    assert not has_calls("s3://calls")
    call_folder(tmp_path / "begun" / ".a.partial")
    assert not has_calls(str(tmp_path / "begun"))
    call_folder(tmp_path / "foreign" / "a", whole=False)
    assert not has_calls(str(tmp_path / "foreign"))
    call_folder(tmp_path / "begun" / "a")
    assert has_calls(str(tmp_path / "begun"))


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write calls to"):
        FolderStore(tmp_path / "file" / "calls")


def test_a_call_in_a_bucket_is_complete_with_its_last_file(settings: Settings, s3: Any) -> None:
    store = open_store("s3://calls/first/", settings)
    assert isinstance(store, BucketStore)
    assert store.finished({"a"}) == set()
    folder = call_folder(store.workplace / "a")
    sent: list[str] = []
    put = store._files.put_file

    def put_file(here: str, there: str) -> None:
        sent.append(there)
        put(here, there)

    store._files.put_file = put_file
    store.keep(folder)
    assert sent == [f"calls/first/a/{name}" for name in ("audio.flac", "metrics.json", "call.json")]
    assert not folder.exists()
    assert {key for key in keys(s3) if "/a/" in key} == {f"first/a/{name}" for name in FILES}
    s3.put_object(Bucket="calls", Key="first/half/audio.flac", Body=b"sound")
    assert open_store("s3://calls/first", settings).finished({"a", "half", "c"}) == {"a"}


def test_a_call_that_was_not_sent_is_sent_when_the_batch_goes_on(
    settings: Settings, s3: Any
) -> None:
    store = open_store("s3://calls/second", settings)
    assert isinstance(store, BucketStore)
    call_folder(store.workplace / "a")
    call_folder(store.workplace / ".b.partial", whole=False)
    assert open_store("s3://calls/second", settings).finished({"a", "b"}) == {"a"}
    assert "second/a/call.json" in keys(s3)


def test_a_call_that_cannot_be_sent_is_kept_here(settings: Settings, s3: Any) -> None:
    s3.create_bucket(Bucket="brief")
    store = open_store("s3://brief/calls", settings)
    folder = call_folder(store.workplace / "a")
    s3.delete_bucket(Bucket="brief")
    with pytest.raises(
        DuologueError, match=r"cannot send a to s3://brief/calls.*sent when"
    ) as lost:
        store.keep(folder)
    assert "\n" not in str(lost.value)
    assert {path.name for path in folder.iterdir()} == set(FILES)


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("url", ["s3://nobodys/calls", "nowhere://calls"])
def test_a_bucket_that_refuses_is_refused(settings: Settings, url: str) -> None:
    with pytest.raises(UsageError, match="cannot") as refused:
        open_store(url, settings)
    assert url in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_gone_later_is_told_of_in_a_line(settings: Settings) -> None:
    store = open_store("s3://calls/unsteady", settings)
    assert isinstance(store, BucketStore)
    once = {"retries": {"max_attempts": 0}}
    store._files = fsspec.filesystem(
        "s3", endpoint_url="http://127.0.0.1:9", key="k", secret="s", config_kwargs=once
    )
    with pytest.raises(DuologueError, match=r"^cannot list s3://calls/unsteady: [^\n]+$"):
        store.finished({"a"})
    with pytest.raises(DuologueError, match=r"^cannot read a/call.json in s3://calls/unst[^\n]+$"):
        store.read("a", "call.json")


@pytest.mark.parametrize(
    "url", ["ftp://me:hunter2222@127.0.0.1:9/x", "nowhere://me:hunter2222@x/y"]
)
def test_a_password_in_the_address_of_a_bucket_is_not_told(settings: Settings, url: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_store(url, settings)
    assert "hunter2222" not in str(refused.value)
