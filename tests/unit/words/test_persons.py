"""Names and ages as they are read."""

from __future__ import annotations

import pytest

from viewer.words.persons import age_on, spoken_name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("DOE^JANE^^DR", "DOE JANE DR"),
        ("Yamada^Tarou=山田^太郎", "山田 太郎 (Yamada Tarou)"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田 太郎 (Yamada Tarou, やまだ たろう)"),
        ("=山田^太郎", "山田 太郎"),
        ("^^", ""),
        ("", ""),
    ],
)
def test_names(name: str, said: str) -> None:
    assert spoken_name(name) == said


@pytest.mark.parametrize(
    ("born", "day", "stated", "age"),
    [
        ("20220114", "20260302", "", "004Y"),
        ("2022.01.14", "2026-03-02", "", "004Y"),
        ("20260101", "20260115", "", "014D"),
        ("20250601", "20260302", "", "009M"),
        ("19000101", "20260302", "", "126Y"),
        ("", "20260302", "004Y", "004Y"),
        ("20300101", "20260302", "", ""),
    ],
)
def test_the_age_goes_by_the_birth_date_then_by_the_file(born: str, day: str, stated: str, age: str) -> None:
    assert age_on(born, day, stated) == age
