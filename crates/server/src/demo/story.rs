//! The journey of one message: written, submitted, queued, looked up, carried, stored, fetched.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use posthorn_base::{Address, ReversePath, Secret};
use posthorn_dns::{MailHost, Resolver};
use posthorn_mailbox as mailbox;
use posthorn_message::build::HeaderWriter;
use posthorn_net::{ClientTls, Handler, Stream, TlsSide, drive};
use posthorn_queue as queue;
use posthorn_runtime::{Shutdown, clock, random};
use posthorn_smtp::client::{
    Answer, Ask, ClientConfig, ClientSession, Credentials, Direction, Event, Outcome, Transaction,
};
use posthorn_smtp::{Body, Class, Recipient};

use super::DemoError;
use super::internet::{DemoNode, Internet, Person};
use super::script::{Listener, Say, Script, Spoken, Until};
use super::show::Show;

/// The longest the whole way may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Sends a message from Anna to Bert and follows it. Returns its Message-ID.
pub(super) async fn tell(internet: &Internet, show: &Show) -> Result<String, DemoError> {
    let failed = |what: &str| DemoError::Story(what.to_owned());
    let anna = internet.person("anna").ok_or_else(|| failed("Anna is missing"))?;
    let bert = internet.person("bert").ok_or_else(|| failed("Bert is missing"))?;
    let from = internet
        .nodes
        .get(anna.node)
        .ok_or_else(|| failed("Anna has no server"))?;
    let to = internet
        .nodes
        .get(bert.node)
        .ok_or_else(|| failed("Bert has no server"))?;
    show.title(internet);
    let message_id = random::session_id().to_string();
    let message = write(anna, bert, &message_id, from);
    let bert_account = find_account(to, &bert.address).await?;
    let mut arrival = to.node.services.watch.listen(bert_account);

    show.step("Anna writes to Bert and hands the message to her own server.");
    let started = clock::now();
    let lines = submit(from, anna, &bert.address, message).await?;
    show.dialogue(&lines);
    let queue_id = lines.iter().rev().find_map(accepted_as).unwrap_or_default();
    let arrived = tokio::time::timeout(PATIENCE, arrival.changed()).await;
    let took = clock::now().saturating_duration_since(started);
    let attempt = attempt(from, &bert.address, &queue_id).await;
    show.delivery(from, to, &look_up(internet, from, to).await, attempt.as_ref());
    if arrived.is_err() {
        return Err(failed("Bert's mailbox is still empty after 20 seconds"));
    }
    show.arrived(to, took);

    let number = count_messages(to, bert_account).await?;
    show.step("Bert's old laptop fetches the mail by POP3 …");
    let fetched = converse(to, "pop3", pop3_script(bert, number)).await?;
    show.dialogue(&fetched);
    expect(&fetched, &message_id, "POP3")?;
    show.step("… and his phone looks at the same message by IMAP, where it stays.");
    let seen = converse(to, "imap", imap_script(bert, number)).await?;
    show.dialogue(&seen);
    expect(&seen, &message_id, "IMAP")?;
    show.done(took);
    Ok(format!("{message_id}@{}", from.domain))
}

/// The real proof: what the client was given holds the message's own id.
fn expect(dialogue: &[Spoken], message_id: &str, protocol: &str) -> Result<(), DemoError> {
    let has = |spoken: &Spoken| matches!(spoken, Spoken::Server(line) if line.contains(message_id));
    if dialogue.iter().any(has) {
        Ok(())
    } else {
        Err(DemoError::Story(format!("{protocol} does not show it")))
    }
}

fn write(anna: &Person, bert: &Person, message_id: &str, from: &DemoNode) -> Arc<[u8]> {
    let header = HeaderWriter::new()
        .addresses("From", &[("Anna Ahoi", &anna.address)])
        .addresses("To", &[("Bert Baum", &bert.address)])
        .text("Subject", "Grüße from the harbour")
        .date(clock::wall())
        .message_id(message_id, &from.domain)
        .content_type("text/plain; charset=utf-8");
    let body = "Dear Bert,\r\n\r\nthe ship has come in. Come and see it!\r\n\r\n.. and bring the dog.\r\n\r\nAnna\r\n";
    header.finish(body.as_bytes()).into()
}

