//! The keys that a domain signs with (RFC 6376, RFC 8301, RFC 8463). Which selectors there are is not
//! public: ours, those asked for, and the names that the large services use are tried. A key that is not
//! found under a usual name proves nothing.

use futures_util::future::join_all;
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record};
use posthorn_dkim::{KeyAlgorithm, KeyRecord};

use super::mail_hosts::Incoming;
use super::{Context, MAX_SELECTORS, Part};
use crate::entry::{Entry, shown};
use crate::finding::{Fact, Finding, dig};

/// Verifiers must not count shorter RSA keys (RFC 8301 section 3.2).
const LEAST_BITS: u16 = 1_024;
/// Signers should not use shorter ones.
const GOOD_BITS: u16 = 2_048;
/// TXT records at one selector that are looked at.
const MAX_RECORDS: usize = 4;

/// Names of keys at services that many use, and our own.
const USUAL: [&str; 28] = [
    "default",
    "dkim",
    "mail",
    "email",
    "smtp",
    "key1",
    "google",
    "selector1",
    "selector2",
    "s1",
    "s2",
    "k1",
    "k2",
    "k3",
    "fm1",
    "fm2",
    "fm3",
    "protonmail",
    "protonmail2",
    "protonmail3",
    "sig1",
    "mandrill",
    "zoho",
    "zmail",
    "ed-a",
    "ed-b",
    "rsa-a",
    "rsa-b",
];

/// Why a selector is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    /// This server signs with it, and this is its record.
    Ours(String),
    /// This server will sign with it as soon as this record is there.
    Pending(String),
    /// Somebody says that it is in use.
    Asked,
    /// It is worth a try.
    Usual,
}

/// Looks at every selector at the same time.
pub(super) async fn examine<L: Lookup>(lookup: &L, context: &Context<'_>) -> Part {
    let domain = context.domain().as_str();
    let selectors = selectors(context);
    let asked = selectors.iter().map(|(selector, _)| {
        let name = format!("{selector}._domainkey.{domain}");
        async move { lookup.ask(&name, Kind::Txt).await }
    });
    let answers = join_all(asked).await;
    let mut part = Part::default();
    let mut seen: Vec<String> = Vec::new();
    let mut texts: Vec<Vec<u8>> = Vec::new();
    let mut is_silent = false;
    for ((selector, role), answer) in selectors.iter().zip(answers) {
        let keys = match keys(answer) {
            Ok(keys) => keys,
            Err(why) => {
                is_silent = true;
                if *role != Role::Usual {
                    part.add(unanswered(context, selector, &why));
                }
                continue;
            }
        };
        // One wildcard record would be found under every usual name.
        let is_repeated = keys.first().is_some_and(|first| texts.contains(first));
        if *role == Role::Usual && (is_repeated || !is_key(&keys)) {
            continue;
        }
        texts.extend(keys.first().cloned());
        if !keys.is_empty() {
            seen.push(shown(selector.as_bytes(), 63));
        }
        part.extend(judge(context, selector, role, &keys));
    }
    if !seen.is_empty() {
        part.fact(Fact::new("DKIM keys", seen.join(", ")));
    }
    let takes_mail = matches!(context.incoming, Incoming::Hosts(_) | Incoming::Implicit(_));
    if part.findings.is_empty() && takes_mail && !is_silent && !context.sends_nothing {
        part.add(not_seen(context));
    }
    part
}

fn selectors(context: &Context<'_>) -> Vec<(String, Role)> {
    let question = context.question;
    let ours = question
        .our_mail()
        .map(|plan| plan.keys.as_slice())
        .unwrap_or_default();
    let ours = ours.iter().map(|key| {
        let role = if key.is_pending { Role::Pending } else { Role::Ours };
        (key.selector.to_ascii_lowercase(), role(key.value.clone()))
    });
    let asked = question
        .selectors
        .iter()
        .map(|selector| (selector.to_ascii_lowercase(), Role::Asked));
    let usual = USUAL.iter().map(|selector| ((*selector).to_owned(), Role::Usual));
    let mut selectors: Vec<(String, Role)> = Vec::new();
    for (selector, role) in ours.chain(asked).take(MAX_SELECTORS).chain(usual) {
        if !selectors.iter().any(|(there, _)| *there == selector) {
            selectors.push((selector, role));
        }
    }
    selectors
}

