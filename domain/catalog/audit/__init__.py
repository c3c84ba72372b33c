"""The log of editorial work: who changed what, when, with the rows before and after.

Triggers write it, so nothing that changes the catalog can leave it out, and a trigger refuses to change or delete
what it says. A verb only tells the transaction on whose behalf it acts.
"""

from domain.catalog.audit.log import AuditEntry, FieldChange, Operation, acting, as_editor, as_service, audit_log

__all__ = ["AuditEntry", "FieldChange", "Operation", "acting", "as_editor", "as_service", "audit_log"]
