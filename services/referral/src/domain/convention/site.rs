//! At which sites an appointment may be booked under a convention: without asking again, and when it is asked.

use relais_platform::ids::{Child, OrganisationId, SiteId};

use super::{Failure, Line, LineScope, Rule, Terms, Why};

/// The sites at which an appointment of a referral may be booked that wishes for `site`, or has its place there, without the convention
/// being asked; none: every site. Where a line commits places for each site, that one alone: for another one the place has to move.
pub fn booking_sites(terms: &Terms, provider: OrganisationId, site: Option<Child<SiteId>>) -> Option<Vec<SiteId>> {
    if line_of_each(terms).is_some() {
        return Some(site.into_iter().map(|site| site.id).collect());
    }
    let here = terms.sites.iter().filter(|site| site.organisation == provider).map(|site| site.id);
    (!terms.sites.is_empty()).then(|| here.collect())
}

/// Whether patients are received at a site.
///
/// # Errors
/// The rule that fails.
pub fn judge_site(terms: &Terms, site: Child<SiteId>) -> Result<(), Vec<Failure>> {
    if terms.sites.is_empty() || terms.sites.contains(&site) {
        return Ok(());
    }
    Err(out_of_scope(terms, site.organisation, "terms.sites", Why::OtherSite))
}

/// Whether a referral may be sent on to a provider, at a site or wherever: where a line commits places for each site one has to be named,
/// or nothing would limit it.
///
/// # Errors
/// The rule that fails.
pub fn judge_redirection(
    terms: &Terms,
    provider: OrganisationId,
    site: Option<Child<SiteId>>,
) -> Result<(), Vec<Failure>> {
    match (site, line_of_each(terms)) {
        (Some(site), _) => judge_site(terms, site),
        (None, Some(line)) => Err(out_of_scope(terms, provider, "terms.lines", Why::NoSite(line.line_id.clone()))),
        (None, None) if booking_sites(terms, provider, None).is_some_and(|sites| sites.is_empty()) => {
            Err(out_of_scope(terms, provider, "terms.sites", Why::OtherSite))
        }
        (None, None) => Ok(()),
    }
}

/// The first line that commits places for each site.
fn line_of_each(terms: &Terms) -> Option<&Line> {
    let of_each = |line: &&Line| line.is_metered() && line.committed.is_some() && line.scope == LineScope::Site;
    terms.lines.iter().find(of_each)
}

fn out_of_scope(terms: &Terms, provider: OrganisationId, term: &'static str, why: Why) -> Vec<Failure> {
    let own = terms.sites.iter().filter(|site| site.organisation == provider);
    vec![Failure { rule: Rule::SiteNotInScope, term, why, passes: own.map(ToString::to_string).collect() }]
}

#[cfg(test)]
mod tests {
    use super::super::{Conditions, CountedFrom, LineKind};
    use super::*;

    fn terms(sites: Vec<Child<SiteId>>, scope: LineScope) -> Terms {
        let line = Line {
            kind: LineKind::Soft,
            committed: Some(5),
            scope,
            counted_from: CountedFrom::Attendance,
            ..Line::counted_acts("places")
        };
        Terms {
            parties: Vec::new(),
            services: Vec::new(),
            lines: vec![Line::counted_acts("analyses"), line],
            start_date: "2026-01-01".parse().unwrap(),
            end_date: "2026-12-31".parse().unwrap(),
            sites,
            exclusive: false,
            conditions: Conditions::default(),
        }
    }

    fn sites() -> (OrganisationId, [Child<SiteId>; 3]) {
        let provider = OrganisationId::draw();
        let own = || Child::new(provider, SiteId::draw());
        (provider, [own(), own(), Child::new(OrganisationId::draw(), SiteId::draw())])
    }

    #[test]
    fn a_booking_is_judged_again_at_a_site_that_the_convention_or_a_line_tells_from_others() {
        let (provider, [here, there, foreign]) = sites();
        let all = terms(Vec::new(), LineScope::All);
        assert_eq!(booking_sites(&all, provider, Some(here)), None);
        let limited = terms(vec![here, there, foreign], LineScope::All);
        assert_eq!(booking_sites(&limited, provider, None), Some(vec![here.id, there.id]));
        let each = terms(vec![here, there], LineScope::Site);
        assert_eq!(booking_sites(&each, provider, Some(here)), Some(vec![here.id]));
        assert_eq!(booking_sites(&each, provider, None), Some(Vec::new()));
        let counted = Terms { lines: vec![Line { scope: LineScope::Site, ..Line::counted_acts("seen") }], ..all };
        assert_eq!(booking_sites(&counted, provider, Some(here)), None, "nothing is committed that would move");
    }

    #[test]
    fn a_site_is_one_of_the_conventions_and_others_of_the_provider_would_pass() {
        let (_, [here, there, foreign]) = sites();
        assert_eq!(judge_site(&terms(Vec::new(), LineScope::Site), there), Ok(()));
        let limited = terms(vec![here, foreign], LineScope::All);
        assert_eq!(judge_site(&limited, here), Ok(()));
        let failed = judge_site(&limited, there).unwrap_err().remove(0);
        assert_eq!((failed.rule, failed.term, failed.why), (Rule::SiteNotInScope, "terms.sites", Why::OtherSite));
        assert_eq!(failed.passes, [here.to_string()]);
    }

    #[test]
    fn who_is_sent_on_names_a_site_where_each_counts() {
        let (provider, [here, there, foreign]) = sites();
        let each = terms(vec![here, foreign], LineScope::Site);
        assert_eq!(judge_redirection(&each, provider, Some(here)), Ok(()));
        assert_eq!(judge_redirection(&each, provider, Some(there)).unwrap_err()[0].why, Why::OtherSite);
        let failed = judge_redirection(&each, provider, None).unwrap_err().remove(0);
        assert_eq!((failed.term, failed.why), ("terms.lines", Why::NoSite("places".into())));
        assert_eq!(failed.passes, [here.to_string()]);
        let limited = terms(vec![foreign], LineScope::All);
        assert_eq!(judge_redirection(&limited, foreign.organisation, None), Ok(()), "the booking is judged");
        assert_eq!(judge_redirection(&limited, provider, None).unwrap_err()[0].why, Why::OtherSite);
        assert_eq!(judge_redirection(&terms(Vec::new(), LineScope::All), provider, None), Ok(()));
    }
}
