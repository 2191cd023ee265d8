"""How alike texts are: character n-grams, counted without a vocabulary, and their cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assay.quality.reading import Codes, Floats
from assay.quality.texts.columns import Texts

CHUNK = 20_000
"""Pairs of texts compared at once; bounds the memory."""


def grams(texts: Sequence[str], shortest: int, longest: int) -> tuple[Codes, NDArray[np.uint64], Floats]:
    """Return each text's different character n-grams: its place, a 64-bit hash, and how often it occurs.

    Texts are lowered and a space stands at either end, so that beginnings and ends of words count. All
    n-grams of all texts come from one array of code points, O(characters) per length.

    >>> place, gram, count = grams(["aaa"], 1, 1)
    >>> sorted(count.tolist())
    [2.0, 3.0]
    """
    padded = [f" {' '.join(text.lower().split())} " for text in texts]
    length_N = np.array([len(text) for text in padded])
    code_C = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    text_C = np.repeat(np.arange(len(padded)), length_N)
    left_C = np.repeat(np.cumsum(length_N), length_N) - np.arange(len(code_C))  # to the end of the text
    places, hashes = [], []
    for n in range(shortest, longest + 1):
        hash_C = np.full(max(len(code_C) - n + 1, 0), n, dtype=np.uint64)
        for step in range(n):
            hash_C = _mixed(hash_C ^ code_C[step : step + len(hash_C)])
        whole = left_C[: len(hash_C)] >= n
        places.append(text_C[: len(hash_C)][whole])
        hashes.append(hash_C[whole])
    place, gram = np.concatenate(places), np.concatenate(hashes)
    order = np.lexsort((gram, place))
    place, gram = place[order], gram[order]
    first = np.ones(len(place), dtype=bool)
    first[1:] = (place[1:] != place[:-1]) | (gram[1:] != gram[:-1])
    start = np.flatnonzero(first)
    return place[start], gram[start], np.diff(np.append(start, len(place))).astype(np.float64)


def tf_idf(texts: Sequence[str], shortest: int = 2, longest: int = 4) -> sparse.csr_array:
    """Return unit vectors of TF-IDF weights: (1 + ln count)·(1 + ln((1 + N)/(1 + texts with it)))."""
    place, gram, count = grams(texts, shortest, longest)
    names, column = np.unique(gram, return_inverse=True)
    within = np.bincount(column)
    rare = 1 + np.log((1 + len(texts)) / (1 + within))
    values = (1 + np.log(count)) * rare[column]
    return _unit(sparse.csr_array((values, (place, column)), shape=(len(texts), len(names))))


def hashed(
    texts: Sequence[str], shortest: int = 1, longest: int = 4, dimensions: int = 2048
) -> sparse.csr_array:
    """Return unit vectors of hashed, signed n-gram counts: an encoder that has learned nothing.

    1 + ln count of each n-gram lands, with a random sign, in one of `dimensions` cells; in expectation the
    cosine is that of the n-grams themselves. Rare n-grams weigh what common ones do (no IDF).

    Source: Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009.
    """
    place, gram, count = grams(texts, shortest, longest)
    sign = 1.0 - 2.0 * (gram >> np.uint64(63)).astype(np.float64)
    column = (gram % np.uint64(dimensions)).astype(np.int64)
    values = sign * (1 + np.log(count))
    return _unit(sparse.csr_array((values, (place, column)), shape=(len(texts), dimensions)))


def likeness(texts: Texts, vectors: sparse.csr_array) -> Floats:
    """Return the cosine of each of the texts' `pairs`, in [0, 1]."""
    one_P, other_P = texts.pairs
    alike = [
        np.asarray((vectors[one_P[at : at + CHUNK]] * vectors[other_P[at : at + CHUNK]]).sum(axis=1)).ravel()
        for at in range(0, len(one_P), CHUNK)
    ]
    # Two empty texts are the same text; their vectors are not zero, since a space stands at either end.
    alike_P: Floats = np.clip(np.concatenate([np.zeros(0), *alike]), 0, 1)
    return alike_P


def _mixed(hash_C: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64 bits (the finaliser of SplitMix64)."""
    hash_C = hash_C + np.uint64(0x9E3779B97F4A7C15)
    hash_C = (hash_C ^ (hash_C >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hash_C = (hash_C ^ (hash_C >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    scrambled: NDArray[np.uint64] = hash_C ^ (hash_C >> np.uint64(31))
    return scrambled


def _unit(matrix: sparse.csr_array) -> sparse.csr_array:
    length = np.sqrt(np.asarray((matrix * matrix).sum(axis=1)).ravel())
    return (sparse.diags_array(1 / np.maximum(length, 1e-12)) @ matrix).tocsr()
