//! Who really sent it? A genuine message, one that was passed on, and a forged one that comes from a server in
//! perfect order; and what Posthorn says of each.

use std::sync::Arc;

use posthorn_base::{AccountId, Address};
use posthorn_explain::{Context, Explanation, explain};
use posthorn_mailbox as mailbox;
use posthorn_message::build::HeaderWriter;
use posthorn_runtime::{clock, random};
use posthorn_trust::Evidence;

use super::DemoError;
use super::internet::{DemoNode, Internet, Person};
use super::show::Show;
use super::story::{PATIENCE, find_account, submit};

/// Sends the two other messages and shows the three explanations side by side; and, when the demonstration goes
/// on, how to ask for more.
pub(super) async fn tell(
    internet: &Internet,
    show: &Show,
    genuine: &str,
    goes_on: bool,
) -> Result<(), DemoError> {
    let anna = Home::of(internet, "anna")?;
    let nora = Home::of(internet, "nora")?;
    let bert = Home::of(internet, "bert")?;
    let mallory = Home::of(internet, "mallory")?;

    show.step("Anna writes to club@meadow.test, an alias that passes it on to Nora. Then the wreckers come:");
    let club = parse("club@meadow.test")?;
    let passed_on = Letter {
        from: ("Anna Ahoi", &anna.person.address),
        to: &club,
        subject: "Regatta on Sunday",
        body: "All hands on deck at nine!\r\n\r\nAnna\r\n",
    };
    let passed_on = passed_on.send(&anna, &nora).await?;
    show.line("    anna@harbour.test → club@meadow.test → nora@harbour.test: arrived");

    let bank = parse("service@harbour.test")?;
    let forged = Letter {
        from: ("Harbour Bank", &bank),
        to: &bert.person.address,
        subject: "Your account will be closed today",
        body: "Dear customer,\r\n\r\nlog in at once: http://harbour.test.wreckers.test/\r\n\r\nHarbour Bank\r\n",
    };
    let forged = forged.send(&mallory, &bert).await?;
    show.line(
        "    mallory@wreckers.test writes \"From: Harbour Bank <service@harbour.test>\" to Bert: arrived",
    );
    show.line("");
    show.line("    harbour.test, meadow.test and wreckers.test all publish SPF, DKIM and DMARC records. Mallory's server");
    show.line(
        "    passes SPF and DKIM too, for wreckers.test. What the three readers see beside their message:",
    );
    show.line("");
    show.explanations(&[
        ("Genuine", &explained(&bert, genuine).await?),
        ("Passed on", &explained(&nora, &passed_on).await?),
        ("Forged", &explained(&bert, &forged).await?),
    ]);
    if !goes_on {
        return Ok(());
    }
    show.line("");
    show.line(
        "    More: posthorn explain --level detail ACCOUNT MESSAGE-ID, with --config of the reader's server:",
    );
    show.line(format!(
        "    posthorn explain --config {} --level detail {} '<{forged}>'",
        bert.node.config.display(),
        bert.person.address
    ));
    Ok(())
}

/// Somebody and their server.
struct Home<'a> {
    person: &'a Person,
    node: &'a DemoNode,
}

impl<'a> Home<'a> {
    fn of(internet: &'a Internet, name: &str) -> Result<Self, DemoError> {
        let missing = || DemoError::Story(format!("{name} is missing"));
        let person = internet.person(name).ok_or_else(missing)?;
        let node = internet.nodes.get(person.node).ok_or_else(missing)?;
        Ok(Self { person, node })
    }

    async fn account(&self) -> Result<AccountId, DemoError> {
        find_account(self.node, &self.person.address).await
    }
}

struct Letter<'a> {
    from: (&'a str, &'a Address),
    to: &'a Address,
    subject: &'a str,
    body: &'a str,
}

impl Letter<'_> {
    /// Hands it to the sender's own server and waits until the reader has it. Returns its Message-ID.
    async fn send(&self, sender: &Home<'_>, reader: &Home<'_>) -> Result<String, DemoError> {
        let unique = random::session_id().to_string();
        let header = HeaderWriter::new()
            .addresses("From", &[self.from])
            .addresses("To", &[("", self.to)])
            .text("Subject", self.subject)
            .date(clock::wall())
            .message_id(&unique, &sender.node.domain)
            .content_type("text/plain; charset=utf-8");
        let octets: Arc<[u8]> = header.finish(self.body.as_bytes()).into();
        let message_id = format!("{unique}@{}", sender.node.domain);
        let account = reader.account().await?;
        let mut arrival = reader.node.node.services.watch.listen(account);
        submit(sender.node, sender.person, self.to, octets).await?;
        let arrived = tokio::time::timeout(PATIENCE, async {
            while evidence(reader, account, &message_id).await?.is_none() {
                arrival.changed().await;
            }
            Ok::<_, DemoError>(())
        });
        match arrived.await {
            Ok(seen) => seen.map(|()| message_id),
            Err(_elapsed) => Err(DemoError::Story(format!(
                "{} has not got \"{}\" after 20 seconds",
                reader.person.address, self.subject
            ))),
        }
    }
}

/// The evidence beside a message, and the mailbox it lies in; `None` while it is not there.
async fn evidence(
    reader: &Home<'_>,
    account: AccountId,
    message_id: &str,
) -> Result<Option<(Vec<u8>, Option<String>)>, DemoError> {
    let message_id = message_id.to_owned();
    let found = reader.node.node.services.store.read(move |tx| {
        let found = mailbox::with_message_id(tx, account, &message_id)?;
        let Some(email) = found.first() else {
            return Ok(None);
        };
        let place = mailbox::places(tx, account, *email)?.into_iter().next();
        let stored = mailbox::evidence(tx, account, *email)?;
        Ok::<_, mailbox::MailboxError>(stored.map(|stored| (stored, place.map(|place| place.mailbox))))
    });
    found.await.map_err(|cause| DemoError::Story(cause.to_string()))
}

async fn explained(reader: &Home<'_>, message_id: &str) -> Result<Explanation, DemoError> {
    let account = reader.account().await?;
    let Some((stored, folder)) = evidence(reader, account, message_id).await? else {
        return Err(DemoError::Story(format!(
            "there is no evidence beside {message_id}"
        )));
    };
    let evidence = Evidence::from_stored(&stored).map_err(|cause| DemoError::Story(cause.to_string()))?;
    let context = Context {
        folder,
        ..Context::at(clock::wall())
    };
    Ok(explain(&evidence, &context))
}

fn parse(text: &str) -> Result<Address, DemoError> {
    Address::parse(text).map_err(|cause| DemoError::SetUp(cause.to_string()))
}
