"""Fine-tunes the sentence-transformer and its heads together, on sentences and customer messages mixed."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from amends_core.text import parts_of, passage_of
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from amends_train.network import Network, network_of
from amends_train.samples import Corpus, Passage, Sample, Shares, samples
from amends_train.targets import ACTS, CARE, LABEL_COLUMNS, STEP_COLUMNS, STRONG_COLUMNS, Floats


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step reads: each sample once, and some a second time in another voice."""

    encoded: dict[str, Tensor]
    """Token ids and mask, the second readings after the first ones."""
    target: Tensor
    """Shape (readings, len(OUTPUTS)); the weight likewise."""
    weight: Tensor
    twins: Tensor
    """Of each second reading, which reading was its first; shape (second readings,)."""


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
    act_weight: float = 0.6
    """Weight of the acts' cross-entropy against the summed binary ones."""
    twin_weight: float = 4.0
    """Weight of the squared difference between what two voices of one sentence are given."""
    care_twin_weight: float = 8.0
    """Weight therein of their care, against that of a label."""
    real_weight: float = 0.5
    """Weight of a real sentence against a written one: one corpus does not sound like the next."""
    mean_decay: float = 0.0
    """Of the running mean of the weights, a batch, where that is given in place of the last weights; 0: the last."""
    shares: Shares = Shares()
    max_tokens: int = 128
    seed: int = 20261122


def fit(
    base: SentenceTransformer,
    corpus: Corpus,
    options: FitOptions,
    checkpoint: Path | None = None,
    start: Mapping[str, Tensor] | None = None,
) -> Network:
    """Fine-tunes `base` in place and gives it with its heads.

    With a `checkpoint` each epoch is written to that file, and a run that was cut off goes on after its last one.
    `start` holds the weights of a network of this base to go on from; without it the heads are new.
    """
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    network = network_of(base)
    if start is not None:
        network.load_state_dict(start)
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(options.mean_decay))
    optimizer = _optimizer(network, options)
    steps = -(-len(corpus) // options.batch_size) * options.epochs
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, _ramp(options, steps))
    parts = {"network": network, "optimizer": optimizer, "scheduler": scheduler, "mean": mean}
    for epoch in range(_resume(checkpoint, parts, rng), options.epochs):
        network.train()
        losses: list[float] = []
        drawn = list(samples(corpus, options.shares, options.real_weight, rng))
        batches = tqdm(
            list(_batches(drawn, options, rng)), desc=f"epoch {epoch + 1}/{options.epochs}", unit="batch", mininterval=5
        )
        for batch in batches:
            loss = _loss(network, _tensors(batch, base, options), options)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            if options.mean_decay:
                mean.update_parameters(network)
            losses.append(float(loss.detach()))
            batches.set_postfix(loss=f"{np.mean(losses[-100:]):.3f}", refresh=False)
        _keep(checkpoint, parts, rng, epoch + 1)
    if options.mean_decay:
        network.load_state_dict(mean.module.state_dict())
    return network.eval()


def _keep(path: Path | None, parts: dict[str, Any], rng: random.Random, epochs: int) -> None:
    """Writes everything that the next epoch depends on."""
    if path is None:
        return
    states = {name: part.state_dict() for name, part in parts.items()}
    partial = path.with_suffix(".partial")
    torch.save({**states, "rng": rng.getstate(), "torch": torch.get_rng_state(), "epochs": epochs}, partial)
    partial.rename(path)


def _resume(path: Path | None, parts: dict[str, Any], rng: random.Random) -> int:
    """Takes up what `_keep` wrote; gives how many epochs are done."""
    if path is None or not path.exists():
        return 0
    kept = torch.load(path, weights_only=False)  # our own file in our own work folder
    for name, part in parts.items():
        part.load_state_dict(kept[name])
    rng.setstate(kept["rng"])
    torch.set_rng_state(kept["torch"])
    return int(kept["epochs"])


@torch.inference_mode()
def predict(network: Network, base: SentenceTransformer, passages: Sequence[Passage], max_tokens: int = 128) -> Floats:
    """Logits of shape (len(passages), len(OUTPUTS)), as float32."""
    return _read(network, lambda **encoded: network(**encoded)[1], base, passages, max_tokens)


