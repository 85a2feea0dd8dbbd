"""The model: one final class of interchangeable parts, and the assembler that fits the parts to a schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Categorical, Distribution

from vaekit import spec as specs
from vaekit.codec.field import Field
from vaekit.codec.layout import Layout
from vaekit.distributions import Columns
from vaekit.distributions.grid import GridColumns
from vaekit.distributions.latents import expectation
from vaekit.errors import SpecError
from vaekit.likelihoods import Gaps, Mix
from vaekit.likelihoods.grid import GridMix
from vaekit.nets import NETS, Embed, where_observed
from vaekit.nets.grid import GridEmbed, GridSize
from vaekit.nets.own import adopt
from vaekit.posteriors import POSTERIORS
from vaekit.precision import rounded
from vaekit.priors import PRIORS, check_prior
from vaekit.priors.normal import from_law
from vaekit.priors.ratio import Ratio

CANDIDATES = 8  # latents from which names beside an image choose


@dataclass(frozen=True)
class Draw:
    """One pass of a batch through the model, from which an objective computes its terms.

    z is (S, B, L), posterior (B, L), prior (L,) or (B, L), likelihood (S, B, K); cells and observed are (B, K). Laws that hold
    the latents of a row together have (L,) as event shape. weights (S, B) are the probabilities of draws that enumerate what a
    posterior of few values can be; None counts all draws alike. labelled is the posterior of rows beside the batch whose class
    is known, for objectives that ask for them.
    """

    z: Tensor
    posterior: Distribution
    prior: Distribution
    likelihood: Columns | GridColumns
    cells: Tensor
    observed: Tensor
    features: Tensor
    weights: Tensor | None = None
    labelled: Distribution | None = None

    def average(self, values: Tensor) -> Tensor:
        """The expectation over the draws of values (S, B), (B,)."""
        return expectation(values, self.weights)

    @property
    def log_likelihood(self) -> Tensor:
        """Log p(observed cells|z) of every draw, (S, B)."""
        return where_observed(self.likelihood.log_prob(self.cells), self.observed).sum(-1)


class VAE(nn.Module):
    """A variational autoencoder over cells.

        cells, context -> embed -> net.encode -> posterior -> q(z|context)
                                                                 | z = mu + sigma eps
        p(cell|z) <- likelihood <- net.decode <- [z, given] <----+          prior -> p(z)

    A context is a mask (B, K) of cells that may be seen: all observed cells for an ordinary posterior, fewer for questions
    such as "what is this cell, given the others?". Cells of columns that the model is given (a CVAE) follow the K modelled
    ones in `cells`, and reach the decoder as well.

    `encode`, `decode` and `forward` take one tensor of cells (B, K), NaN where missing, and return what the tutorials return.
    """

    net: Any
    posterior: Any
    prior: Any
    likelihood: Any

    def __init__(
        self, layout: Layout, embed: Embed | GridEmbed, net: nn.Module, posterior: nn.Module, prior: nn.Module,
        likelihood: nn.Module, given: Embed | None = None, gaps: Gaps | None = None, label: int | None = None,
        ratio: Ratio | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.embed, self.net, self.posterior, self.prior, self.likelihood = embed, net, posterior, prior, likelihood
        self.given, self.gaps, self.label, self.ratio = given, gaps, label, ratio
        self.layout, self.K, self.latents = layout, layout.K, int(self.posterior.latents)

    # -- the probabilistic model -------------------------------------------------------------------------------------

    def posterior_of(self, cells: Tensor, context: Tensor) -> Distribution:
        """q(z|cells in the context): means and deviations are (B, L).

        A posterior that knows a class (`labelled`) is told the label where the context shows it; the encoder never sees it.
        """
        features = rounded(self.net.encode, self.embed(cells, self.unlabelled(context)))
        if self.label is None or not getattr(self.posterior, "labelled", False):
            return self.posterior(features)
        return self.posterior(features, self.label_of(cells, context))

    def label_of(self, cells: Tensor, context: Tensor) -> Tensor:
        """The class (B,) that the context tells, -1 where it tells none."""
        assert self.label is not None, "a part that is told the label"
        return cells[:, self.label].round().long().where(context[:, self.label], -1)

    def unlabelled(self, context: Tensor) -> Tensor:
        """The context without the label, where a part is told it in another way."""
        if self.label is None:
            return context
        rest = context.clone()
        rest[:, self.label] = False
        return rest

    def prior_law(self, cells: Tensor | None = None, observed: Tensor | None = None) -> Distribution:
        """p(z), the law that the rate is measured against; where columns are given to the model maybe p(z|given)."""
        own = getattr(self.prior, "of", None)
        return self.prior() if own is None else own(self, cells, observed)

    def decoded(self, z: Tensor, cells: Tensor | None = None, observed: Tensor | None = None) -> Tensor:
        """Decoder features (..., F) of latents (..., L), under the given columns of `cells` where the model has some."""
        if self.given is not None:
            assert cells is not None and observed is not None, "this model is conditioned on columns"
            condition = self.given(cells[..., self.K :], observed[..., self.K :])
            z = torch.cat([z, condition.expand(*z.shape[:-1], condition.shape[-1])], -1)
        return rounded(self.net.decode, z.flatten(0, -2)).unflatten(0, z.shape[:-1])  # nets see rows

    def told(self, cells: Tensor, context: Tensor) -> Tensor | None:
        """Features (B, F) of what a context shows outside the grid, and of the given columns; None where there are none.

        One cell among hundreds of pixels moves q(z|context) little, so a learned prior is told of it directly.
        """
        if isinstance(self.embed, GridEmbed) and self.embed.beside is not None:
            return self.embed.beside(cells[..., self.layout.grid :], context[..., self.layout.grid :])
        return None if self.given is None else self.given(cells[..., self.K :], context[..., self.K :])

    def likelihood_of(
        self, z: Tensor, cells: Tensor | None = None, observed: Tensor | None = None
    ) -> Columns | GridColumns:
        """p(cell|z), batch shape (..., K)."""
        return self.likelihood(self.decoded(z, cells, observed))

    def latents_from(
        self, law: Distribution, empty: Tensor, temperature: float = 1.0, told: Tensor | None = None,
        label: Tensor | None = None, prior: Distribution | None = None,
    ) -> Tensor:  # fmt: skip
        """Latents (B, L) given contexts' posteriors, or from p(z) where a context is empty; see `priors.normal.from_law`.

        `prior` is that p(z) where it is known already: some cost a pass through the encoder.
        """
        own = getattr(self.prior, "given", None)
        if own is None:
            return from_law(self.prior_law() if prior is None else prior, law, empty, temperature)
        labels = {"label": label} if getattr(self.prior, "labelled", False) else {}
        return torch.as_tensor(own(law, empty, temperature, told, **labels))

    def latents_given(self, cells: Tensor, context: Tensor, temperature: float = 1.0) -> Tensor:
        """Latents (B, L) of rows that agree with what the context shows; of new rows where no modelled cell shows.

        Given columns alone tell N(0, I) nothing: there the decoder depends on them, p(z) does not. A conditional prior does,
        and a learned one is told of them: the latents of real rows are not quite independent of what is given (`told`).

        Names beside an image (a digit) that the context shows choose among several draws, by how probable the draws make them:
        sampling importance resampling (Rubin 1988, Bayesian Statistics 3).
        """
        empty = ~self.unlabelled(context)[:, : self.K].any(1)
        label = None if self.label is None else self.label_of(cells, context)
        law, told = self._posterior_given(cells, context), self.told(cells, context)
        prior = None if hasattr(self.prior, "given") else self.prior_law(cells, context)
        beside = self.layout.plain if self.layout.shape else ()
        named = [self.layout.grid + i for i, field in enumerate(beside) if field.levels]
        if not named or not context[:, named].any():
            return self.latents_from(law, empty, temperature, told, label, prior)
        drawn = [self.latents_from(law, empty, temperature, told, label, prior) for _ in range(CANDIDATES)]
        weight = torch.stack([self._fit(z, cells, context, named) for z in drawn], -1)
        pick = Categorical(logits=weight).sample()
        return torch.stack(drawn)[pick, torch.arange(len(cells), device=cells.device)]

    def _posterior_given(self, cells: Tensor, context: Tensor) -> Distribution:
        """q(z|context); rows of which the same is known all have the same, found once."""
        if len(cells) < 2 or not getattr(self.posterior, "normal", False) or not shared(cells, context):
            return self.posterior_of(cells, context)
        return self.posterior_of(cells[:1], context[:1]).expand(torch.Size((len(cells), self.latents)))

    def _fit(self, z: Tensor, cells: Tensor, context: Tensor, named: list[int]) -> Tensor:
        """Nats of the named cells that the context shows, given latents (B, L): (B,)."""
        features = self.decoded(z[None], cells, context)
        nats = [self.likelihood.only(features, k).log_prob(cells[:, [k]])[0, :, 0] for k in named]
        return torch.stack(nats, -1).where(context[:, named], 0.0).sum(-1)

    def draw(
        self, cells: Tensor, observed: Tensor, context: Tensor | None = None, samples: int = 1, seen: Tensor | None = None
    ) -> Draw:  # fmt: skip
        """Encode what the context shows, draw latents (or go through all values where they are few), decode all cells.

        `seen` are cells for the encoder alone, such as noisy ones.
        """
        posterior = self.posterior_of(cells if seen is None else seen, observed if context is None else context)
        few = getattr(posterior, "enumerated", None)
        z, weights = few() if few is not None else (posterior.rsample(torch.Size((samples,))), None)
        features = self.decoded(z, cells, observed)
        own, known = cells[..., : self.K], observed[..., : self.K]
        if self.training:  # before the law is made: an optimal scale is that of these very rows
            self.likelihood.attend(features, own, known, weights)
        law, prior = self.likelihood(features), self.prior_law(cells, observed)
        return Draw(z, posterior, prior, law, own, known, features, weights)

    # -- the tutorials' names ------------------------------------------------------------------------------------------

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(mu, log-variance) of q(z|x), each (B, L)."""
        posterior: Any = self._posterior(x)
        return posterior.mean, 2 * posterior.stddev.log()

    def _posterior(self, x: Tensor) -> Distribution:
        return self.posterior_of(x.nan_to_num(0.0), ~x.isnan())

    def decode(self, z: Tensor, given: Tensor | None = None) -> Tensor:
        """The mean of p(x|z) in cells, (B, K): probabilities for binary cells, levels for names.

        `given` holds the cells of the columns that the model is conditioned on, (B, G).
        """
        if given is None:
            return self.likelihood_of(z).mean
        cells = torch.cat([given.new_zeros(len(given), self.K), given], -1)
        return self.likelihood_of(z, cells.nan_to_num(0.0), ~cells.isnan()).mean

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(reconstruction, mu, log-variance); the latents are drawn in training and are the mean otherwise."""
        law: Any = self._posterior(x)
        z = law.rsample() if self.training else law.mean
        return self.decode(z, x[:, self.K :] if self.given is not None else None), law.mean, 2 * law.stddev.log()


def shared(cells: Tensor, context: Tensor) -> bool:
    """Whether all rows show the same: cells and context (B, K + G)."""
    return bool((context == context[:1]).all() and ((cells == cells[:1]) | ~context).all())


def assemble(spec: Mapping[str, Any], layout: Layout, *, net: nn.Module | None = None) -> VAE:
    """The model that a complete spec (see `vaekit.presets.complete`) describes, untrained.

    Args:
        spec: parts by name: "net", "posterior", "prior", "likelihood" (a list, one a channel and plain column), "latent",
            "flags", "label" (the name of the label column or None), "gaps" (how many patterns the gaps head knows, None
            without gaps), "train" (whose "ratio_epochs" say whether new rows are corrected).
        layout: the cells of a row.
        net: the user's own net, when the spec says so; the model has a copy of it.

    Raises:
        SpecError: where parts do not fit together.
    """
    label = _label(spec, layout)
    levels = None if label is None else classes(layout.fields[label])
    latents, given = width(spec, levels), list(layout.given)
    kind: Any = net if net is not None else NETS[spec["net"]["kind"]]
    rich = getattr(kind, "rich", False)
    condition = Embed(given, coded=[False] * len(given), squash=rich) if given else None
    inner = latents + (condition.features if condition is not None else 0)
    embed = _embed(spec, layout, on_grid=getattr(kind, "on_grid", False), rich=rich)
    size: Any = embed.size if isinstance(embed, GridEmbed) else embed.features
    if getattr(kind, "on_columns", False) and isinstance(embed, Embed):
        size = embed.columns(layout.K)
    body: Any = specs.build("net", spec["net"], NETS, size, inner) if net is None else adopt(net, embed.features, inner)
    posterior: Any = specs.build(
        "posterior", spec["posterior"], POSTERIORS, body.encoded, spec["latent"], levels=levels
    )
    told = embed.size.beside if isinstance(embed, GridEmbed) else inner - latents
    prior: Any = specs.build(
        "prior", spec["prior"], PRIORS, latents, condition=told, given=len(given), posterior=posterior,
        features=embed.features, levels=levels,
    )  # fmt: skip
    check_prior(prior, posterior)
    if isinstance(embed, GridEmbed):
        grid = GridSize(layout.shape, body.local, body.beside, len(layout.channels))
        likelihood: GridMix | Mix = GridMix(grid, layout, spec["likelihood"])
    else:
        likelihood = Mix(body.decoded, layout.fields, layout.every(spec["likelihood"]))
    patterns = None if spec["gaps"] is None else torch.zeros(spec["gaps"], layout.K, dtype=torch.bool)
    gaps = None if patterns is None else Gaps(body.decoded, patterns, layout.K)
    ratio = Ratio([*layout.fields, *given]) if spec.get("train", {}).get("ratio_epochs") else None
    return VAE(layout, embed, body, posterior, prior, likelihood, condition, gaps, label, ratio)


def width(spec: Mapping[str, Any], levels: int | None = None) -> int:
    """L, how many numbers the latents of a row are: a latent of ten classes is ten of them, and so is a label of as many."""
    kind, options = specs.member("posterior", spec["posterior"], POSTERIORS)
    own = getattr(kind, "width", None)
    if own is None:
        return int(spec["latent"])
    return int(own(spec["latent"], **options, **({} if levels is None else {"levels": levels})))


def classes(label: Field) -> int:
    """The levels of a label, less the one for rare names where no training row has it.

    >>> import numpy as np
    >>> classes(Field("digit", "categorical", levels=3, shares=np.array([0.5, 0.5, 0.0])))
    2
    """
    return label.levels - (label.kind == "categorical" and len(label.shares) > 0 and not label.shares[-1])


def _label(spec: Mapping[str, Any], layout: Layout) -> int | None:
    """The cell of the label, for a posterior or a prior that wants to be told of it."""
    families = {"posterior": POSTERIORS, "prior": PRIORS}
    parts = [(part, specs.member(part, spec[part], kinds)[0]) for part, kinds in families.items()]
    asking = [f"{part} {spec[part]['kind']!r}" for part, kind in parts if getattr(kind, "labelled", False)]
    if not asking:
        return None
    found = [k for k, field in enumerate(layout.fields) if field.name == spec.get("label") and field.levels]
    if len(found) != 1:
        raise SpecError(
            f"{asking[0]}: it needs a label column of names beside the rows, given label={spec.get('label')!r}",
            hint="fit(data, label='column'), a column of classes that may have gaps; streams have none yet",
        )
    return found[0]


def _embed(spec: Mapping[str, Any], layout: Layout, *, on_grid: bool, rich: bool) -> Embed | GridEmbed:
    """What a net on a grid sees, position by position; any other net sees every cell as a column of its own."""
    if on_grid and not layout.shape:
        raise SpecError(
            f"net {spec['net']['kind']!r}: it is for images and windows, these are the rows of a table",
            hint="net='residual' or 'mlp'",
        )
    if on_grid:
        return GridEmbed(layout, flags=spec["flags"], squash=rich)
    coded = [rich and part["kind"] == "histogram" for part in layout.every(spec["likelihood"])]
    coded += [False] * len(layout.given)
    return Embed([*layout.fields, *layout.given], coded=coded, flags=spec["flags"], squash=rich)
