"""Entitlements: what accounts have been granted, and the one decision about who may watch what.

Every door that lets somebody watch asks `decide`: starting playback, its heartbeats, licences and explanations.
"""

from domain.entitlements.decision import (
    AccessDecision,
    AccessQuestion,
    Entitlement,
    Reason,
    TerritoryRight,
    Window,
    decide,
    question_from_json,
)
from domain.entitlements.grants import (
    DEMO_PLANS,
    Gathered,
    Grant,
    GrantId,
    ensure_plan,
    gather,
    grant_access,
    plans_of,
    revoke_grant,
)
from domain.entitlements.plan import PLAN_TERMS, Plan, PlanTerms

__all__ = [
    "DEMO_PLANS",
    "PLAN_TERMS",
    "AccessDecision",
    "AccessQuestion",
    "Entitlement",
    "Gathered",
    "Grant",
    "GrantId",
    "Plan",
    "PlanTerms",
    "Reason",
    "TerritoryRight",
    "Window",
    "decide",
    "ensure_plan",
    "gather",
    "grant_access",
    "plans_of",
    "question_from_json",
    "revoke_grant",
]