/// The TXT records, as octets; none is no failure.
fn keys(answer: Answer) -> Result<Vec<Vec<u8>>, String> {
    match answer {
        Ok(records) => {
            let text = |record: &Record| {
                if let Record::Txt(octets) = record {
                    Some(octets.to_vec())
                } else {
                    None
                }
            };
            Ok(records.iter().filter_map(text).take(MAX_RECORDS).collect())
        }
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => Ok(Vec::new()),
        Err(NoRecords::Temporary(why)) => Err(why),
    }
}

/// Is there a key that has not been taken back, or something that was meant to be one?
fn is_key(keys: &[Vec<u8>]) -> bool {
    keys.iter().any(|text| match KeyRecord::parse(text) {
        Ok(key) => !key.revoked,
        Err(_) => text.starts_with(b"v=DKIM1"),
    })
}

fn judge(context: &Context<'_>, selector: &str, role: &Role, keys: &[Vec<u8>]) -> Part {
    let domain = context.domain();
    let name = format!("{selector}._domainkey.{domain}");
    let mut part = Part::default();
    let is_in_use = match role {
        Role::Ours(_) | Role::Asked => true,
        Role::Pending(_) | Role::Usual => false,
    };
    let worse = |code, what: String| {
        let finding = if is_in_use {
            Finding::lost(code, what)
        } else {
            Finding::better(code, what)
        };
        republish(finding, context, &name, role)
    };
    let selector = shown(selector.as_bytes(), 63);
    let Some(first) = keys.first() else {
        if let Role::Pending(_) = role {
            part.add(pending(context, &selector, &name, role));
            return part;
        }
        part.add(
            worse(
                "dkim-key-missing",
                format!("There is no DKIM key at {}.", shown(name.as_bytes(), 253)),
            )
            .why(format!(
                "Nobody can verify what is signed with \"{selector}\"; such mail is refused or taken for spam."
            )),
        );
        return part;
    };
    if keys.len() > 1 {
        let what = format!(
            "There are {} TXT records at {}.",
            keys.len(),
            shown(name.as_bytes(), 253)
        );
        part.add(
            worse("dkim-key-several", what)
                .why("Each receiver picks one of them, and the signature fails with the others."),
        );
    }
    let readable = keys.iter().find_map(|text| KeyRecord::parse(text).ok());
    match (readable, KeyRecord::parse(first)) {
        (Some(key), _) => {
            part.extend(judge_key(&selector, role, &key, &worse).with_verify(&dig("TXT", &name)));
        }
        (None, Ok(_)) => {}
        (None, Err(fault)) => part.add(
            worse(
                "dkim-key-unreadable",
                format!("The DKIM key \"{selector}\" cannot be read: {fault}."),
            )
            .why("Nobody can verify what is signed with it."),
        ),
    }
    part
}

