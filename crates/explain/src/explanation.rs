//! The explanation as data: what a reader shows, in the order in which it is read.

use posthorn_base::Timestamp;
use serde::Serialize;

/// What the evidence does not know: how things stand when somebody asks.
#[derive(Clone, Debug)]
pub struct Context {
    /// The name of the mailbox the message lies in now; `None` when it lies in none.
    pub folder: Option<String>,
    /// Its subject, decoded.
    pub subject: Option<String>,
    /// The moment of asking.
    pub now: Timestamp,
    /// Was it judged only now, because no evidence was recorded when it arrived (a file)?
    pub evaluated_now: bool,
    /// The outside addresses this server has passed it on to: with the reverse path rewritten (SRS) when the
    /// message came from another server.
    pub forwarded_to: Vec<String>,
}

impl Context {
    /// Of a message about which nothing else is known.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            folder: None,
            subject: None,
            now,
            evaluated_now: false,
            forwarded_to: Vec::new(),
        }
    }
}

/// The colour of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// It speaks for the message.
    Good,
    /// It speaks neither for it nor against it.
    Neutral,
    /// Look twice.
    Caution,
    /// Do not trust it.
    Danger,
}

/// One station on the way, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Station {
    /// Who wrote down what follows; empty when unknown.
    pub who: String,
    /// The address that handed the message over there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// When, as `2026-11-23T20:15:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Seconds since the station before it; negative when the clocks disagree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_secs: Option<i64>,
    /// Is the hand-over said to have been encrypted?
    pub tls: bool,
    /// Did this server see it itself? Of the others we have only their word, or a forger's.
    pub trusted: bool,
    /// The station as a sentence.
    pub words: String,
}

/// What a check is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum CheckName {
    /// May the server send for the domain of the reverse path?
    #[serde(rename = "SPF")]
    Spf,
    /// Who signed the message?
    #[serde(rename = "DKIM")]
    Dkim,
    /// Does either vouch for the domain in From?
    #[serde(rename = "DMARC")]
    Dmarc,
    /// Does the address of the server have a name?
    #[serde(rename = "Name of the server")]
    ServerName,
    /// Does the sender look like somebody else?
    #[serde(rename = "Impersonation")]
    Impersonation,
    /// What do the forwarders say?
    #[serde(rename = "Forwarding (ARC)")]
    Forwarding,
}

impl CheckName {
    /// As it is shown.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Spf => "SPF",
            Self::Dkim => "DKIM",
            Self::Dmarc => "DMARC",
            Self::ServerName => "Name of the server",
            Self::Impersonation => "Impersonation",
            Self::Forwarding => "Forwarding (ARC)",
        }
    }
}

/// One check: what was asked, what was found, what follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// The result in a word or two: `pass`, `2 of 3 pass`, `nothing odd`.
    pub result: String,
    /// The questions, each a sentence.
    pub asked: Vec<String>,
    /// The answers.
    pub found: Vec<String>,
    /// What it means, in one to three sentences.
    pub follows: String,
    /// Does it speak for the message?
    pub tone: Tone,
}

/// Who really sent a message, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The whole in one sentence.
    pub headline: String,
    /// Its colour.
    pub tone: Tone,
    /// The subject, to know which message is meant; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What else a reader should know at once, at most three sentences.
    pub points: Vec<String>,
    /// The way of the message, oldest station first.
    pub journey: Vec<Station>,
    /// Where on that way trust begins.
    pub boundary: String,
    /// The checks.
    pub checks: Vec<Check>,
    /// Why it lies where it lies.
    pub place: String,
    /// What the sender should mend, said to the sender's postmaster.
    pub advice: Vec<String>,
    /// What to know about this explanation itself.
    pub notes: Vec<String>,
}

impl Explanation {
    /// Hands every text to `change`.
    pub(crate) fn for_each_text(&mut self, change: &mut impl FnMut(&mut String)) {
        change(&mut self.headline);
        change(&mut self.subject);
        change(&mut self.boundary);
        change(&mut self.place);
        let lists = [&mut self.points, &mut self.advice, &mut self.notes];
        lists.into_iter().flatten().for_each(&mut *change);
        for station in &mut self.journey {
            change(&mut station.who);
            change(&mut station.words);
        }
        for check in &mut self.checks {
            change(&mut check.result);
            change(&mut check.follows);
            check.asked.iter_mut().for_each(&mut *change);
            check.found.iter_mut().for_each(&mut *change);
        }
    }
}
