"""Releases of clients: registered, found by id, retired."""

from hashlib import sha256

import pytest

from domain.clients import ClientDocument, DocumentIdTaken, document_text, list_releases, register_release
from domain.clients.releases import DOCUMENTS_MAX, retire_release
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work

TEXT = "{ viewer { id } }"
HASH = sha256(TEXT.encode()).hexdigest()


def documents(*ids: str) -> list[ClientDocument]:
    return [ClientDocument.parse(id, f"query {id} {{ viewer {{ id }} }}") for id in ids]


async def test_a_document_is_found_for_the_release_that_has_it(work: Work, reads: Reads) -> None:
    registered = await register_release(work, client="tv", version="1.0", documents=documents("a", "b"))
    assert (registered.document_count, registered.new_count) == (2, 2)
    found = await document_text(reads, id="a")
    assert found == "query a { viewer { id } }"
    assert await document_text(reads, id="a", client="tv") == found
    assert await document_text(reads, id="a", client="tv", version="1.0") == found
    assert await document_text(reads, id="a", client="tv", version="2.0") is None
    assert await document_text(reads, id="a", client="phone") is None
    assert await document_text(reads, id="c") is None


@pytest.mark.parametrize("id", ["", "x" * 129, "a b", "a\x00", "ü", "'; --"])
async def test_an_id_that_can_be_none_finds_nothing_and_is_not_registered(reads: Reads, id: str) -> None:
    assert await document_text(reads, id=id) is None
    with pytest.raises(InvalidInput):
        ClientDocument.parse(id, TEXT)


async def test_registering_again_adds_documents_and_changes_none(work: Work, reads: Reads) -> None:
    await register_release(work, client="tv", version="1.0", documents=documents("a"))
    again = await register_release(work, client="tv", version="1.0", documents=documents("a", "b"))
    assert (again.document_count, again.new_count) == (2, 1)
    (release,) = await list_releases(reads, client="tv")
    assert (release.version, release.document_count, release.retired_at) == ("1.0", 2, None)


async def test_an_id_never_gets_another_text_from_any_client(work: Work, reads: Reads) -> None:
    await register_release(work, client="tv", version="1.0", documents=documents("a"))
    for client in ("tv", "phone"):
        with pytest.raises(DocumentIdTaken) as taken:
            await register_release(
                work, client=client, version="2.0", documents=[ClientDocument("b", TEXT), ClientDocument("a", TEXT)]
            )
        assert taken.value.id == "a"
    assert await document_text(reads, id="a") == "query a { viewer { id } }"
    assert await list_releases(reads, client="phone") == []


async def test_one_manifest_may_not_give_an_id_two_texts(work: Work, reads: Reads) -> None:
    with pytest.raises(DocumentIdTaken):
        await register_release(work, client="tv", version="1.0", documents=[*documents("a"), ClientDocument("a", TEXT)])
    assert await list_releases(reads) == []


async def test_a_document_lives_as_long_as_a_release_holds_it(work: Work, reads: Reads) -> None:
    await register_release(work, client="tv", version="1.0", documents=documents("a", "b"))
    await register_release(work, client="tv", version="2.0", documents=documents("b", "c"))
    await retire_release(work, client="tv", version="1.0")
    await retire_release(work, client="tv", version="1.0")
    assert await document_text(reads, id="a") is None
    assert await document_text(reads, id="b") is not None
    assert await document_text(reads, id="b", client="tv", version="1.0") is None
    await register_release(work, client="tv", version="1.0", documents=documents("a"))
    assert await document_text(reads, id="a") is not None


async def test_retiring_what_there_is_not_is_refused(work: Work) -> None:
    with pytest.raises(NotFound):
        await retire_release(work, client="tv", version="1.0")


async def test_only_the_newest_releases_of_a_client_are_kept(work: Work, reads: Reads) -> None:
    await register_release(work, client="phone", version="1", documents=documents("a"))
    for number in range(5):
        later = Work(work.connection, now=work.now.replace(minute=number))
        await register_release(later, client="tv", version=str(number), documents=documents("a"), keep=2)
    living = [(release.client, release.version) for release in await list_releases(reads) if release.retired_at is None]
    assert sorted(living) == [("phone", "1"), ("tv", "3"), ("tv", "4")]


@pytest.mark.parametrize("name", ["", " tv", "x" * 101, "a\nb", "-tv"])
async def test_a_name_that_cannot_be_used_is_refused(work: Work, reads: Reads, name: str) -> None:
    for client, version in ((name, "1.0"), ("tv", name)):
        with pytest.raises(InvalidInput):
            await register_release(work, client=client, version=version, documents=documents("a"))
    assert await list_releases(reads) == []


@pytest.mark.parametrize("count", [0, DOCUMENTS_MAX + 1])
async def test_a_release_has_some_documents_and_not_too_many(work: Work, count: int) -> None:
    with pytest.raises(InvalidInput):
        many = [ClientDocument(str(number), TEXT) for number in range(count)]
        await register_release(work, client="tv", version="1.0", documents=many)


async def test_as_many_documents_as_are_allowed_are_registered(work: Work) -> None:
    many = [ClientDocument(str(number), TEXT) for number in range(DOCUMENTS_MAX)]
    registered = await register_release(work, client="tv", version="1.0", documents=many)
    assert registered.new_count == DOCUMENTS_MAX


async def test_an_id_with_a_prefix_is_the_hash_it_promises(work: Work, reads: Reads) -> None:
    with pytest.raises(InvalidInput):
        ClientDocument.parse(f"sha256:{HASH}", TEXT + " ")
    await register_release(work, client="tv", version="1.0", documents=[ClientDocument.parse(f"sha256:{HASH}", TEXT)])
    assert await document_text(reads, id=HASH) == TEXT
    assert await document_text(reads, id=f"sha256:{HASH}") == TEXT
