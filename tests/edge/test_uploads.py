"""The door for uploads, as clients of tus 1.0.0 see it."""

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from domain.accounts import create_account, sign_in
from domain.media.upload import UploadState
from domain.media.uploads import create_final_upload, expire_uploads
from edge import uploads as door
from tests.arrange import CONFIRMED
from tests.upload_scene import MAX_SIZE_BYTES, MEBIBYTE, PIECE, TUS, UploadScene, bytes_of, encoded

SHA1_OF_ABC = "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="


def id_of(address: str) -> UUID:
    return UUID(address.rsplit("/", 1)[-1])


async def created(client: httpx.AsyncClient, size: int, **headers: str) -> str:
    """Announce an upload and return its address."""
    answer = await client.post("/uploads", headers=TUS | {"Upload-Length": str(size)} | headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def sent(client: httpx.AsyncClient, address: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
    return await client.patch(address, headers=PIECE | {"Upload-Offset": str(offset)} | headers, content=data)


async def offset_of(client: httpx.AsyncClient, address: str) -> int:
    answer = await client.head(address, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


# What the server says of itself


@pytest.mark.parametrize("path", ["/uploads", "/uploads/4e55f8f0-b873-4a1f-bb6c-a098ba4d21fc"])
async def test_options_tell_what_works_to_anybody(upload_door: UploadScene, path: str) -> None:
    async with httpx.AsyncClient(base_url=upload_door.url) as client:
        answer = await client.options(path)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(MAX_SIZE_BYTES)
    assert answer.headers["Tus-Checksum-Algorithm"].split(",")[0] == "sha1"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-defer-length", "termination", "checksum", "expiration", "concatenation",
    }  # fmt: skip


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0", ""])
async def test_another_version_is_refused(upload_door: UploadScene, version: str | None) -> None:
    headers = {} if version is None else {"Tus-Resumable": version}
    async with upload_door.client() as client:
        address = await created(client, 5)
        for method, path in (("POST", "/uploads"), ("HEAD", address), ("PATCH", address), ("DELETE", address)):
            answer = await client.request(method, path, headers=headers | {"Upload-Length": "5", "Upload-Offset": "0"})
            assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0"), method
        assert await offset_of(client, address) == 0


async def test_every_answer_names_the_version(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        answers = [
            await client.post("/uploads", headers=TUS | {"Upload-Length": "5"}),
            await client.post("/uploads", headers=TUS),
            await client.head(f"/uploads/{uuid4()}", headers=TUS),
            await client.patch(f"/uploads/{uuid4()}", headers=TUS),
        ]
    assert [answer.status_code for answer in answers] == [201, 400, 404, 415]
    for answer in answers:
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert "Upload-Offset" in answer.headers["Access-Control-Expose-Headers"]


async def test_other_methods_are_not_allowed(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        address = await created(client, 5)
        for method, path in (("GET", address), ("PUT", address), ("POST", address), ("GET", "/uploads")):
            assert (await client.request(method, path, headers=TUS)).status_code == 405
        overridden = {"X-HTTP-Method-Override": "DELETE"}
        assert (await client.post(address, headers=TUS | overridden)).status_code == 405
        assert await offset_of(client, address) == 0


# Creation


async def test_a_new_upload_is_described_as_it_was_announced(upload_door: UploadScene) -> None:
    metadata = f"filename {encoded('../Ünïcode film.mp4')},filetype {encoded('video/mp4')},note"
    async with upload_door.client() as client:
        address = await created(client, 7, **{"Upload-Metadata": metadata})
        answer = await client.head(address, headers=TUS)
    upload = await upload_door.upload(id_of(address))
    assert address == f"/uploads/{upload.id}"
    assert (upload.file_name, upload.media_type) == ("Ünïcode film.mp4", "video/mp4")
    assert answer.headers["Upload-Metadata"] == metadata
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("0", "7")
    assert answer.headers["Cache-Control"] == "no-store"
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]) == upload.expires_at
    assert "Upload-Defer-Length" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "1.5"}, 400),
        ({"Upload-Length": "0x10"}, 400),
        ({"Upload-Length": "9" * 40}, 400),
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Length": str(MAX_SIZE_BYTES + 1)}, 413),
        ({"Upload-Length": "9" * 18}, 413),
        ({"Upload-Length": "5", "Upload-Defer-Length": "1"}, 400),
        ({"Upload-Defer-Length": "2"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": "filename !!"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": "a YQ==,a YQ=="}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": ",,"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": "a " + "A" * 5000}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": f"filetype {encoded('text/html')}"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": f"filetype {encoded('image/svg+xml')}"}, 400),
        ({"Upload-Length": "5", "Upload-Concat": "whole"}, 400),
        ({"Upload-Concat": "final;"}, 400),
        ({"Upload-Concat": "final;/uploads/../secret"}, 400),
        ({"Upload-Concat": f"final;/uploads/{uuid4()}"}, 400),
        ({"Upload-Concat": f"final;{' '.join(f'/uploads/{uuid4()}' for _ in range(50))} nonsense"}, 400),
    ],
)
async def test_a_creation_that_makes_no_sense_is_refused(
    upload_door: UploadScene, headers: dict[str, str], status: int
) -> None:
    async with upload_door.client() as client:
        answer = await client.post("/uploads", headers=TUS | headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]
    assert "Location" not in answer.headers


