"""Model packs and what they say about a series. Importing this package imports no torch.

`packs` (folders as data), `suitability` (the gate) and `client` (the window's side) are
torch-free; `networks`, `backends` and `saliency` belong to the inference process.
"""
