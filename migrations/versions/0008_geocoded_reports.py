"""How an incident came to its place: by which method, what its words may mean, and where they contradict its point."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

METHODS = ("coordinates", "address", "candidate", "by-hand")
ACCURACIES = (
    "building", "door", "interpolated", "compound", "landmark", "crossing", "road", "village", "township",
)  # fmt: skip
REASONS = (
    "no-coordinates", "unusable-coordinates", "placeholder-point", "outside-all-grids", "nobody-answers",
)  # fmt: skip


def columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column(
            "place_method",
            sa.Enum(*METHODS, name="placemethod", native_enum=False, create_constraint=True, length=32),
            nullable=True,
            comment="null without a place",
        ),
        sa.Column(
            "address_accuracy",
            sa.Enum(*ACCURACIES, name="accuracy", native_enum=False, create_constraint=True, length=32),
            nullable=True,
            comment="where its words placed it",
        ),
        sa.Column("address_confidence", sa.Double(), nullable=True, comment="that the place meant lies there, 0 to 1"),
        sa.Column(
            "address_answer",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="what its words may mean: candidates, the likeliest first, as found then",
        ),
        sa.Column(
            "contradiction",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="the township that the words name, where the position lies in another",
        ),
    )


METHOD_SO_FAR = """
    UPDATE incident SET place_method = CASE WHEN placed_by_hand THEN 'by-hand' ELSE 'coordinates' END
    WHERE point IS NOT NULL
"""


def upgrade() -> None:
    for column in columns():
        op.add_column("incident", column)
    op.create_check_constraint(
        op.f("ck_incident_confidence_is_a_share"), "incident", "address_confidence BETWEEN 0 AND 1"
    )
    op.execute(METHOD_SO_FAR)
    allow_reasons(*REASONS, "address-uncertain")


def downgrade() -> None:
    op.execute("UPDATE incident SET queue_reason = 'no-coordinates' WHERE queue_reason = 'address-uncertain'")
    allow_reasons(*REASONS)
    op.drop_constraint(op.f("ck_incident_confidence_is_a_share"), "incident")
    for column in reversed(columns()):
        op.drop_column("incident", column.name)


def allow_reasons(*reasons: str) -> None:
    """Change the words that the queue's reasons may be."""
    op.drop_constraint(op.f("ck_incident_queuereason"), "incident")
    words = ", ".join(f"'{reason}'" for reason in reasons)
    op.create_check_constraint(op.f("ck_incident_queuereason"), "incident", f"queue_reason IN ({words})")
