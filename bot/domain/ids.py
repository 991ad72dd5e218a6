"""Names for the things the program tells apart; an id never has a default."""

from __future__ import annotations

from typing import NewType

PersonId = NewType("PersonId", str)
"""Keyed pseudonym of somebody on a channel: HMAC of (channel, address), hex. Not reversible."""

CaseId = NewType("CaseId", str)
"""Random, says nothing of person or time."""

AlertId = NewType("AlertId", str)
"""Random; its short reference is what people see."""

FlowId = NewType("FlowId", str)
StepId = NewType("StepId", str)
FlowHash = NewType("FlowHash", str)
"""First 16 hex digits of the SHA-256 of a flow's meaning; sessions pin it."""

OutboxId = NewType("OutboxId", str)
TimerId = NewType("TimerId", str)
ChannelName = NewType("ChannelName", str)
LanguageTag = NewType("LanguageTag", str)
"""BCP 47, as in locales/languages.yaml: `en`, `es`, `ar`, `pt` …"""

CoordinatorId = NewType("CoordinatorId", str)
"""Random; an alias is what people see."""
PlanId = NewType("PlanId", str)
"""A check-in plan: random, says nothing of person, case or time."""

ContactId = NewType("ContactId", str)
"""A trusted contact of a check-in plan's owner: random."""