@torch.inference_mode()
def pooled(network: Network, base: SentenceTransformer, passages: Sequence[Passage], max_tokens: int = 128) -> Floats:
    """What the heads read of each passage, of shape (len(passages), dimension), as float32."""
    return _read(network, network.pooled, base, passages, max_tokens)


def _read(
    network: Network,
    part: Callable[..., Tensor],
    base: SentenceTransformer,
    passages: Sequence[Passage],
    max_tokens: int,
) -> Floats:
    network.eval()
    order = sorted(range(len(passages)), key=lambda index: len(passages[index][0]))
    parts: list[Tensor] = []
    for start in range(0, len(order), 64):
        encoded = _tokenize(base, [passages[i] for i in order[start : start + 64]], max_tokens)
        parts.append(part(**encoded).float())
    found = torch.cat(parts).numpy()
    back = np.empty_like(found)
    back[order] = found
    return back


def _batches(drawn: list[Sample], options: FitOptions, rng: random.Random) -> Iterator[list[Sample]]:
    """Batches of like length, in random order, so that little is spent on padding."""
    rng.shuffle(drawn)
    chunk, size = options.batch_size * 16, options.batch_size
    groups: list[list[Sample]] = []
    for start in range(0, len(drawn), chunk):
        ordered = sorted(drawn[start : start + chunk], key=lambda sample: sum(map(len, sample.passage)))
        groups += [ordered[i : i + size] for i in range(0, len(ordered), size)]
    rng.shuffle(groups)
    return iter(groups)


def _tensors(batch: Sequence[Sample], base: SentenceTransformer, options: FitOptions) -> Batch:
    twins = [(place, sample.twin) for place, sample in enumerate(batch) if sample.twin is not None]
    read = [*range(len(batch)), *(place for place, _ in twins)]
    passages = [*(sample.passage for sample in batch), *(twin for _, twin in twins)]
    return Batch(
        _tokenize(base, passages, options.max_tokens),
        torch.from_numpy(np.stack([batch[place].target for place in read])),
        torch.from_numpy(np.stack([batch[place].weight * batch[place].importance for place in read])),
        torch.tensor(read[len(batch) :], dtype=torch.long),
    )


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


def _loss(network: Network, batch: Batch, options: FitOptions) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):  # half again as fast on CPUs that have it
        logits = network(**batch.encoded)[1]
    logits = logits.float()
    loss = _labels_loss(logits, batch.target, batch.weight, options)
    return loss + options.twin_weight * _twins_loss(logits, batch.twins, options)


def _labels_loss(logits: Tensor, target: Tensor, weight: Tensor, options: FitOptions) -> Tensor:
    binary = nn.functional.binary_cross_entropy_with_logits(logits, target, weight=weight, reduction="none")
    acts = -(nn.functional.log_softmax(logits[:, ACTS], dim=-1) * target[:, ACTS] * weight[:, ACTS]).sum(dim=-1)
    is_binary = torch.ones(logits.shape[1])
    is_binary[ACTS] = 0.0
    per_row = (binary * is_binary).sum(dim=-1) + options.act_weight * acts
    return per_row.mean()


def _twins_loss(logits: Tensor, twins: Tensor, options: FitOptions) -> Tensor:
    """Mean over all readings of the squared differences between two voices.

    Of their labels, of how strongly a step is said where it is, and of their care, which the score reads to the last
    digit.
    """
    first, second = logits[twins], logits[len(logits) - len(twins) :]
    first, second = torch.sigmoid(first), torch.sigmoid(second)
    is_said = (first[:, STEP_COLUMNS] * second[:, STEP_COLUMNS]).detach()
    apart = (first - second) ** 2
    labels, care = apart[:, LABEL_COLUMNS].sum(), apart[:, CARE].sum()
    strength = (is_said * apart[:, STRONG_COLUMNS]).sum()
    return (labels + options.care_twin_weight * care + strength) / len(logits)


def _optimizer(network: Network, options: FitOptions) -> torch.optim.AdamW:
    heads = list(network.heads.parameters())
    encoder = list(network.transformer.parameters())
    groups = [{"params": encoder, "lr": options.encoder_rate}, {"params": heads, "lr": options.head_rate}]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)  # else a quarter of a step of twelve layers


def _ramp(options: FitOptions, steps: int) -> Callable[[int], float]:
    rising = max(1, int(options.warmup * steps))
    return lambda step: min(step / rising, (steps - step) / max(1, steps - rising))