async def test_nobody_uploads_without_signing_in_or_without_the_role(upload_door: UploadScene) -> None:
    async with upload_door.runtime.work() as work:
        account = await create_account(
            work,
            email=f"{uuid4().hex}@example.com",
            display_name="Vera",
            territory="DE",
        )
        viewer = await sign_in(work, account_id=account.id, device_name="Test", factors=CONFIRMED)
    async with upload_door.client() as client:
        address = await created(client, 5)
    for token, status in (("wrong", 401), (viewer.token, 403)):
        async with upload_door.client(token) as client:
            assert (await client.post("/uploads", headers=TUS | {"Upload-Length": "5"})).status_code == status
            assert (await sent(client, address, 0, b"abcde")).status_code == status
            assert (await client.delete(address, headers=TUS)).status_code == status
    async with httpx.AsyncClient(base_url=upload_door.url) as client:
        assert (await client.post("/uploads", headers=TUS | {"Upload-Length": "5"})).status_code == 401
        assert (await client.head(address, headers=TUS)).status_code == 401
    assert (await upload_door.upload(id_of(address))).state is UploadState.CREATED


async def test_a_foreign_page_cannot_use_the_cookie(upload_door: UploadScene) -> None:
    cookie = {"Cookie": f"marquee={upload_door.token}"}
    async with httpx.AsyncClient(base_url=upload_door.url, headers=cookie) as client:
        own, foreign = {"Origin": upload_door.url}, {"Origin": "https://evil.example"}
        address = await created(client, 5, **own)
        for method, path in (("POST", "/uploads"), ("PATCH", address), ("DELETE", address)):
            answer = await client.request(method, path, headers=PIECE | foreign | {"Upload-Length": "5"})
            assert answer.status_code == 403
    assert (await upload_door.upload(id_of(address))).state is UploadState.CREATED


