"""Publications on the hosted status page: each once, and in order for each component."""

from functools import partial

from bot.domain.status.effects import CopyPublication
from bot.domain.status.publication import Publication
from bot.ports import OutboxItem, PublicReport, Rejected
from bot.services.status.public_status import PublicStatus
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler, delivers


@delivers(CopyPublication)
class PublicationHandler(EffectHandler[CopyPublication]):
    def attempt(self, effect: CopyPublication, item: OutboxItem, tx: Transaction) -> Attempt | None:
        """Prepare it. What has no report there and works again needs none: only its state is set."""
        del item
        publication = tx.session.publications.get(effect.publication)
        component = tx.policy.status.hosted.get(effect.component)
        if publication is None or component is None or publication.report:
            return None
        earlier = PublicStatus(tx).report_of(publication)
        report = _report(publication, component)
        if publication.is_over and earlier is None:
            return Attempt(call=partial(self._set_state, report))

        def on_success(tx: Transaction, ident: str) -> None:
            PublicStatus(tx).copied(publication.number, ident)

        return Attempt(
            call=partial(self._publish, report, earlier),
            find_earlier=lambda: self.clients.hosted_page.find(report),
            on_success=on_success,
        )

    def _set_state(self, report: PublicReport) -> None:
        self.clients.hosted_page.set_state(report.component, report.level)

    def _publish(self, report: PublicReport, earlier: str | None) -> str:
        """Add an update to the trouble's report. Begin one if there is none, or if somebody deleted it."""
        page = self.clients.hosted_page
        if earlier:
            try:
                page.add_update(earlier, report)
            except Rejected as rejected:
                if rejected.code != "gone":
                    raise
            else:
                return earlier
        return page.open_report(report)

    def on_giving_up(self, effect: CopyPublication, tx: Transaction, why: str) -> None:
        """Show the words to those who can put them there by hand."""
        PublicStatus(tx).not_copied(effect.publication, effect.host, why)


def _report(publication: Publication, component: str) -> PublicReport:
    return PublicReport(
        component=component,
        level=publication.level,
        stage=publication.stage,
        name=f"{publication.title}: {publication.state_title}",
        words=publication.words,
        mark=publication.mark,
    )
