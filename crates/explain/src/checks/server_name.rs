//! The name of the client's address in words (iprev, RFC 8601 section 3).

use posthorn_trust::IprevResult;

use crate::explanation::{Check, CheckName, Tone};
use crate::facts::Facts;
use crate::words::name;

pub(super) fn check(facts: &Facts<'_>) -> Option<Check> {
    let connection = facts.evidence.connection.as_ref()?;
    let iprev = connection.iprev.as_ref()?;
    let ip = connection.ip;
    let host = iprev.name.as_deref().map(name);
    let shown = host.clone().unwrap_or_else(|| "a name".to_owned());
    let (result, found, follows) = match iprev.result {
        IprevResult::Pass => (
            "pass",
            format!("{ip} is called {shown}, and {shown} has that address."),
            format!("Whoever runs {shown} runs this server. That is a name, not a recommendation."),
        ),
        IprevResult::Fail => (
            "fail",
            format!("{ip} is said to be called {shown}, but {shown} does not have that address."),
            "The name is not confirmed and is not used here. Many honest servers are set up like that."
                .to_owned(),
        ),
        IprevResult::PermError => (
            "no name",
            format!("{ip} has no name."),
            "Mail servers of any care have one; many computers that send unwanted mail have none.".to_owned(),
        ),
        IprevResult::TempError => (
            "temperror",
            format!("The name servers could not tell the name of {ip}."),
            "Nothing follows.".to_owned(),
        ),
    };
    Some(Check {
        name: CheckName::ServerName,
        result: result.to_owned(),
        asked: vec![format!(
            "What is {ip} called, and does that name lead back to it?"
        )],
        found: vec![found],
        follows,
        tone: Tone::Neutral,
    })
}
