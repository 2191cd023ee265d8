"""The tables, one file per noun. A row can become a record, and no more."""

from assay.platform.models.item import ItemRow, SampleRow
from assay.platform.models.judgment import JudgmentRow
from assay.platform.models.person import InvitationRow, PersonRow
from assay.platform.models.project import BriefRow, MembershipRow, ProjectRow, Role
from assay.platform.models.work import LeaseRow, WorkRow

__all__ = [
    "BriefRow",
    "InvitationRow",
    "ItemRow",
    "JudgmentRow",
    "LeaseRow",
    "MembershipRow",
    "PersonRow",
    "ProjectRow",
    "Role",
    "SampleRow",
    "WorkRow",
]