pub(super) async fn find_account(
    node: &DemoNode,
    address: &Address,
) -> Result<posthorn_base::AccountId, DemoError> {
    let (address, name) = (address.clone(), address.to_string());
    let found = node
        .node
        .services
        .store
        .read(move |tx| posthorn_accounts::find_account(tx, &address))
        .await;
    match found {
        Ok(Some(account)) => Ok(account.id),
        Ok(None) => Err(DemoError::Story(format!("{name} has no account"))),
        Err(cause) => Err(DemoError::Story(cause.to_string())),
    }
}

/// How many messages lie in INBOX: the newest has that number. A folder that is used again has older ones.
async fn count_messages(node: &DemoNode, account: posthorn_base::AccountId) -> Result<u64, DemoError> {
    let counted = node.node.services.store.read(move |tx| {
        let inbox = mailbox::find(tx, account, "INBOX")?;
        Ok::<_, mailbox::MailboxError>(mailbox::status(tx, account, inbox)?.messages)
    });
    counted.await.map_err(|cause| DemoError::Story(cause.to_string()))
}

/// What the submission client did.
#[derive(Default)]
struct Sent {
    lines: Vec<Spoken>,
    outcome: Option<Outcome>,
}

struct Sender {
    transaction: Option<Transaction>,
    sent: Arc<Mutex<Sent>>,
}

impl Handler<ClientSession> for Sender {
    async fn answer(&mut self, Ask::Next: Ask) -> Answer {
        self.transaction.take().map_or(Answer::Quit, Answer::Send)
    }

    fn event(&mut self, event: Event) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Line {
                direction: Direction::Sent,
                text,
            } => sent.lines.push(Spoken::Client(text)),
            Event::Line {
                direction: Direction::Received,
                text,
            } => sent.lines.push(Spoken::Server(text)),
            Event::Outcome(outcome) => sent.outcome = Some(outcome),
            Event::Refused { .. } => {}
        }
    }
}

pub(super) async fn submit(
    node: &DemoNode,
    author: &Person,
    to: &Address,
    body: Arc<[u8]>,
) -> Result<Vec<Spoken>, DemoError> {
    let failed = |why: String| DemoError::Story(why);
    let address = node
        .addresses()
        .first("submission")
        .ok_or_else(|| failed("no submission port".to_owned()))?;
    let laptop = format!("{}s-laptop.{}", author.address.local().as_str(), node.domain);
    let mut config = ClientConfig::new(&laptop);
    config.tls = posthorn_smtp::client::ClientTls::Required;
    config.credentials = Some(Credentials {
        user: author.address.to_string(),
        password: Secret::new(author.password.declassify().clone()),
        client_nonce: format!("{:016x}{:016x}", random::u64(), random::u64()),
    });
    let recipient = Recipient {
        address: to.clone(),
        notify: None,
        original_recipient: None,
    };
    let transaction = Transaction {
        reverse_path: ReversePath::Address(author.address.clone()),
        recipients: vec![recipient],
        body,
        body_type: Body::EightBitMime,
        smtputf8: false,
        ret: None,
        envelope_id: None,
    };
    let sent: Arc<Mutex<Sent>> = Arc::default();
    let mut handler = Sender {
        transaction: Some(transaction),
        sent: Arc::clone(&sent),
    };
    let stream = Stream::connect(address, None)
        .await
        .map_err(|cause| failed(cause.to_string()))?;
    let session = ClientSession::new(config, clock::now());
    let tls = ClientTls::opportunistic().map_err(|cause| failed(cause.to_string()))?;
    let side = TlsSide::Client {
        tls,
        server_name: node.hostname.to_string(),
    };
    drive(stream, session, &mut handler, &Shutdown::new(), side).await;
    drop(handler);
    let sent = std::mem::take(&mut *sent.lock().unwrap_or_else(PoisonError::into_inner));
    let outcome = sent
        .outcome
        .and_then(|outcome| outcome.recipients.into_iter().next());
    match outcome {
        Some(outcome) if outcome.class == Class::Delivered => Ok(sent.lines),
        Some(outcome) => Err(failed(format!("the author's own server said {}", outcome.reply))),
        None => Err(failed("the author's own server did not answer".to_owned())),
    }
}

