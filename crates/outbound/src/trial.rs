//! One attempt for the recipients that a message has at one domain: which of them are still open, and what
//! was tried for each.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use posthorn_base::{Timestamp, TlsInfo};
use posthorn_queue::{AttemptRecord, Diagnosis, Outcome, Step};
use posthorn_smtp::client::{RecipientOutcome, Stage};
use posthorn_smtp::{Class, EnhancedCode};

use crate::exchange::Lines;

/// Recipients of a transaction that keep its whole dialogue.
const WHOLE_DIALOGUES: usize = 5;

/// What came of the attempt for one recipient.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// The other server promised to report a success itself.
    pub(crate) is_dsn_promised: bool,
    pub(crate) attempt: AttemptRecord,
}

/// One server being tried; becomes a [`Step`] of every recipient it was tried for.
#[derive(Debug)]
pub(crate) struct Trying {
    pub(crate) at: Timestamp,
    pub(crate) started: Instant,
    pub(crate) host: Option<String>,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) tls: Option<TlsInfo>,
    pub(crate) lines: Lines,
}

#[derive(Debug)]
pub(crate) struct Trial {
    recipients: Vec<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    steps: Vec<Step>,
    last: Option<(Outcome, Diagnosis)>,
    is_dsn_promised: bool,
    /// No other server is to be tried.
    is_settled: bool,
}

impl Trial {
    pub(crate) fn new(recipients: usize) -> Self {
        Self {
            recipients: (0..recipients).map(|_| Progress::default()).collect(),
        }
    }

    /// The recipients for which another server may be tried, by their place.
    pub(crate) fn open(&self) -> Vec<usize> {
        let places = self.recipients.iter().enumerate();
        places
            .filter(|(_, one)| !one.is_settled)
            .map(|(place, _)| place)
            .collect()
    }

    /// The same happened to all that are open. Another server may still be tried.
    pub(crate) fn record_all(
        &mut self,
        trying: Trying,
        now: Instant,
        outcome: Outcome,
        diagnosis: &Diagnosis,
    ) {
        let step = trying.into_step(now);
        let open = self.recipients.iter_mut().filter(|one| !one.is_settled);
        for (index, progress) in open.enumerate() {
            progress.steps.push(share(&step, index, outcome, diagnosis));
            // A backup that is unwilling does not outweigh a first server that is down.
            let was_temporary = matches!(&progress.last, Some((Outcome::Temporary, _)));
            if !(was_temporary && outcome == Outcome::Permanent) {
                progress.last = Some((outcome, diagnosis.clone()));
            }
        }
    }

    /// Each recipient that took part got an answer of its own.
    pub(crate) fn record_outcomes(
        &mut self,
        trying: Trying,
        now: Instant,
        took_part: &[usize],
        result: &posthorn_smtp::client::Outcome,
    ) {
        let host = trying.host.clone();
        let codes: Vec<bool> = result
            .recipients
            .iter()
            .map(|one| trying.lines.has_reply(one.reply.code))
            .collect();
        let step = trying.into_step(now);
        for (index, ((place, one), is_said)) in
            took_part.iter().zip(&result.recipients).zip(codes).enumerate()
        {
            let Some(progress) = self.recipients.get_mut(*place) else {
                continue;
            };
            let outcome = outcome_of(one.class);
            let diagnosis = diagnose(one, host.clone(), is_said);
            progress.steps.push(share(&step, index, outcome, &diagnosis));
            progress.last = Some((outcome, diagnosis));
            progress.is_dsn_promised = result.dsn_relayed;
            // After the content the server may have the message although it did not say so: another one
            // would make two of it.
            progress.is_settled = outcome != Outcome::Temporary || one.stage == Stage::Message;
        }
    }

    /// No other server is to be tried for anybody.
    pub(crate) fn settle_all(&mut self) {
        self.recipients.iter_mut().for_each(|one| one.is_settled = true);
    }

    pub(crate) fn into_verdicts(self) -> Vec<Verdict> {
        let untried = || Diagnosis {
            code: None,
            status: "4.4.1".to_owned(),
            text: "no server could be tried".to_owned(),
            host: None,
        };
        self.recipients
            .into_iter()
            .map(|one| {
                let (outcome, diagnosis) = one.last.unwrap_or_else(|| (Outcome::Temporary, untried()));
                Verdict {
                    outcome,
                    is_dsn_promised: one.is_dsn_promised,
                    attempt: AttemptRecord {
                        steps: one.steps,
                        diagnosis,
                    },
                }
            })
            .collect()
    }
}

impl Trying {
    fn into_step(mut self, now: Instant) -> Step {
        Step {
            at: self.at,
            duration: now.checked_duration_since(self.started).unwrap_or(Duration::ZERO),
            host: self.host,
            ip: self.ip,
            tls_version: self.tls.as_ref().map(|tls| tls.version.clone()),
            tls_cipher: self.tls.map(|tls| tls.cipher),
            lines: self.lines.take(),
            outcome: Outcome::Temporary,
        }
    }
}

/// The step of one recipient. All of a transaction see the same dialogue, which grows with each of them:
/// beyond the first few, only their own reply is kept.
fn share(step: &Step, index: usize, outcome: Outcome, diagnosis: &Diagnosis) -> Step {
    if index < WHOLE_DIALOGUES {
        return Step {
            outcome,
            ..step.clone()
        };
    }
    let reply = match diagnosis.code {
        Some(code) => format!("S: {code} {} {}", diagnosis.status, diagnosis.text),
        None => diagnosis.text.clone(),
    };
    let lines = vec![
        reply,
        "(the whole dialogue stands with the message's first recipients)".to_owned(),
    ];
    Step {
        at: step.at,
        duration: step.duration,
        host: step.host.clone(),
        ip: step.ip,
        tls_version: step.tls_version.clone(),
        tls_cipher: step.tls_cipher.clone(),
        lines,
        outcome,
    }
}

pub(crate) fn outcome_of(class: Class) -> Outcome {
    match class {
        Class::Delivered => Outcome::Delivered,
        Class::Temporary => Outcome::Temporary,
        Class::Permanent => Outcome::Permanent,
    }
}

/// The status when the server gave none: its class alone.
pub(crate) fn status_of(enhanced: Option<EnhancedCode>, class: Class) -> String {
    match (enhanced, class) {
        (Some(code), _) => code.to_string(),
        (None, Class::Delivered) => "2.0.0".to_owned(),
        (None, Class::Temporary) => "4.0.0".to_owned(),
        (None, Class::Permanent) => "5.0.0".to_owned(),
    }
}

fn diagnose(one: &RecipientOutcome, host: Option<String>, is_said: bool) -> Diagnosis {
    Diagnosis {
        code: is_said.then_some(one.reply.code),
        status: status_of(one.reply.enhanced, one.class),
        text: one.reply.text(),
        host,
    }
}
