"""The admin of remediation. Importing the modules registers their pages."""

from remediation.admin import incidents, policies, records

__all__ = ["incidents", "policies", "records"]
