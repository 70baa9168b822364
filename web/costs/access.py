"""Shared by the pages of the costs: the hearing, and who is looking: staff of its States, or who claims costs."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from hearings import errors, queries
from hearings.actors import Actor
from hearings.costs import claims
from hearings.costs.claims import ClaimFile
from hearings.models import Hearing, Participant
from hearings.permissions import may
from web.server import view_log as shown
from web.server.sign_in import SignedIn, may_on, seat, signed_in


@dataclass(frozen=True)
class CostsAccess:
    """A login that may see something of the costs of a hearing, with its participant there, if it has one."""

    signed: SignedIn
    hearing: Hearing
    seat: Participant | None

    @property
    def actor(self) -> Actor:
        """Who acts: staff by their functions, whoever came by a link by their role."""
        return self.signed.actor(self.seat)

    @property
    def staff(self) -> bool:
        """Whether this is a member of staff of one of the two States."""
        return self.signed.person is not None

    @property
    def claims(self) -> bool:
        """Whether this person may claim costs of their own."""
        return self.seat is not None and may("claim_costs", self.seat.role, own=True).allowed

    def may(self, right: str) -> bool:
        """Whether this is staff with a right on this hearing."""
        return self.signed.person is not None and may_on(right, self.signed.person, self.hearing)


async def access_to(db: AsyncSession, request: Request, *, lock: bool = False) -> CostsAccess:
    """The access of a login. Raises 401; `NotFound`, alike for an unknown hearing and for one of other States.

    Effects: if the response displays the hearing, the view is recorded for the owning State (`web.server.view_log`).
    """
    signed, ref = signed_in(request), request.path_params["ref"]
    try:
        hearing, own = await seat(db, signed, ref)
    except errors.NotFound:
        if signed.person is None:
            raise
        hearing, own = await queries.hearing(db, ref, state=signed.state), None
    if lock:
        hearing = await queries.get(db, Hearing, hearing.id, lock=True)
    shown.add(request, hearing)
    return CostsAccess(signed, hearing, own)


async def staff_access(db: AsyncSession, request: Request, *, lock: bool = False) -> CostsAccess:
    """As `access_to`, for staff who read the costs. Raises `NotFound` for others."""
    access = await access_to(db, request, lock=lock)
    if not access.may("read_costs"):
        raise errors.NotFound
    return access


async def claim_of(db: AsyncSession, request: Request, *, lock: bool = False) -> tuple[CostsAccess, ClaimFile]:
    """The claim named in the path, for who may read it. Raises as `access_to`, and `NotFound`."""
    access = await access_to(db, request, lock=lock)
    found = await claims.of_id(db, access.hearing, request.path_params["claim"], actor=access.actor, lock=lock)
    return access, found
