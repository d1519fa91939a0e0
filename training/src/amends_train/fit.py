"""Fine-tunes the sentence-transformer and its heads together, on sentences and customer messages mixed."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from amends_core.text import parts_of, passage_of
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from tqdm import tqdm

from amends_train.augment import joined, roughen
from amends_train.network import Network, network_of
from amends_train.rows import REAL, AgentRow, CustomerRow
from amends_train.targets import ACTS, Floats, agent_target, customer_target

Passage = tuple[str, str]
"""A text, and what the other side said before it; the latter may be empty."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to fine-tune."""

    epochs: int = 6
    batch_size: int = 32
    encoder_rate: float = 8e-5
    """Peak learning rate of the transformer."""
    head_rate: float = 2e-3
    """Peak learning rate of the heads."""
    warmup: float = 0.08
    """Share of the steps over which the rates rise."""
    join_share: float = 0.08
    """Share of agent rows that are run together with another one."""
    act_weight: float = 0.6
    """Weight of the acts' cross-entropy against the summed binary ones."""
    context_dropout: float = 0.25
    """Share of customer messages that are read without what the agent said before."""
    real_weight: float = 0.5
    """Weight of a real sentence against a written one: one corpus does not sound like the next."""
    max_tokens: int = 128
    seed: int = 20261122


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One text with what the network should say of it."""

    passage: Passage
    target: Floats
    weight: Floats
    importance: float = 1.0


Report = Callable[[int, float, Network], None]


def fit(
    base: SentenceTransformer,
    agents: Sequence[AgentRow],
    customers: Sequence[CustomerRow],
    options: FitOptions,
    after_epoch: Report | None = None,
) -> Network:
    """Fine-tunes `base` in place and gives it with its heads.

    `after_epoch` is called with the epoch, its mean loss and the network.
    """
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    network = network_of(base)
    per_epoch = -(-(len(agents) + len(customers)) // options.batch_size)
    optimizer = _optimizer(network, options)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, _ramp(options, per_epoch * options.epochs))
    for epoch in range(options.epochs):
        network.train()
        losses: list[float] = []
        samples = list(_samples(agents, customers, options, rng))
        batches = list(_batches(samples, base, options, rng))
        for batch in tqdm(batches, desc=f"epoch {epoch + 1}/{options.epochs}", unit="batch"):
            loss = _loss(network, batch, options)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(float(loss.detach()))
        if after_epoch is not None:
            after_epoch(epoch, float(np.mean(losses)), network)
    return network.eval()


@torch.inference_mode()
def predict(network: Network, base: SentenceTransformer, passages: Sequence[Passage], max_tokens: int = 128) -> Floats:
    """Logits of shape (len(passages), len(OUTPUTS)), in fp32."""
    network.eval()
    order = sorted(range(len(passages)), key=lambda index: len(passages[index][0]))
    logits: list[Tensor] = []
    for start in range(0, len(order), 64):
        encoded = _tokenize(base, [passages[i] for i in order[start : start + 64]], max_tokens)
        logits.append(network(**encoded)[1])
    found = torch.cat(logits).numpy()
    back = np.empty_like(found)
    back[order] = found
    return back


def _samples(
    agents: Sequence[AgentRow], customers: Sequence[CustomerRow], options: FitOptions, rng: random.Random
) -> Iterator[Sample]:
    for row in agents:
        target, weight = agent_target(row)
        text = roughen(row.text, rng)
        importance = options.real_weight if row.kind == REAL else 1.0
        if row.kind != REAL and rng.random() < options.join_share:
            other = rng.choice(agents)
            text, target, weight = _joined(row, other, rng)
        yield Sample((text, ""), target, weight, importance)
    for message in customers:
        context = message.context if rng.random() >= options.context_dropout else ""
        yield Sample((roughen(message.text, rng), context), *customer_target(message))


def _joined(row: AgentRow, other: AgentRow, rng: random.Random) -> tuple[str, Floats, Floats]:
    """Two sentences run together carry the labels of both; where one is arguable and none is firm, nothing is known."""
    (a, known_a), (b, known_b) = agent_target(row), agent_target(other)
    target = np.maximum(a, b)
    known = np.where(target > 0, np.maximum(known_a * (a > 0), known_b * (b > 0)), known_a * known_b)
    return joined(row.text, other.text, rng), target, known.astype(np.float32)


def _batches(
    samples: list[Sample], base: SentenceTransformer, options: FitOptions, rng: random.Random
) -> Iterator[tuple[dict[str, Tensor], Tensor, Tensor]]:
    """Batches of like length, in random order, so that little is spent on padding."""
    rng.shuffle(samples)
    chunk = options.batch_size * 16
    groups: list[list[Sample]] = []
    for start in range(0, len(samples), chunk):
        ordered = sorted(samples[start : start + chunk], key=lambda sample: sum(map(len, sample.passage)))
        groups += [ordered[i : i + options.batch_size] for i in range(0, len(ordered), options.batch_size)]
    rng.shuffle(groups)
    for group in groups:
        encoded = _tokenize(base, [sample.passage for sample in group], options.max_tokens)
        target = torch.from_numpy(np.stack([sample.target for sample in group]))
        weight = torch.from_numpy(np.stack([sample.weight * sample.importance for sample in group]))
        yield encoded, target, weight


def token_ids(base: SentenceTransformer, passage: Passage, max_tokens: int) -> list[int]:
    """The ids of a passage, as the served encoder makes them: alone, or as a pair with its context."""
    text, context = parts_of(passage_of(*passage))
    pair = (text, context) if context else (text,)
    ids: list[int] = base.tokenizer(*pair, truncation=True, max_length=max_tokens)["input_ids"]
    return ids


def _tokenize(base: SentenceTransformer, passages: Sequence[Passage], max_tokens: int) -> dict[str, Tensor]:
    ids = [token_ids(base, passage, max_tokens) for passage in passages]
    encoded = base.tokenizer.pad({"input_ids": ids}, return_tensors="pt")
    return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}


def _loss(network: Network, batch: tuple[dict[str, Tensor], Tensor, Tensor], options: FitOptions) -> Tensor:
    encoded, target, weight = batch
    with torch.autocast("cpu", dtype=torch.bfloat16):  # half again as fast on CPUs that have it
        logits = network(**encoded)[1]
    logits = logits.float()
    binary = nn.functional.binary_cross_entropy_with_logits(logits, target, weight=weight, reduction="none")
    acts = -(nn.functional.log_softmax(logits[:, ACTS], dim=-1) * target[:, ACTS] * weight[:, ACTS]).sum(dim=-1)
    is_binary = torch.ones(logits.shape[1])
    is_binary[ACTS] = 0.0
    per_row = (binary * is_binary).sum(dim=-1) + options.act_weight * acts
    return per_row.mean()


def _optimizer(network: Network, options: FitOptions) -> torch.optim.AdamW:
    heads = list(network.heads.parameters())
    encoder = list(network.transformer.parameters())
    groups = [{"params": encoder, "lr": options.encoder_rate}, {"params": heads, "lr": options.head_rate}]
    return torch.optim.AdamW(groups, weight_decay=0.01)


def _ramp(options: FitOptions, steps: int) -> Callable[[int], float]:
    rising = max(1, int(options.warmup * steps))
    return lambda step: min(step / rising, (steps - step) / max(1, steps - rising))
