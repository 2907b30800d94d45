"""Networks on sequences: the words of a report, the samples of an ECG.

Both answer with logits that are sums over their input, so that the words, moments and leads that decided are
read off and need no method of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from viewer.analysis.ecg import AFTER, BEFORE, FACTS, LENGTH
from viewer.analysis.reports import BUCKETS, KNOWN_FROM
from viewer.core.waveform import LEADS

# ---------------------------------------------------------------- reports


class SelfAttention(nn.Module):
    """Scaled dot-product attention of every word to every word (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.into, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, h: Tensor) -> Tensor:
        """[T, F] -> [T, F]."""
        q, k, v = self.into(h).unflatten(-1, (3, self.heads, -1)).permute(1, 2, 0, 3)
        share = ((q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5).softmax(-1)
        return torch.as_tensor(self.out((share @ v).transpose(0, 1).flatten(1)))


class ReportMember(nn.Module):
    """Words -> findings: two-way GRU in each sentence, self-attention over the report, attention per label."""

    def __init__(self, vocabulary: int, labels: int, *, width: int, hidden: int, heads: int, drop: float) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary + KNOWN_FROM, width, padding_idx=0)
        self.triple = nn.Embedding(BUCKETS, width, padding_idx=0)
        self.gru = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.attend = SelfAttention(2 * hidden, heads)
        self.calm = nn.LayerNorm(2 * hidden)
        self.drop = nn.Dropout(drop)
        self.query = nn.Linear(2 * hidden, labels)
        self.value = nn.Linear(2 * hidden, labels)
        nn.init.normal_(self.word.weight, std=0.3)
        nn.init.normal_(self.triple.weight, std=0.3)

    def embedded(self, ids: Tensor, grams: Tensor) -> Tensor:
        """What words say before their neighbours: [S, W], [S, W, G] -> [S, W, 2 * hidden]."""
        some = (grams != 0).sum(-1, keepdim=True).clamp_min(1)
        x = self.drop(self.word(ids) + self.triple(grams).sum(2) / some)
        packed = pack_padded_sequence(x, (ids != 0).sum(1).cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=ids.shape[1])[0]

    def said(self, h: Tensor) -> Tensor:
        """What each word of one report adds to each logit: [T, 2 * hidden] -> [T, labels]."""
        h = self.drop(self.calm(h + self.attend(h)))
        return torch.as_tensor(self.query(h).softmax(dim=0) * self.value(h))

    def forward(self, x: Tensor, reports: Sequence[int]) -> list[Tensor]:
        """Sentences [S, W, 1 + G] of several reports, and how many each has -> [T, labels] a report."""
        ids, grams = x[..., 0].long(), x[..., 1:].long()
        h, there = self.embedded(ids, grams), ids != 0
        parts = zip(torch.split(h, list(reports)), torch.split(there, list(reports)), strict=True)
        return [self.said(one[mask]) for one, mask in parts]


class ReportReader(nn.Module):
    """The mean of members over one word list.

    Args:
        members: readers that are averaged.
        vocabulary: known words.
        labels: findings.
        width: length of a word's vector.
        hidden: GRU units a direction.
        heads: heads of the self-attention.
        drop: dropout.
    """

    def __init__(
        self, *, vocabulary: int, labels: int, members: int = 1, width: int = 64, hidden: int = 64, heads: int = 2,
        drop: float = 0.4,
    ) -> None:  # fmt: skip
        super().__init__()
        self.members = nn.ModuleList(
            [
                ReportMember(vocabulary, labels, width=width, hidden=hidden, heads=heads, drop=drop)
                for _ in range(members)
            ]
        )

    def read(self, x: Tensor, reports: Sequence[int]) -> list[Tensor]:
        """What each word adds, [T, labels] a report, for sentences [S, W, 1 + G] of several reports."""
        each = [member(x, reports) for member in self.members]
        return [torch.stack(said).mean(0) for said in zip(*each, strict=True)]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """One report: sentences [S, W, 1 + G] of word numbers and letter triples, 0 where there is none.

        Returns:
            logits [1, labels], and what each word adds to them [T, labels].
        """
        (said,) = self.read(x, [len(x)])
        return said.sum(0, keepdim=True), said


# ---------------------------------------------------------------- ECG


def squeeze(x: Tensor) -> Tensor:
    """Millivolts -> sign(x) log(1 + 3 |x|): high R waves do not drown P waves and ST segments."""
    return torch.sign(x) * torch.log1p(3 * x.abs())


