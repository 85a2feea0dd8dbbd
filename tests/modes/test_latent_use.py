import numpy as np
import torch

from vaekit.modes.ask import ask
from vaekit.modes.judge import Subject
from vaekit.modes.latent_use import latent_use, moves


def subject(case):
    return Subject(case.model.fitted, ask(case.model.fitted, case.rows), 0, np.arange(len(case.rows)))


@torch.no_grad()
def test_kl_is_that_of_the_posterior(mixed):
    from torch.distributions import Normal, kl_divergence

    asked = subject(mixed).asked
    posterior = mixed.model.fitted.vae.posterior_of(asked.cells, asked.observed)
    expected = kl_divergence(posterior, Normal(0.0, 1.0)).mean(0)
    assert torch.allclose(torch.tensor(latent_use(subject(mixed))["kl"]), expected, atol=1e-4)


@torch.no_grad()
def test_an_idle_latent_moves_nothing_and_is_not_active(mixed):
    from copy import deepcopy

    case = deepcopy(mixed)
    vae = case.model.fitted.vae
    decode, encode = vae.net.decode, vae.posterior_of
    vae.net.decode = lambda z: decode(z * torch.tensor([0.0] + [1.0] * (vae.latents - 1)))

    def blind(cells, context):
        law = encode(cells, context)
        mean = law.mean.clone()
        mean[:, 0] = 0.0
        return torch.distributions.Normal(mean, law.stddev)

    vae.posterior_of = blind
    use = latent_use(subject(case))
    assert all(change < 1e-5 for change in moves(subject(case))[0].values())
    assert use["activity"][0] == 0.0
    assert use["active_units"] < vae.latents
