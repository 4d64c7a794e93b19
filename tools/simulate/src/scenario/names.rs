//! Checks that what events name is there: a typing error would play another scenario, and say nothing.

use std::collections::BTreeSet;

use super::{Chosen, Mishap, Scenario, Traffic, What};
use crate::{ParseError, show::listed};

/// Most revisions that an error lists.
const LISTED: usize = 8;

impl Scenario {
    /// Finds the first event about a revision that no route of the scenario ever has. In the order of the file, so that
    /// the number of the event is that of its author.
    pub(super) fn check_names(&self) -> Result<(), ParseError> {
        let known = self.revisions();
        for (i, event) in self.events.iter().enumerate() {
            let Some((key, revision)) = event.what.revision() else { continue };
            if !known.contains(revision) {
                return Err(ParseError::UnknownRevision {
                    key: format!("events[{i}].{key}"),
                    revision: revision.to_owned(),
                    known: listed(&known, LISTED),
                });
            }
        }
        Ok(())
    }

    /// The revisions that routes have: those that are there, the stable one, and all that are deployed.
    fn revisions(&self) -> BTreeSet<&str> {
        let mut revisions: BTreeSet<&str> = match &self.old {
            Some(old) => old.iter().map(|old| old.revision.as_str()).collect(),
            None => [super::USUAL_REVISION].into(),
        };
        revisions.insert(&self.deploying_revision);
        revisions.extend(self.stable_revision.as_deref());
        revisions.extend(self.events.iter().filter_map(|event| match &event.what {
            What::Deploy(revision) => Some(revision.as_str()),
            _ => None,
        }));
        revisions
    }
}

impl What {
    /// The revision whose routes it happens to, and the key that names it.
    fn revision(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Routes { revision, mishap, .. } => Some((mishap.key(), revision)),
            Self::Traffic(Traffic { of: Chosen::Oldest { revision, .. }, .. }) => Some(("traffic.revision", revision)),
            _ => None,
        }
    }
}

impl Mishap {
    fn key(self) -> &'static str {
        use pointsman::HealthStatus;
        match self {
            Self::Fail => "fail",
            Self::Evict => "evict",
            Self::Drain => "drain",
            Self::Health(HealthStatus::Healthy) => "recover",
            Self::Health(health) => health.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::Scenario;

    fn parsed(more: &str) -> Result<(), String> {
        let text = format!("title = \"t\"\ntarget = 2\n{more}");
        Scenario::parse(&text).map(drop).map_err(|error| error.to_string())
    }

    #[rstest]
    #[case::usual("fail = \"v1\"", None)]
    #[case::deploying("unhealthy = \"v2\"", None)]
    #[case::deployed_later("evict = \"v3\"", None)]
    #[case::mistyped("fail = \"v22\"", Some("events[1].fail"))]
    #[case::recovering("recover = \"V1\"", Some("events[1].recover"))]
    #[case::degraded("degraded = \"\"", Some("events[1].degraded"))]
    #[case::traffic("traffic = { revision = \"v4\", ratio = 0.5 }", Some("events[1].traffic.revision"))]
    #[case::traffic_by_ids("traffic = { routes = [\"r-9\"], ratio = 0.5 }", None)]
    fn events_are_about_revisions_that_are_there(#[case] event: &str, #[case] key: Option<&str>) {
        // The later event comes first in the file.
        let text = format!("[[events]]\nat_seconds = 90\ndeploy = \"v3\"\n[[events]]\nat_seconds = 5\n{event}\n");

        let error = parsed(&text).err();

        let is_told = |error: &String| {
            key.is_some_and(|key| error.starts_with(&format!("`{key}` is wrong: there is no revision `")))
                && error.ends_with("`; there is v1, v2, v3")
        };
        assert_eq!(error.is_some(), key.is_some(), "{error:?}");
        assert!(error.iter().all(is_told), "{error:?}");
    }

    #[test]
    fn the_revisions_are_those_of_the_scenario() {
        let both = "events = [{ at_seconds = 1, fail = \"v0\" }, { at_seconds = 2, fail = \"v1\" }]";
        let old = "old = [{ revision = \"v0\", count = 1 }]\nstable_revision = \"v1\"\n";
        assert!(parsed(&format!("{old}{both}")).is_ok());
        assert!(parsed("old = []\nevents = [{ at_seconds = 1, fail = \"v1\" }]").is_err());
    }
}
