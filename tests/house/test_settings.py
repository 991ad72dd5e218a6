"""Rules that bind settings to each other."""

from __future__ import annotations

import pytest

from bot.domain.errors import SettingsError
from bot.settings import load


@pytest.mark.parametrize("rate", ["31", "1000"])
def test_faster_than_telegram_gives_for_nothing_needs_the_consent_to_pay(
    rate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIL_ALERT_RATE", rate)
    with pytest.raises(SettingsError, match="VIGIL_ALERT_PAID must be 1"):
        load()
    monkeypatch.setenv("VIGIL_ALERT_PAID", "1")
    assert load().alert_rate == float(rate)


@pytest.mark.parametrize("rate", ["0", "1001", "fast"])
def test_a_rate_that_telegram_does_not_know_is_refused(
    rate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIL_ALERT_PAID", "1")
    monkeypatch.setenv("VIGIL_ALERT_RATE", rate)
    with pytest.raises(SettingsError, match="VIGIL_ALERT_RATE"):
        load()


def test_thirty_a_second_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIL_ALERT_RATE", "30")
    assert not load().alert_paid
