"""What a whole project says about routing; each model's own part is with the model."""

from __future__ import annotations

from fastapi import APIRouter

from madang.calls.operation import Vendor
from madang_server.http.access import ProjectEditor, ProjectReader
from madang_server.http.database import Reading, Transaction
from madang_server.http.surroundings import Now
from madang_server.models.project_routing import policy_block_vendors, set_policy_block_vendors
from madang_server.studio.shapes import Sent, Shown

router = APIRouter(prefix="/projects/{project_id}/routing", tags=["models"])


class ProjectRouting(Shown):
    """`policy_block_vendors` may be asked after another vendor's content filter refused; without any a refusal is final."""

    policy_block_vendors: list[str]


class ProjectRoutingInput(Sent):
    policy_block_vendors: list[Vendor]


@router.get("")
def get_routing(access: ProjectReader, reading: Reading) -> ProjectRouting:
    """The project's routing settings."""
    return ProjectRouting(policy_block_vendors=list(policy_block_vendors(reading, access.project_id)))


@router.put("")
def set_routing(body: ProjectRoutingInput, access: ProjectEditor, now: Now, writing: Transaction) -> ProjectRouting:
    """Replace the project's routing settings."""
    chosen = set_policy_block_vendors(writing, access.project_id, body.policy_block_vendors, now=now)
    return ProjectRouting(policy_block_vendors=list(chosen))