/// The id in `250 2.0.0 … queued as ID`: the last word that reads as one.
fn accepted_as(spoken: &Spoken) -> Option<String> {
    let Spoken::Server(line) = spoken else { return None };
    let rest = line.strip_prefix("250 ")?;
    let mut words = rest.split_whitespace();
    let id = words.rfind(|word| word.parse::<posthorn_base::QueueId>().is_ok());
    id.map(str::to_owned)
}

/// Where the name server says that mail for the other domain goes.
async fn look_up(internet: &Internet, from: &DemoNode, to: &DemoNode) -> String {
    let resolver = match Resolver::new(&[internet.dns.local_addr()], PATIENCE) {
        Ok(resolver) => resolver,
        Err(cause) => return cause.to_string(),
    };
    match resolver.mail_hosts(&to.domain, &from.hostname, 0).await {
        Ok(found) => {
            let host = |host: &MailHost| {
                let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
                format!(
                    "{} MX {} {}, which has the address {}",
                    to.domain,
                    host.preference,
                    host.name,
                    addresses.join(", ")
                )
            };
            found.hosts.iter().map(host).collect::<Vec<_>>().join("; ")
        }
        Err(cause) => cause.to_string(),
    }
}

/// What the sending server noted of its last attempt.
async fn attempt(node: &DemoNode, to: &Address, queue_id: &str) -> Option<queue::AttemptRow> {
    let id = queue_id.parse().ok()?;
    let bucket = queue::bucket_of(&queue::domain_key(to));
    let store = &node.node.services.store;
    // The receiving server has the message before the sending one has noted that: ask until it is final.
    for _ in 0..200 {
        let story = store.read(move |tx| queue::show(tx, bucket, id)).await.ok()??;
        let recipient = story.recipients.into_iter().next()?;
        if recipient.state.is_final() {
            return recipient.tried.into_iter().next_back();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}

/// Runs a script against a port of a node.
async fn converse(node: &DemoNode, protocol: &str, says: Vec<Say>) -> Result<Vec<Spoken>, DemoError> {
    let failed = |why: String| DemoError::Story(why);
    let address = node
        .addresses()
        .first(protocol)
        .ok_or_else(|| failed(format!("no {protocol} port")))?;
    let stream = Stream::connect(address, None)
        .await
        .map_err(|cause| failed(cause.to_string()))?;
    let mut listener = Listener::default();
    drive(
        stream,
        Script::new(says, clock::now()),
        &mut listener,
        &Shutdown::new(),
        TlsSide::None,
    )
    .await;
    Ok(listener.spoken)
}

fn say(line: impl Into<String>, until: Until) -> Say {
    Say {
        line: line.into(),
        shown: None,
        until,
    }
}

fn secret(line: String, shown: String, until: Until) -> Say {
    Say {
        line,
        shown: Some(shown),
        until,
    }
}

fn pop3_script(bert: &Person, number: u64) -> Vec<Say> {
    let password = bert.password.declassify();
    vec![
        say(format!("USER {}", bert.address), Until::Line),
        secret(
            format!("PASS {password}"),
            "PASS ********".to_owned(),
            Until::Line,
        ),
        say("STAT", Until::Line),
        say("UIDL", Until::Dot),
        say(format!("RETR {number}"), Until::Dot),
        say("QUIT", Until::Line),
    ]
}

fn imap_script(bert: &Person, number: u64) -> Vec<Say> {
    let (address, password) = (&bert.address, bert.password.declassify());
    vec![
        secret(
            format!("a LOGIN {address} {password}"),
            format!("a LOGIN {address} ********"),
            Until::Tag("a "),
        ),
        say("b SELECT INBOX", Until::Tag("b ")),
        say(format!("c FETCH {number} (UID FLAGS ENVELOPE)"), Until::Tag("c ")),
        say("d LOGOUT", Until::Tag("d ")),
    ]
}