fn judge_key(
    selector: &str,
    role: &Role,
    key: &KeyRecord,
    worse: &dyn Fn(&'static str, String) -> Finding,
) -> Part {
    let mut part = Part::default();
    if key.revoked {
        part.add(
            worse(
                "dkim-key-revoked",
                format!("The DKIM key \"{selector}\" was taken back (p= is empty)."),
            )
            .why("Whatever is signed with it counts as not signed."),
        );
        return part;
    }
    if let Role::Ours(value) | Role::Pending(value) = role
        && KeyRecord::parse(value.as_bytes()).is_ok_and(|ours| ours.public_key() != key.public_key())
    {
        part.add(
            worse(
                "dkim-key-differs",
                format!("The DKIM key \"{selector}\" in the DNS is not the one that this server signs with."),
            )
            .why("Every signature made with it fails, and mail is refused or taken for spam."),
        );
        return part;
    }
    if key.algorithm == KeyAlgorithm::Rsa && key.bits < LEAST_BITS {
        let what = format!("The DKIM key \"{selector}\" has only {} bits.", key.bits);
        part.add(
            Finding::lost("dkim-key-too-short", what)
                .why("Receivers must not count keys under 1024 bits (RFC 8301), and anybody with a computer can break one.")
                .fix("Make a new key of 2048 bits with your mail provider or server, publish it under a new selector, and remove this one."),
        );
    } else if key.algorithm == KeyAlgorithm::Rsa && key.bits < GOOD_BITS {
        let what = format!("The DKIM key \"{selector}\" has {} bits.", key.bits);
        part.add(
            Finding::better("dkim-key-short", what)
                .why("It still counts, but 2048 bits are advised today (RFC 8301).")
                .fix("Make a new key of 2048 bits with your mail provider or server, and publish it under a new selector."),
        );
    }
    if key.testing {
        part.add(
            Finding::better(
                "dkim-key-testing",
                format!("The DKIM key \"{selector}\" says that DKIM is only being tried out (t=y)."),
            )
            .why("Some receivers then treat signed mail like mail without a signature.")
            .fix("Remove t=y from the record once signatures verify."),
        );
    }
    if !key.allows_sha256() || !key.is_for_mail() {
        let what = format!(
            "The DKIM key \"{selector}\" may not be used for mail: its record restricts it by h= or s=."
        );
        part.add(worse("dkim-key-restricted", what).why("Signatures made with it do not count."));
    }
    if part.findings.is_empty() {
        let kind = match key.algorithm {
            KeyAlgorithm::Rsa => format!("RSA, {} bits", key.bits),
            KeyAlgorithm::Ed25519 => "Ed25519".to_owned(),
        };
        part.add(Finding::good(
            "dkim-key",
            format!("The DKIM key \"{selector}\" is published ({kind})."),
        ));
    }
    part
}

/// A key that waits to be published harms nobody.
fn pending(context: &Context<'_>, selector: &str, name: &str, role: &Role) -> Finding {
    let what = format!("The new DKIM key \"{selector}\" is not published yet.");
    let finding = Finding::better("dkim-key-pending", what).why(
        "Nothing is signed with it until it is: mail leaves with the signature of an older key, or with none, and then \
         forwarded mail cannot prove where it comes from.",
    );
    republish(finding, context, name, role)
}

/// What to publish: our own record, or whatever the one who signs says.
fn republish(finding: Finding, context: &Context<'_>, name: &str, role: &Role) -> Finding {
    match role {
        Role::Ours(value) | Role::Pending(value) => finding
            .fix("Publish this record as the only TXT record at its name.")
            .publish(Entry::text(context.domain(), name, value)),
        Role::Asked | Role::Usual => finding
            .fix("Publish the record that your mail provider or server names for this selector, as the only TXT record at its name.")
            .verify(dig("TXT", name)),
    }
}

fn unanswered(context: &Context<'_>, selector: &str, why: &str) -> Finding {
    let domain = context.domain();
    let (selector, why) = (shown(selector.as_bytes(), 63), shown(why.as_bytes(), 200));
    Finding::better(
        "dkim-unanswered",
        format!("Nobody could tell whether the DKIM key \"{selector}\" is published: {why}."),
    )
    .why("While that is so, others cannot verify what is signed with it.")
    .fix("Try again in a few minutes.")
    .verify(dig("TXT", &format!("{selector}._domainkey.{domain}")))
}

fn not_seen(context: &Context<'_>) -> Finding {
    let domain = context.domain();
    Finding::better("dkim-not-seen", format!("No DKIM key of {domain} was found under the usual names."))
        .why(
            "Without DKIM, mail that is forwarded cannot prove where it comes from, and the large providers trust it less. \
             The name of a key cannot be looked up, so there may be one under another name.",
        )
        .fix(
            "Look for \"DKIM-Signature\" in the header of a message you sent. If it is there, take the word behind s= and \
             check again with --selector WORD. If not, switch DKIM on with your mail provider.",
        )
        .verify(format!("posthorn dns check {domain} --selector WORD"))
}
