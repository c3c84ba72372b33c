"""Real clients of tus, S3 behind the door, and a server that is killed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient

from domain.accounts import sign_in
from domain.kernel.bus import Bus
from domain.kernel.work import Database
from domain.media.object_store import ObjectStore
from tests.arrange import CONFIRMED
from tests.conftest import ScratchDatabases
from tests.edge.test_uploads import created, id_of, offset_of, sent
from tests.upload_scene import MEBIBYTE, PIECE, TUS, UploadScene, bytes_of, make_scene

# A server that dies


@asynccontextmanager
async def server_process(environment: dict[str, str]) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run the door as a process; kill it when the block ends, if it still lives."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.edge.uploads_server", env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            port = int(await process.stdout.readline())
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_server_loses_no_acknowledged_byte(scratch_databases: ScratchDatabases, tmp_path: Path) -> None:
    data = bytes_of(20 * MEBIBYTE)
    url = await scratch_databases.create()
    database = Database.connect(url)
    environment = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    async with Bus.open(url) as bus:
        scene = await make_scene(database, bus, ObjectStore.open((tmp_path / "media").as_uri()), tmp_path)
        async with database.work(bus=bus) as work:
            # The process reads the real clock.
            token = (
                await sign_in(work, account_id=scene.viewer.account_id, device_name="Test", factors=CONFIRMED)
            ).token

        async def until_killed() -> AsyncIterator[bytes]:
            yield data[: 12 * MEBIBYTE]
            async with asyncio.timeout(30):
                while (await scene.upload(id_of(address))).offset_bytes < 8 * MEBIBYTE:
                    await asyncio.sleep(0.01)
            process.kill()
            yield data[12 * MEBIBYTE :]

        async with server_process(environment) as (process, scene.url), scene.client(token) as client:
            address = await created(client, len(data))
            with pytest.raises(httpx.HTTPError):
                await client.patch(address, headers=PIECE | {"Upload-Offset": "0"}, content=until_killed())
        async with server_process(environment) as (process, scene.url), scene.client(token) as client:
            offset = await offset_of(client, address)
            assert offset == (await scene.upload(id_of(address))).offset_bytes
            assert 8 * MEBIBYTE <= offset < 12 * MEBIBYTE
            async with asyncio.timeout(10):
                while (answer := await sent(client, address, offset, data[offset:])).status_code == 423:
                    await asyncio.sleep(0.05)
            assert answer.status_code == 204
        assert await scene.content(id_of(address)) == data
        await scene.sweep(id_of(address))
        assert len(await scene.keys(id_of(address))) == 1
    await database.close()


# Real clients


def tus_client(scene: UploadScene) -> TusClient:
    return TusClient(f"{scene.url}/uploads", headers={"Authorization": f"Bearer {scene.token}"})


@pytest.mark.parametrize("checksum", [False, True])
async def test_tuspy_uploads_a_file(upload_door: UploadScene, checksum: bool) -> None:
    data = bytes_of(5 * MEBIBYTE + 9)

    def upload() -> str:
        uploader = tus_client(upload_door).uploader(
            file_stream=BytesIO(data), chunk_size=MEBIBYTE, metadata={"filename": "film.mp4"}, upload_checksum=checksum
        )
        uploader.upload()
        return str(uploader.url)

    address = await asyncio.to_thread(upload)
    assert await upload_door.content(id_of(address)) == data
    assert (await upload_door.upload(id_of(address))).file_name == "film.mp4"


async def test_tuspy_resumes_what_it_left(upload_door: UploadScene) -> None:
    data = bytes_of(3 * MEBIBYTE)

    def upload() -> str:
        first = tus_client(upload_door).uploader(file_stream=BytesIO(data), chunk_size=MEBIBYTE)
        first.upload_chunk()
        again = tus_client(upload_door).uploader(file_stream=BytesIO(data), chunk_size=MEBIBYTE, url=first.url)
        assert again.offset == MEBIBYTE
        again.upload()
        return str(again.url)

    assert await upload_door.content(id_of(await asyncio.to_thread(upload))) == data


async def test_tuspy_uploads_through_to_s3(s3_door: UploadScene) -> None:
    data = bytes_of(20 * MEBIBYTE + 5)

    def upload() -> str:
        uploader = tus_client(s3_door).uploader(file_stream=BytesIO(data), chunk_size=6 * MEBIBYTE)
        uploader.upload()
        return str(uploader.url)

    id = id_of(await asyncio.to_thread(upload))
    assert await s3_door.content(id) == data
    await s3_door.sweep(id)
    assert await s3_door.keys(id) == [(await s3_door.upload(id)).object_key]


async def test_one_large_piece_goes_to_s3_in_parts(s3_door: UploadScene) -> None:
    data = bytes_of(20 * MEBIBYTE + 5)
    async with s3_door.client() as client:
        address = await created(client, len(data))
        assert (await sent(client, address, 0, data)).status_code == 204
        assert len(await s3_door.keys(id_of(address))) == 3
        assert (await client.delete(address, headers=TUS)).status_code == 204
    await s3_door.sweep(id_of(address))
    assert await s3_door.keys(id_of(address)) == []
