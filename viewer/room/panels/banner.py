"""What is said while pictures of two patients are on screen."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.room.events import SettingsChanged
from viewer.room.room import Room
from viewer.session import Session, StudiesChanged, StudyClosed, ViewsChanged
from viewer.words.i18n import tr
from viewer.words.people import patient_name


@dataclass(frozen=True, slots=True)
class BannerView:
    """The patients on screen: the key of each and the name to call them by; none while there are not two."""

    patients: tuple[tuple[str, str], ...] = ()


#: After these events it is to be built anew.
HEARS = (StudiesChanged, StudyClosed, ViewsChanged, SettingsChanged)


def state(session: Session, room: Room) -> BannerView:
    """The patients on screen where there are two or more."""
    patients = session.people_shown
    if len(patients) < 2:
        return BannerView()
    hide = room.context.settings.hide_patient_name
    named = (
        (person.key, tr("patient {letter}", letter=letter) if hide else patient_name(person.patient))
        for letter, person in zip("ABCDEFGH", patients, strict=False)
    )
    return BannerView(tuple(named))
