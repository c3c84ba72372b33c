"""Addresses of the test database, with more behind the `?`."""

from sqlalchemy.engine import make_url


def with_option(url: str, option: str) -> str:
    """Return the address with one option more."""
    return make_url(url).update_query_string(option).render_as_string(hide_password=False)
