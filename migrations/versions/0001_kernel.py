"""The kernel: the log of facts, remembered answers, and the job queue."""

import sqlalchemy as sa
from alembic import op

from domain.kernel.job_queries import install_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the kernel's tables."""
    op.create_table(
        "fact_topics",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Uuid, nullable=False),
        sa.Column("head", sa.BigInteger, nullable=False),
        sa.CheckConstraint("head >= 1", name="fact_topics_head_check"),
    )
    op.create_table(
        "facts",
        sa.Column("topic", sa.Text, sa.ForeignKey("fact_topics.topic", ondelete="CASCADE"), primary_key=True),
        sa.Column("offset", sa.BigInteger, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("operation", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("idempotent_answers_created_at_idx", "idempotent_answers", ["created_at"])
    op.execute(install_sql())
