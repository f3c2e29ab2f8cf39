"""Sparse matrices, float32, in compressed rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def filled(rows: Sequence[Mapping[int, float]], width: int) -> Any:
    """(len(rows), width) from the columns of each row and their values."""
    from scipy.sparse import csr_matrix

    columns = np.fromiter((column for row in rows for column in row), dtype=np.int64)
    values = np.fromiter((value for row in rows for value in row.values()), dtype=np.float32)
    return csr_matrix((values, columns, np.cumsum([0, *map(len, rows)])), shape=(len(rows), width))


def ones(rows: Sequence[Sequence[int]], width: int) -> Any:
    """(len(rows), width) with a one at every column that a row lists."""
    return filled([dict.fromkeys(row, 1.0) for row in rows], width)


def scaled(matrix: Any, rows: NDArray[np.float32] | None = None, columns: NDArray[np.float32] | None = None) -> Any:
    """A copy with every row and every column times a number of its own."""
    from scipy.sparse import diags

    left = matrix if rows is None else diags(rows) @ matrix
    return (left if columns is None else left @ diags(columns)).tocsr().astype(np.float32)


def unit_rows(matrix: Any) -> Any:
    """A copy whose rows have length 1, but for empty ones."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), dtype=np.float32)).ravel()
    return scaled(matrix, rows=(1.0 / np.where(lengths > 0, lengths, 1.0)).astype(np.float32))


def without_diagonal(matrix: Any) -> Any:
    """A copy with nothing on the diagonal."""
    copy = matrix.tocsr().copy()
    copy.setdiag(0)
    copy.eliminate_zeros()
    return copy


def packed(name: str, matrix: Any, kind: type = np.float16) -> dict[str, Any]:
    """Arrays for np.savez, from which `unpacked` makes the matrix again."""
    matrix = matrix.tocsr()
    return {
        f"{name}_data": matrix.data.astype(kind),
        f"{name}_indices": matrix.indices.astype(np.int32),
        f"{name}_indptr": matrix.indptr.astype(np.int32),
        f"{name}_width": np.array(matrix.shape[1]),
    }


def unpacked(name: str, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Raises KeyError and ValueError when arrays are missing or do not fit each other."""
    from scipy.sparse import csr_matrix

    indptr = arrays[f"{name}_indptr"]
    parts = (arrays[f"{name}_data"].astype(np.float32), arrays[f"{name}_indices"], indptr)
    return csr_matrix(parts, shape=(len(indptr) - 1, int(arrays[f"{name}_width"])))
