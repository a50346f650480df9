//! One attempt to deliver one message to the recipients it has at one domain: a kept connection, else the
//! domain's servers one after the other (RFC 5321 section 5.1), with TLS wherever it works (RFC 7435).

use std::net::IpAddr;
use std::sync::Arc;

use posthorn_base::Secret;
use posthorn_queue::{Diagnosis, Leased, Message, Outcome};
use posthorn_runtime::{clock, random};
use posthorn_smtp::Recipient;
use posthorn_smtp::client::{ClientConfig, ClientTls, Credentials, Mode, Transaction};

use crate::connection::Connection;
use crate::exchange::{Exchanged, Lines, NotReady, exchange, get_ready};
use crate::outbound::Shared;
use crate::targets::{self, Target};
use crate::trial::{Trial, Trying, Verdict, outcome_of, status_of};

/// Addresses tried in one attempt, and servers that answered: enough to find one that works, not so many
/// that one message keeps a place for an hour.
const ADDRESSES: usize = 10;
const SERVERS: usize = 3;

/// A message and the recipients to be tried together.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) message: Message,
    pub(crate) body: Arc<[u8]>,
    /// All of one domain; at least one.
    pub(crate) recipients: Vec<Leased>,
    /// Whose connections may be used; see [`crate::pool`].
    pub(crate) route: String,
}

/// Makes the attempt; gives one verdict per recipient.
pub(crate) async fn deliver(shared: &Shared, job: &Job) -> Vec<Verdict> {
    let mut trial = Trial::new(job.recipients.len());
    let mut tried = None;
    while let Some(connection) = shared.pool.take(&job.route) {
        let ip = connection.ip;
        let mut trying = begin(shared, Some(&connection));
        trying.tls.clone_from(&connection.tls);
        if try_connection(shared, job, &mut trial, connection, trying).await {
            tried = Some(ip);
            break;
        }
    }
    if !trial.open().is_empty() {
        try_targets(shared, job, &mut trial, tried).await;
    }
    trial.into_verdicts()
}

fn begin(shared: &Shared, connection: Option<&Connection>) -> Trying {
    Trying {
        at: (shared.clock)(),
        started: clock::now(),
        host: connection.map(|one| one.host.clone()),
        ip: connection.map(|one| one.ip),
        tls: None,
        lines: Lines::default(),
    }
}

/// `tried`: the address that has answered in this attempt already.
async fn try_targets(shared: &Shared, job: &Job, trial: &mut Trial, tried: Option<IpAddr>) {
    let mut trying = begin(shared, None);
    let Some(first) = job.recipients.first() else {
        return;
    };
    let found = match targets::find(shared, &first.address).await {
        Ok(found) => found,
        Err(none) => {
            trying.lines.note(none.diagnosis.text.clone());
            trial.record_all(trying, clock::now(), none.outcome, &none.diagnosis);
            return;
        }
    };
    let mut notes = found.notes;
    let mut servers = 0;
    let others = found
        .all
        .iter()
        .filter(|target| Some(target.endpoint.ip) != tried);
    for target in others.take(ADDRESSES) {
        let Some(reached) = try_target(shared, job, trial, target, std::mem::take(&mut notes)).await else {
            return;
        };
        servers += usize::from(reached);
        if trial.open().is_empty() || servers >= SERVERS {
            return;
        }
    }
}

/// Tries one address; once more without TLS when only that was the trouble. Gives whether there was a
/// server; `None` when no connection may be opened any more.
async fn try_target(
    shared: &Shared,
    job: &Job,
    trial: &mut Trial,
    target: &Target,
    notes: Vec<String>,
) -> Option<bool> {
    let mut tls = target.tls;
    let mut notes = notes;
    loop {
        let mut trying = begin(shared, None);
        trying.host = Some(target.endpoint.host.clone());
        trying.ip = Some(target.endpoint.ip);
        notes.drain(..).for_each(|note| trying.lines.note(note));
        let permit = shared.pool.permit().await?;
        let config = session_config(shared, tls);
        let timeouts = &shared.config.timeouts;
        let opened = Connection::open(&target.endpoint, config, timeouts.connect, timeouts.idle, permit);
        let mut connection = match opened.await {
            Ok(connection) => connection,
            Err(text) => {
                trying.lines.note(text.clone());
                let diagnosis = ours("4.4.1", text, &target.endpoint.host);
                trial.record_all(trying, clock::now(), Outcome::Temporary, &diagnosis);
                return Some(false);
            }
        };
        let ready = get_ready(&mut connection, &mut trying.lines).await;
        trying.tls.clone_from(&connection.tls);
        match ready {
            Ok(()) => {
                try_connection(shared, job, trial, connection, trying).await;
                return Some(true);
            }
            Err(NotReady::TlsFailed(cause)) if tls == ClientTls::Opportunistic => {
                let text = format!("TLS failed: {cause}; trying without");
                trying.lines.note(text.clone());
                let diagnosis = ours("4.7.5", text, &target.endpoint.host);
                trial.record_all(trying, clock::now(), Outcome::Temporary, &diagnosis);
                tls = ClientTls::Never;
            }
            Err(why) => {
                record_not_ready(shared, trial, trying, why);
                return Some(true);
            }
        }
    }
}

