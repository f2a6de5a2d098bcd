"""Accounts and the audit trail, for administrators."""
