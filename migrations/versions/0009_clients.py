"""Clients: their releases, and the documents these have registered."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE client_documents (
        id text PRIMARY KEY CONSTRAINT client_documents_id_check CHECK (length(id) <= 128),
        text text NOT NULL,
        registered_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE client_releases (
        client text,
        version text,
        registered_at timestamptz NOT NULL,
        retired_at timestamptz,
        PRIMARY KEY (client, version)
    )
    """,
    """
    CREATE TABLE release_documents (
        client text,
        version text,
        document_id text REFERENCES client_documents (id),
        PRIMARY KEY (client, version, document_id),
        CONSTRAINT release_documents_release_fkey FOREIGN KEY (client, version)
            REFERENCES client_releases (client, version) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX release_documents_document_id_idx ON release_documents (document_id)",
)


def upgrade() -> None:
    """Create the tables of clients."""
    for statement in CREATE:
        op.execute(statement)
