"""The letters that name the dimensions of every array, the only single letters in the house.

| letter | counts | example |
|---|---|---|
| S | samples of the latents per row (Monte Carlo) | a log-probability per sample, row and cell: `(S, B, K)` |
| B | rows, of a table or of a batch | a score per row: `(B,)` |
| K | cells of a row: one per modelled column, pixel, or time step and channel | `cells (B, K)`, `observed (B, K)` |
| F | features inside a net | the encoder's output: `(B, F)` |
| L | latents | `mean (B, L)`, `log_variance (B, L)`, a draw `z (S, B, L)` |
| C | components of a mixture, or levels of a categorical column | responsibilities: `(B, C)` |
| T | time steps of a window | the numbers of its steps in the stream: `(B, T)` |
| H | rows of pixels of an image, its height | a grey image: `(B, H, W)` |
| W | pixels in a row of an image, its width | an image with colours: `(B, H, W, C)` |
| N | steps of a stream | a score per step: `(N,)` |

Sums run over the last letters first: the evidence lower bound of a row is

    bound (B,) = mean over S of [ sum over K of log p(cell | z) (S, B, K)  -  KL(q(z|x) || p(z)) (B,) ]

and all of it is in nats, unless a name ends in `_bits`.
"""
