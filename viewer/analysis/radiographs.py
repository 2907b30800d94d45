"""Networks of radiographs: a classifier that looks into the lungs, and the gate before it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.analysis.blocks import NEGATIVE_SLOPE, ResidualBlock, conv, norm_of, point

#: Weight that ground outside the lungs keeps in a radiograph classifier's pooling.
_OUTSIDE = 0.02


class RadiographMember(nn.Module):
    """One small residual CNN that pools its features over the lungs it finds itself.

    A second head predicts the lung field on the feature grid; the score is the mean of a
    linear read-out of the features weighted by that field. So the class activation map is
    exact (it sums to the logit), and ground outside the lungs hardly counts.
    """

    def __init__(self, labels: int, widths: Sequence[int], blocks: int, drop: float) -> None:
        super().__init__()
        first = widths[0]
        self.stem = nn.Sequential(conv(2, 1, first, 5, 2), norm_of(2, first, "batch"), nn.LeakyReLU(NEGATIVE_SLOPE))
        stages: list[nn.Module] = []
        inside = first
        for width in widths[1:]:
            stages.append(ResidualBlock(2, inside, width, 2))
            stages += [ResidualBlock(2, width, width) for _ in range(blocks - 1)]
            inside = width
        self.stages = nn.Sequential(*stages)
        self.drop = nn.Dropout2d(drop)
        self.field = point(2, inside, 1)
        self.read = point(2, inside, labels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[N, 1, J, I] -> (logits [N, L], activation [N, L, j, i], lung-field logits [N, 1, j, i])."""
        features = self.stages(self.stem(x))
        field = self.field(features)
        weight = torch.sigmoid(field) + _OUTSIDE
        weight = weight / weight.sum((2, 3), keepdim=True)
        said = self.read(self.drop(features)) * weight
        return said.sum((2, 3)), said, field


class RadiographClassifier(nn.Module):
    """A few `RadiographMember`s trained on different folds, averaged.

    Args:
        labels: number of scores.
        widths: channels of the stem and of each stage (each halves the grid).
        blocks: residual blocks a stage.
        members: networks averaged; 1 while a fold is trained.
        drop: share of feature channels dropped in training.
    """

    def __init__(
        self, labels: int, widths: Sequence[int], blocks: int = 2, members: int = 1, drop: float = 0.1
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList([RadiographMember(labels, widths, blocks, drop) for _ in range(members)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[N, 1, J, I] -> (logits [N, L], activation [N, L, j, i], lung-field logits [N, 1, j, i])."""
        said = [member(x) for member in self.members]
        logits, maps, fields = (torch.stack([s[n] for s in said]).mean(0) for n in range(3))
        return logits, maps, fields


class RadiographGate(nn.Module):
    """Tells a pack's own kind of radiograph from others: learned outliers plus a feature distance.

    Logits: one per kind of outlier it was shown, and last the squared Mahalanobis distance of its
    features to the training pictures', scaled so that 0 lies at their 99th percentile.

    Args:
        outliers: kinds of outliers.
        widths: channels of the stem and of each stage.
        width: length of the feature vector.
    """

    def __init__(self, outliers: int, widths: Sequence[int], width: int = 48) -> None:
        super().__init__()
        first = widths[0]
        self.stem = nn.Sequential(conv(2, 1, first, 5, 2), norm_of(2, first, "batch"), nn.LeakyReLU(NEGATIVE_SLOPE))
        pairs = list(zip(widths, widths[1:], strict=False))
        self.stages = nn.Sequential(*[ResidualBlock(2, a, b, 2) for a, b in pairs])
        self.embed = nn.Linear(widths[-1], width)
        self.outlier = nn.Linear(width, outliers)
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("whiten", torch.eye(width))
        self.register_buffer("scale", torch.tensor([0.0, 1.0]))

    def features(self, x: Tensor) -> Tensor:
        """[N, 1, J, I] -> [N, width]."""
        return torch.as_tensor(self.embed(self.stages(self.stem(x)).mean((2, 3))))

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """[N, 1, J, I] -> (logits [N, outliers + 1],)."""
        vector = self.features(x)
        said = self.outlier(functional.leaky_relu(vector, NEGATIVE_SLOPE))
        centre, whiten, scale = self.get_buffer("centre"), self.get_buffer("whiten"), self.get_buffer("scale")
        distance = ((vector - centre) @ whiten).square().sum(1, keepdim=True).sqrt()
        return (torch.cat([said, (distance - scale[0]) / scale[1]], dim=1),)

    @torch.no_grad()
    def fit_distance(self, vectors: Tensor) -> None:
        """Set centre, whitening and scale from the training films' features [n, width]."""
        centre = vectors.mean(0)
        covariance = torch.cov((vectors - centre).T) + 1e-2 * torch.eye(vectors.shape[1])
        values, axes = torch.linalg.eigh(covariance)
        whiten = axes * values.rsqrt()
        distance = ((vectors - centre) @ whiten).square().sum(1).sqrt()
        mark = torch.quantile(distance, 0.99)
        self.get_buffer("centre").copy_(centre)
        self.get_buffer("whiten").copy_(whiten)
        self.get_buffer("scale").copy_(torch.stack([mark, distance.std().clamp_min(1e-3)]))
