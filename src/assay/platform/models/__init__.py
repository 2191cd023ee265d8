"""The tables, one file per noun. A row can become a record, and no more."""

from assay.platform.models.arena import BattleRow, EntrantRow
from assay.platform.models.item import AttachmentRow, ItemRow, SampleRow
from assay.platform.models.judgment import JudgmentRow
from assay.platform.models.person import EvidenceRow, InvitationRow, OwnNumbersRow, PersonRow, SkillRow
from assay.platform.models.pilot import ArmRow, EdgeCaseRow, ExperimentRow, PilotRow
from assay.platform.models.project import BriefRow, EndpointRow, MembershipRow, ProjectRow, Role, State
from assay.platform.models.review import AdjudicationRow, ReviewRow
from assay.platform.models.work import FlagRow, GoldRow, LeaseRow, TurnRow, WorkRow

__all__ = [
    "AdjudicationRow",
    "ArmRow",
    "AttachmentRow",
    "BattleRow",
    "BriefRow",
    "EdgeCaseRow",
    "EndpointRow",
    "EntrantRow",
    "EvidenceRow",
    "ExperimentRow",
    "FlagRow",
    "GoldRow",
    "InvitationRow",
    "ItemRow",
    "JudgmentRow",
    "LeaseRow",
    "MembershipRow",
    "OwnNumbersRow",
    "PersonRow",
    "PilotRow",
    "ProjectRow",
    "ReviewRow",
    "Role",
    "SampleRow",
    "SkillRow",
    "State",
    "TurnRow",
    "WorkRow",
]
