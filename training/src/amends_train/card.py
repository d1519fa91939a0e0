"""The model card: the template, filled with what the recipe knows."""

from collections.abc import Sequence

from amends_train.bases import Base
from amends_train.bundle_writer import TEMPLATES, BundleFacts
from amends_train.rows import REAL, AgentRow, CustomerRow

_TAUGHT = """
- **Taught by** {hub_name} (Apache-2.0), its first {layers} layers fine-tuned on the same rows: the student learns
  from labels and from the teacher's probabilities, also on sentences of conversations that nobody labelled. The teacher
  does not ship."""


def card_of(
    facts: BundleFacts,
    agents: Sequence[AgentRow],
    customers: Sequence[CustomerRow],
    development: tuple[Sequence[AgentRow], Sequence[CustomerRow]],
    teacher: Base | None,
) -> str:
    """The text of the card, Markdown."""
    written = [row for row in agents if row.kind != REAL]
    template = (TEMPLATES / "README.md").read_text(encoding="utf-8")
    return template.format(
        name=facts.name,
        version=facts.version,
        base=facts.base_model,
        dimension=facts.dimension,
        written=len(written),
        real=len(agents) - len(written),
        customers=len(customers),
        authors=len({row.author for row in (*written, *customers)}),
        dev_agents=len(development[0]),
        dev_customers=len(development[1]),
        taught=_TAUGHT.format(hub_name=teacher.hub_name, layers=teacher.layers) if teacher else "",
        table="\n".join(f"| {name} | {value:.4g} |" for name, value in facts.metrics.items()),
    )
