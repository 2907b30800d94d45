"""What highdicom refuses becomes words; a fault of our own stays one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset

from viewer.core.errors import OutputError
from viewer.reporting.origin import attempt
from viewer.reporting.planes import IDENTITY, complete


def test_a_refusal_of_the_library_is_said_without_its_words() -> None:
    secret = "DOE^JANE " * 10
    with pytest.raises(OutputError) as caught:
        attempt("A structured report", lambda: CodedConcept("1", "99X", secret))
    assert caught.value.code == "not_representable"
    assert caught.value.what.startswith("A structured report could not be made")
    assert "DOE" not in caught.value.text
    assert "64" not in caught.value.text


def misspelt() -> Any:
    return CodedConcept(valu="1")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: Dataset().NoSuchThing, AttributeError),
        (lambda: {}["row"], KeyError),
        (lambda: next(iter(())), StopIteration),
        (lambda: int("x"), ValueError),
        (misspelt, TypeError),
    ],
)
def test_a_fault_of_our_own_is_not_dressed_as_a_refusal(make: Callable[[], Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        attempt("A structured report", make)


@pytest.mark.parametrize("keyword", IDENTITY)
def test_a_source_without_identity_is_refused_in_words(keyword: str) -> None:
    header = Dataset()
    for name in IDENTITY:
        setattr(header, name, "1.2.3")
    complete(header)
    delattr(header, keyword)
    with pytest.raises(OutputError, match=f"lacks {keyword}") as caught:
        complete(header)
    assert caught.value.code == "not_representable"
