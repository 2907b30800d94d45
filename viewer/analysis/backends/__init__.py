"""What runs a network: one small class a library, all called alike.

A backend is a callable `infer`: float32 batch [N, C, (K,) J, I] -> tuple of float32 arrays,
with a `name` ("torch 2.13.0"), a `device` ("cpu", "cuda") and the fallbacks it took.
"""
