"""Following: hear of an incident without its channel, by direct message or by e-mail."""

from bot.commands.arguments import MailAddress, ServiceNames
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.incident.following import service_subject, severity_subject
from bot.domain.incident.incident import Incident
from bot.domain.policy import Severity
from bot.domain.subject import Subject
from bot.services.incident.followings import Followings

# --- one incident ---


@command("incident follow [<id>]", allow="everyone")
def follow(request: Request, incident: Incident, *, followings: Followings) -> Reply:
    """Get its updates, changes of severity and phase, and its end as direct messages, without joining the channel."""
    is_new = followings.follow(incident, by=request.user)
    return _followed(incident, followings, is_new=is_new)


@command("incident follow by mail <address>")
def follow_by_mail(
    request: Request, incident: Incident, address: MailAddress, *, followings: Followings
) -> Reply:
    """Send the same by e-mail to somebody without Slack. Each mail has a link that ends it."""
    is_new = followings.follow(incident, by=request.user, address=address)
    return _followed(incident, followings, is_new=is_new, address=address)


@command("incident unfollow [<id>]", allow="everyone")
def unfollow(request: Request, incident: Incident, *, followings: Followings) -> Reply:
    """Get no more messages about it."""
    is_new = followings.unfollow(incident, request.user)
    return Reply(
        "incident/unfollowed", {"incident": incident, "is_new": is_new, "address": None}, discreet=True
    )


@command("incident unfollow by mail <address>")
def unfollow_by_mail(incident: Incident, address: MailAddress, *, followings: Followings) -> Reply:
    """Send no more mail about it to this address."""
    is_new = followings.unfollow(incident, address)
    facts = {"incident": incident, "is_new": is_new, "address": address}
    return Reply("incident/unfollowed", facts, discreet=True)


@command("incident followers [<id>]", reads=True)
def followers(incident: Incident, *, followings: Followings) -> Reply:
    """Show who follows it, by direct message and by mail."""
    return Reply(
        "incident/followers", {"incident": incident, "followers": followings.of(incident)}, discreet=True
    )


@command("incident following", allow="everyone", reads=True)
def following(request: Request, *, followings: Followings) -> Reply:
    """Show what you follow."""
    return Reply("incident/followings", {"followings": followings.of_person(request.user)}, discreet=True)


# --- each incident of a service or a severity ---


@command("incident follow service|services <services> [by mail <address>]")
def follow_services(
    request: Request, services: ServiceNames, address: MailAddress | None, *, followings: Followings
) -> Reply:
    """Follow each public incident that affects these services, from its beginning. Drills are left out."""
    return _follow_each(request, followings, address, *map(service_subject, services))


@command("incident follow severity <severity> [by mail <address>]")
def follow_severity(
    request: Request, severity: Severity, address: MailAddress | None, *, followings: Followings
) -> Reply:
    """Follow each public incident of this severity, from when it has it. Drills are left out."""
    return _follow_each(request, followings, address, severity_subject(severity.key))


@command("incident unfollow service|services <services> [by mail <address>]")
def unfollow_services(
    request: Request, services: ServiceNames, address: MailAddress | None, *, followings: Followings
) -> Reply:
    """Follow these services no more, nor the incidents that came of it."""
    return _unfollow_each(request, followings, address, *map(service_subject, services))


@command("incident unfollow severity <severity> [by mail <address>]")
def unfollow_severity(
    request: Request, severity: Severity, address: MailAddress | None, *, followings: Followings
) -> Reply:
    """Follow this severity no more, nor the incidents that came of it."""
    return _unfollow_each(request, followings, address, severity_subject(severity.key))


def _followed(
    incident: Incident, followings: Followings, *, is_new: bool, address: MailAddress | None = None
) -> Reply:
    facts = {**followings.state(incident), "is_new": is_new, "address": address}
    return Reply("incident/following", facts, discreet=True)


def _follow_each(
    request: Request, followings: Followings, address: MailAddress | None, *subjects: Subject
) -> Reply:
    new = [it for it in subjects if followings.follow_each(it, by=request.user, address=address)]
    facts = {"subjects": [it.ref for it in subjects], "is_new": bool(new), "address": address}
    return Reply("incident/following_each", facts, discreet=True)


def _unfollow_each(
    request: Request, followings: Followings, address: MailAddress | None, *subjects: Subject
) -> Reply:
    reader = address or request.user
    ended = [it for it in subjects if followings.unfollow_each(it, reader)]
    facts = {"subjects": [it.ref for it in subjects], "is_new": bool(ended), "address": address}
    return Reply("incident/unfollowed_each", facts, discreet=True)
