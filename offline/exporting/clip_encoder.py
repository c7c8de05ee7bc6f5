"""CLIP's layers for pictures, written down so that a processor has less to do. Imports torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.clip.modeling_clip import CLIPEncoderLayer

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@contextmanager
def lean_encoder(model: "SentenceTransformer") -> Iterator[None]:
    """Have a CLIP's pictures go through the layers below meanwhile; other models are left alone."""
    towers = [
        module
        for module in model.modules()
        if hasattr(module, "post_layernorm") and _is_clips(getattr(module, "encoder", None))
    ]
    parts = [(tower, tower.encoder, tower.embeddings.patch_embedding) for tower in towers]
    for tower, encoder, patches in parts:
        tower.encoder = LeanEncoder(encoder.layers, tower.embeddings.num_positions)
        tower.embeddings.patch_embedding = LeanPatches(patches, tower.embeddings.image_size)
    try:
        yield
    finally:
        for tower, encoder, patches in parts:
            tower.encoder, tower.embeddings.patch_embedding = encoder, patches


def _is_clips(encoder: Any) -> bool:
    layers = getattr(encoder, "layers", ())
    return bool(layers) and all(isinstance(layer, CLIPEncoderLayer) for layer in layers)


class LeanPatches(torch.nn.Module):  # type: ignore[misc] # torch has no types here
    """The embedding of patches as a product of matrices.

    It is a convolution whose steps are as wide as its kernel, so that no pixel is used twice. As a
    product it saves a hundredth or two of the network's time.
    """

    def __init__(self, convolution: Any, side: int) -> None:
        super().__init__()
        self.patch, _ = convolution.kernel_size
        self.grid = side // self.patch  # patches side by side
        self.seen = self.grid * self.patch  # a convolution leaves out what is no whole patch, too
        self.weight = torch.nn.Parameter(convolution.weight.detach().flatten(1).T.contiguous())

    def forward(self, pixels: Any) -> Any:
        """Give (n, width, grid, grid) for (n, 3, side, side)."""
        grid, patch = self.grid, self.patch
        if self.seen != pixels.shape[-1]:
            pixels = pixels[:, :, : self.seen, : self.seen]
        patches = pixels.reshape(-1, 3, grid, patch, grid, patch).permute(0, 2, 4, 1, 3, 5)
        embedded = patches.reshape(-1, grid * grid, 3 * patch * patch) @ self.weight
        return embedded.transpose(1, 2).reshape(-1, self.weight.shape[1], grid, grid)


class LeanEncoder(torch.nn.Module):  # type: ignore[misc] # torch has no types here
    """The same sums as those of transformers, without what an embedding does not need.

    Of the last layer only the first token, that of the class, becomes the embedding. The other
    ones speak to it through their keys and values, but what the layer makes of themselves nobody
    reads: one part in fourteen of a ViT-B/32. And all shapes but the number of pictures are
    written into the graph as numbers; traced, they would be hundreds of operations.
    """

    def __init__(self, layers: Any, tokens: int) -> None:
        super().__init__()
        self.layers = layers
        self.tokens = tokens  # of a picture

    def forward(self, inputs_embeds: Any, **_: Any) -> BaseModelOutput:
        """Give the class token of each picture, (n, 1, width), for (n, tokens, width)."""
        *layers, last = self.layers
        tokens = inputs_embeds
        for layer in layers:
            normed = layer.layer_norm1(tokens)
            heard = self._heard(layer.self_attn, normed, normed, listeners=self.tokens)
            tokens = _told(layer, tokens, heard)
        normed = last.layer_norm1(tokens)
        heard = self._heard(last.self_attn, normed[:, :1], normed, listeners=1)
        return BaseModelOutput(last_hidden_state=_told(last, tokens[:, :1], heard))

    def _heard(self, attention: Any, listening: Any, speaking: Any, *, listeners: int) -> Any:
        """What the first tokens of each picture hear from all: (n, listeners, width)."""

        def by_head(tokens: Any, count: int) -> Any:
            shape = -1, count, attention.num_heads, attention.head_dim
            return tokens.reshape(shape).transpose(1, 2)

        queries = by_head(attention.q_proj(listening), listeners)
        keys = by_head(attention.k_proj(speaking), self.tokens)
        values = by_head(attention.v_proj(speaking), self.tokens)
        shares = torch.softmax(queries @ keys.transpose(2, 3) * attention.scale, dim=-1)
        heard = (shares @ values).transpose(1, 2)
        return attention.out_proj(heard.reshape(-1, listeners, attention.embed_dim))


def _told(layer: Any, tokens: Any, heard: Any) -> Any:
    """What the rest of a layer makes of tokens and of what they heard."""
    tokens = tokens + heard
    return tokens + layer.mlp(layer.layer_norm2(tokens))