def _block(inside: int, outside: int, size: int, stride: int, drop: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(inside, outside, size, stride, size // 2, bias=False),
        nn.BatchNorm1d(outside),
        nn.LeakyReLU(0.1),
        nn.Dropout(drop),
    )


class BeatBranch(nn.Module):
    """The median beat [N, 12, BEFORE + AFTER] -> logits; it keeps the place in the beat, since ST is no QRS."""

    def __init__(self, labels: int, widths: Sequence[int], drop: float, hidden: int) -> None:
        super().__init__()
        a, b, c = widths
        leads = len(LEADS)
        self.body = nn.Sequential(
            _block(leads, a, 5, 1, drop / 2), _block(a, b, 5, 2, drop / 2), _block(b, c, 3, 2, drop / 2),
            nn.AvgPool1d(2),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(drop), nn.Linear(c * ((BEFORE + AFTER) // 8), hidden), nn.LeakyReLU(0.1),
            nn.Dropout(drop), nn.Linear(hidden, labels),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """[N, 12, BEFORE + AFTER] -> [N, labels]."""
        return torch.as_tensor(self.head(self.body(x)))


class RhythmBranch(nn.Module):
    """Ten seconds [N, 12, T] -> logits and what each moment (80 ms) adds: convolutions, two-way GRU, attention."""

    def __init__(self, labels: int, widths: Sequence[int], drop: float, hidden: int) -> None:
        super().__init__()
        a, b, c = widths
        self.body = nn.Sequential(
            _block(len(LEADS), a, 9, 2, 0.0), _block(a, b, 7, 2, drop / 2), _block(b, c, 5, 2, drop / 2)
        )
        self.gru = nn.GRU(c, hidden, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(drop)
        self.look, self.read = nn.Linear(2 * hidden, labels), nn.Linear(2 * hidden, labels)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 12, T] -> [N, T / 8, labels]; summed over time they are the logits."""
        h = self.drop(self.gru(self.body(x).transpose(1, 2))[0])
        return torch.as_tensor(self.look(h).softmax(1) * self.read(h))


class EcgMember(nn.Module):
    """Three readings of one ECG, added: the median beat, the rhythm, and a table of person and rate."""

    def __init__(
        self, labels: int, *, beat: Sequence[int], rhythm: Sequence[int], hidden: int, gru: int, drop: float
    ) -> None:
        super().__init__()
        self.beat = BeatBranch(labels, beat, drop, hidden)
        self.rhythm = RhythmBranch(labels, rhythm, drop, gru)
        self.table = nn.Sequential(nn.Linear(FACTS, 16), nn.LeakyReLU(0.1), nn.Dropout(drop / 2), nn.Linear(16, labels))

    def forward(self, rhythm: Tensor, beat: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
        """rhythm [N, 12, T], beat [N, 12, BEFORE + AFTER], table [N, FACTS].

        Returns:
            each input's share [N, 3, labels] (beat, rhythm, table; they sum to the logits), and what each moment of
            the rhythm adds [N, T / 8, labels].
        """
        moments = self.rhythm(squeeze(rhythm))
        return torch.stack([self.beat(squeeze(beat)), moments.sum(1), self.table(table)], dim=1), moments


class EcgReader(nn.Module):
    """The mean of members trained on different folds.

    Args:
        members: readers that are averaged.
        labels: scores.
        beat, rhythm: channels of the two stacks of convolutions.
        hidden: width of the beat's last layer.
        gru: units a direction.
        drop: dropout.
    """

    def __init__(
        self, *, labels: int, members: int = 1, beat: Sequence[int] = (32, 48, 64),
        rhythm: Sequence[int] = (24, 32, 48), hidden: int = 64, gru: int = 32, drop: float = 0.4,
    ) -> None:  # fmt: skip
        super().__init__()
        self.members = nn.ModuleList(
            [EcgMember(labels, beat=beat, rhythm=rhythm, hidden=hidden, gru=gru, drop=drop) for _ in range(members)]
        )

    def read(self, rhythm: Tensor, beat: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
        """As `EcgMember.forward`."""
        said = [member(rhythm, beat, table) for member in self.members]
        return torch.stack([s[0] for s in said]).mean(0), torch.stack([s[1] for s in said]).mean(0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """ECGs as `ecg.Ready.packed` lays them out, [N, 12, LENGTH + BEFORE + AFTER + FACTS].

        Returns:
            logits [N, labels], shares [N, 3, labels], moments [N, LENGTH / 8, labels].
        """
        rhythm, beat, table = torch.split(x, [LENGTH, BEFORE + AFTER, FACTS], dim=2)
        shares, moments = self.read(rhythm, beat, table[:, 0])
        return shares.sum(1), shares, moments