fn record_not_ready(shared: &Shared, trial: &mut Trial, mut trying: Trying, why: NotReady) {
    let host = trying.host.clone().unwrap_or_default();
    let (outcome, diagnosis) = match why {
        NotReady::Refused(reply, class) => {
            let code = trying.lines.has_reply(reply.code).then_some(reply.code);
            let diagnosis = Diagnosis {
                code,
                status: status_of(reply.enhanced, class),
                text: reply.text(),
                host: Some(host),
            };
            // A smarthost that will not have us, or our password, is our affair and not the message's.
            let outcome = match shared.config.smarthost {
                Some(_) => Outcome::Temporary,
                None => outcome_of(class),
            };
            (outcome, diagnosis)
        }
        NotReady::TlsFailed(cause) => (
            Outcome::Temporary,
            ours("4.7.5", format!("TLS failed: {cause}"), &host),
        ),
        NotReady::Broken(cause) => (Outcome::Temporary, ours("4.4.2", cause, &host)),
    };
    trying.lines.note(diagnosis.text.clone());
    trial.record_all(trying, clock::now(), outcome, &diagnosis);
}

/// Sends the message over a connection that is ready. `false`: the connection had ended before and nothing
/// has happened.
async fn try_connection(
    shared: &Shared,
    job: &Job,
    trial: &mut Trial,
    mut connection: Connection,
    mut trying: Trying,
) -> bool {
    let places = trial.open();
    let transaction = transaction(job, &places);
    match exchange(&mut connection, transaction, &mut trying.lines).await {
        Exchanged::Stale => return false,
        Exchanged::Outcome(outcome) => {
            trial.record_outcomes(trying, clock::now(), &places, &outcome);
            shared.pool.keep(&job.route, connection);
        }
        Exchanged::Broken(cause) => {
            trying.lines.note(cause.clone());
            let host = connection.host.clone();
            trial.record_all(
                trying,
                clock::now(),
                Outcome::Temporary,
                &ours("4.4.2", cause, &host),
            );
            // It may have got the message: see `Trial::record_outcomes`.
            trial.settle_all();
        }
    }
    true
}

fn transaction(job: &Job, places: &[usize]) -> Transaction {
    let recipients = places.iter().filter_map(|place| job.recipients.get(*place));
    Transaction {
        reverse_path: job.message.reverse_path.clone(),
        recipients: recipients
            .map(|one| Recipient {
                address: one.address.clone(),
                notify: one.notify,
                original_recipient: one.original_recipient.clone(),
            })
            .collect(),
        body: Arc::clone(&job.body),
        body_type: job.message.body,
        smtputf8: job.message.smtputf8,
        ret: job.message.ret,
        envelope_id: job.message.envelope_id.clone(),
    }
}

fn session_config(shared: &Shared, tls: ClientTls) -> ClientConfig {
    let login = shared.config.smarthost.as_ref().and_then(|one| one.login.clone());
    ClientConfig {
        hostname: shared.config.hostname.to_string(),
        mode: Mode::Smtp,
        tls,
        credentials: login.map(|(user, password): (String, Secret<String>)| Credentials {
            user,
            password,
            client_nonce: format!("{:016x}{:016x}", random::u64(), random::u64()),
        }),
        timeouts: shared.config.timeouts.replies,
    }
}

fn ours(status: &str, text: String, host: &str) -> Diagnosis {
    Diagnosis {
        code: None,
        status: status.to_owned(),
        text,
        host: Some(host.to_owned()),
    }
}