async def test_another_accounts_upload_answers_as_an_absent_one(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        address = await created(client, 5)
        await sent(client, address, 0, b"abc")
    async with upload_door.client(upload_door.other_token) as client:
        for path in (address, f"/uploads/{uuid4()}", "/uploads/nonsense", "/uploads/..%2f..%2fetc"):
            assert (await client.head(path, headers=TUS)).status_code == 404
            taken, gone = await sent(client, path, 3, b"de"), await client.delete(path, headers=TUS)
            assert (taken.status_code, gone.status_code) == (404, 404)
        absent = await client.delete(f"/uploads/{UUID(int=1)}", headers=TUS)
        foreign = await client.delete(address, headers=TUS)
        assert foreign.text.replace(str(id_of(address)), "") == absent.text.replace(str(UUID(int=1)), "")
    assert (await upload_door.upload(id_of(address))).offset_bytes == 3


# Sending


async def test_a_file_arrives_in_pieces(upload_door: UploadScene) -> None:
    data = bytes_of(100_000)
    async with upload_door.client() as client:
        address = await created(client, len(data))
        for start in range(0, len(data), 30_000):
            answer = await sent(client, address, start, data[start : start + 30_000])
            assert answer.status_code == 204
            assert (
                int(answer.headers["Upload-Offset"])
                == min(start + 30_000, len(data))
                == await offset_of(client, address)
            )
        assert "Upload-Expires" not in answer.headers
    assert await upload_door.content(id_of(address)) == data


async def test_bytes_of_another_type_are_not_taken(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        address = await created(client, 5)
        for type in ("video/mp4", "application/octet-stream", "text/plain", "multipart/form-data; boundary=x", ""):
            assert (await sent(client, address, 0, b"abc", **{"Content-Type": type})).status_code == 415
        assert await offset_of(client, address) == 0


async def test_an_offset_must_be_there_and_right(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        address = await created(client, 5)
        await sent(client, address, 0, b"ab")
        assert (await client.patch(address, headers=PIECE, content=b"c")).status_code == 400
        for offset, status in (("-1", 400), ("x", 400), ("0", 409), ("1", 409), ("3", 409), ("9" * 17, 409)):
            answer = await client.patch(address, headers=PIECE | {"Upload-Offset": offset}, content=b"c")
            assert answer.status_code == status, answer.text
        assert "byte 2" in (await sent(client, address, 0, b"c")).json()["message"]
        assert await offset_of(client, address) == 2


async def test_more_than_announced_is_refused(upload_door: UploadScene) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * 4
        yield b"x" * 4

    async with upload_door.client() as client:
        address = await created(client, 5)
        assert (await sent(client, address, 0, b"x" * 6)).status_code == 413
        chunked = await client.patch(address, headers=PIECE | {"Upload-Offset": "0"}, content=endless())
        assert chunked.status_code == 413
        assert await offset_of(client, address) == 0


async def test_a_checksum_is_checked_before_the_offset_moves(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        address = await created(client, 6)
        for checksum, status in (
            (f"sha1 {SHA1_OF_ABC}", 204),
            (f"sha1 {SHA1_OF_ABC}", 460),
            ("crc32 AAAAAA==", 460),
            ("sha512 AAAA", 400),
            ("sha1 short", 400),
        ):
            offset = await offset_of(client, address)
            data = b"abc" if status == 204 else b"abd"
            answer = await sent(client, address, offset, data, **{"Upload-Checksum": checksum})
            assert answer.status_code == status, answer.text
            assert await offset_of(client, address) == 3
        assert len(await upload_door.keys(id_of(address))) == 1


async def test_a_size_may_come_with_the_last_bytes(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        answer = await client.post("/uploads", headers=TUS | {"Upload-Defer-Length": "1"})
        address = answer.headers["Location"]
        head = await client.head(address, headers=TUS)
        assert (head.headers["Upload-Defer-Length"], "Upload-Length" in head.headers) == ("1", False)
        await sent(client, address, 0, b"abc")
        assert (await sent(client, address, 3, b"", **{"Upload-Length": "2"})).status_code == 400
        assert (await sent(client, address, 3, b"de", **{"Upload-Length": "5"})).status_code == 204
        head = await client.head(address, headers=TUS)
        assert (head.headers["Upload-Length"], "Upload-Defer-Length" in head.headers) == ("5", False)
    assert await upload_door.content(id_of(address)) == b"abcde"


async def test_the_same_upload_sent_twice_at_once_is_taken_once(upload_door: UploadScene) -> None:
    data = bytes_of(2 * MEBIBYTE)
    async with upload_door.client() as client:
        address = await created(client, len(data))
        answers = await asyncio.gather(*(sent(client, address, 0, data) for _ in range(2)))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 204
        assert statuses[1] in (409, 423)
        assert await offset_of(client, address) == len(data)
    assert await upload_door.content(id_of(address)) == data


async def test_a_busy_upload_says_when_to_come_back(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        address = await created(client, 5)

        async def while_sending() -> object:
            yield b"ab"
            await until_busy()
            refused = await sent(client, address, 0, b"xy")
            assert (refused.status_code, refused.headers["Retry-After"]) == (423, "8")
            yield b"cde"

        async def until_busy() -> None:
            async with asyncio.timeout(5):
                while (await sent(client, address, 0, b"")).status_code != 423:
                    await asyncio.sleep(0.01)

        answer = await client.patch(address, headers=PIECE | {"Upload-Offset": "0"}, content=while_sending())
        assert answer.status_code == 204
    assert await upload_door.content(id_of(address)) == b"abcde"


async def test_a_connection_cut_half_way_is_resumed(upload_door: UploadScene) -> None:
    data = bytes_of(3 * MEBIBYTE)
    async with upload_door.client() as client:
        address = await created(client, len(data))
        host, port = upload_door.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        head = [f"PATCH {address} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {upload_door.token}"]
        head += [f"{name}: {value}" for name, value in PIECE.items()]
        head += ["Upload-Offset: 0", f"Content-Length: {len(data)}", "", ""]
        writer.write("\r\n".join(head).encode() + data[: MEBIBYTE + 11])
        await writer.drain()
        writer.close()
        async with asyncio.timeout(10):
            while (offset := await offset_of(client, address)) != MEBIBYTE + 11:
                await asyncio.sleep(0.01)
        assert (await sent(client, address, offset, data[offset:])).status_code == 204
    assert await upload_door.content(id_of(address)) == data


async def test_a_silent_sender_is_let_go(upload_door: UploadScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SILENCE_MAX_S", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        yield b"ab"
        await asyncio.sleep(1)
        yield b"c"

    async with upload_door.client() as client:
        address = await created(client, 5)
        answer = await client.patch(address, headers=PIECE | {"Upload-Offset": "0"}, content=stalling())
        assert answer.status_code == 408
        assert (await sent(client, address, 2, b"cde")).status_code == 204
    assert await upload_door.content(id_of(address)) == b"abcde"


async def test_a_process_takes_so_many_at_once_and_no_more(
    upload_door: UploadScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "RECEIVING_MAX", 0)
    async with upload_door.client() as client:
        address = await created(client, 5)
        answer = await sent(client, address, 0, b"abc")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        monkeypatch.undo()
        assert (await sent(client, address, 0, b"abcde")).status_code == 204


async def test_a_store_that_is_away_is_said_without_details(upload_door: UploadScene, tmp_path: Path) -> None:
    (tmp_path / "media").rmdir()
    (tmp_path / "media").write_bytes(b"in the way")
    async with upload_door.client() as client:
        address = await created(client, 3)
        answer = await sent(client, address, 0, b"abc")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert str(tmp_path) not in answer.text
        assert await offset_of(client, address) == 0


# Ending


async def test_a_terminated_upload_is_gone(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        address = await created(client, 5)
        await sent(client, address, 0, b"abc")
        assert (await client.delete(address, headers=TUS)).status_code == 204
        assert (await client.head(address, headers=TUS)).status_code == 410
        assert (await sent(client, address, 3, b"de")).status_code == 410
        assert (await client.delete(address, headers=TUS)).status_code == 410
    await upload_door.sweep(id_of(address))
    assert await upload_door.keys(id_of(address)) == []


async def test_an_expired_upload_is_gone(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        address = await created(client, 5)
        answer = await sent(client, address, 0, b"abc")
        expires = parsedate_to_datetime(answer.headers["Upload-Expires"])
        assert (expires - upload_door.clock()).total_seconds() == 24 * 3600
        # A fresh sign-in, because the first one has run out by then.
        upload_door.clock.advance(24 * 3600)
        async with upload_door.runtime.work() as work:
            signed_in = await sign_in(
                work, account_id=upload_door.viewer.account_id, device_name="Test", factors=CONFIRMED
            )
        client.headers["Authorization"] = f"Bearer {signed_in.token}"
        assert (await client.head(address, headers=TUS)).status_code == 410
        ended = 1
        while ended:
            async with upload_door.runtime.work() as work:
                ended = await expire_uploads(work)
        assert (await sent(client, address, 3, b"de")).status_code == 410
    assert (await upload_door.upload(id_of(address))).state is UploadState.EXPIRED


# Concatenation


async def test_partial_uploads_become_one(upload_door: UploadScene) -> None:
    async with upload_door.client() as client:
        partial = {"Upload-Concat": "partial"}
        first, second = await created(client, 3, **partial), await created(client, 2, **partial)
        assert (await client.head(first, headers=TUS)).headers["Upload-Concat"] == "partial"
        early = await client.post("/uploads", headers=TUS | {"Upload-Concat": f"final;{first} {second}"})
        assert early.status_code == 400
        await asyncio.gather(sent(client, second, 0, b"de"), sent(client, first, 0, b"abc"))
        metadata = f"filename {encoded('film.mp4')}"
        joined = f"final;{upload_door.url}{first} {second}"
        answer = await client.post("/uploads", headers=TUS | {"Upload-Concat": joined, "Upload-Metadata": metadata})
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5"), answer.text
        address = answer.headers["Location"]
        head = await client.head(address, headers=TUS)
        assert head.headers["Upload-Concat"] == f"final;{first} {second}"
        assert (head.headers["Upload-Length"], head.headers["Upload-Offset"]) == ("5", "5")
        assert (await sent(client, address, 5, b"")).status_code == 403
    assert await upload_door.content(id_of(address)) == b"abcde"
    async with upload_door.client(upload_door.other_token) as client:
        stolen = await client.post("/uploads", headers=TUS | {"Upload-Concat": f"final;{first}"})
        assert stolen.status_code == 400


async def test_a_final_upload_has_no_offset_before_it_is_whole(upload_door: UploadScene) -> None:
    partial = await upload_door.whole(b"abc", is_partial=True)
    async with upload_door.runtime.work() as work:
        final = await create_final_upload(
            work, viewer=upload_door.viewer, partial_ids=[partial.id], limits=upload_door.limits
        )
    async with upload_door.client() as client:
        head = await client.head(f"/uploads/{final.id}", headers=TUS)
    assert (head.headers["Upload-Length"], "Upload-Offset" in head.headers) == ("3", False)
