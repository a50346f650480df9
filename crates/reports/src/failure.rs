//! Failure reports: RFC 6591 and RFC 9991, in the form of RFC 5965; and the plain text that Exim's users
//! send instead. Only facts are taken: no text of the message, no address of a person.

use std::net::IpAddr;

use posthorn_message::header::{Fields, first_field, unfold};
use posthorn_message::{Kind, Parts, decode_body, media_type};

use crate::clean;
use crate::report::{Failure, Report};

/// What the machine-readable part of a report announces itself as.
pub(crate) const MEDIA_TYPE: &str = "message/feedback-report";
/// Octets of a plain text that are looked at, and lines of it.
const PLAIN_OCTETS: usize = 4_096;

/// Reads the part of [`MEDIA_TYPE`] of `mail`; `None` when it reports something else, such as spam.
pub(crate) fn read_feedback(mail: &[u8], feedback: &[u8]) -> Option<Report> {
    // Some encoders put empty lines before the first field.
    let feedback = feedback.trim_ascii_start();
    let field = |name: &str| first_field(feedback, name).and_then(text);
    if !field("Feedback-Type").is_some_and(|kind| kind.eq_ignore_ascii_case("auth-failure")) {
        return None;
    }
    let domain = clean::domain(&field("Reported-Domain").or_else(|| field("DKIM-Domain"))?);
    let lower = |name: &str| field(name).map(|value| value.to_lowercase());
    Some(Report::Failure(Failure {
        reporter: reporter(mail),
        report_id: report_id(mail, feedback),
        domain,
        source: field("Source-IP").and_then(|ip| address(&ip)),
        envelope_from: field("Original-Mail-From").map(|from| clean::domain_of(&from)),
        what: lower("Auth-Failure"),
        unaligned: lower("Identity-Alignment"),
        delivery: lower("Delivery-Result"),
        dkim_domain: field("DKIM-Domain").map(|domain| clean::domain(&domain)),
        incidents: field("Incidents")
            .and_then(|number| number.parse().ok())
            .unwrap_or(1)
            .clamp(1, 1_000_000),
    }))
}

/// Reads a report without a machine-readable part: lines such as `Sender Domain: example.com`.
pub(crate) fn read_plain(mail: &[u8], parts: &Parts) -> Option<Failure> {
    let subject = unfold(first_field(mail, "Subject")?).to_lowercase();
    if !subject.contains("dmarc") {
        return None;
    }
    let number = parts
        .numbers()
        .into_iter()
        .find(|number| parts.part(number).is_some_and(|part| is_plain(mail, part)))?;
    let part = parts.part(&number)?;
    let body = decode_body(mail.get(part.header())?, mail.get(part.body())?);
    let body = body.get(..PLAIN_OCTETS).unwrap_or(&body);
    // What follows is the header of somebody's message.
    let body = String::from_utf8_lossy(body);
    let head = body.split("------").next().unwrap_or_default();
    let value = |name: &str| {
        let line = head
            .lines()
            .map(str::trim_start)
            .find(|line| line.starts_with(name))?;
        text(line.get(name.len()..)?.trim_start_matches(':').as_bytes())
    };
    let unaligned: Vec<&str> = [("SPF Alignment", "spf"), ("DKIM Alignment", "dkim")]
        .into_iter()
        .filter(|(name, _)| value(name).is_some_and(|answer| answer.eq_ignore_ascii_case("no")))
        .map(|(_, method)| method)
        .collect();
    Some(Failure {
        reporter: reporter(mail),
        report_id: report_id(mail, body.as_bytes()),
        domain: clean::domain(&value("Sender Domain")?),
        source: value("Sender IP Address").and_then(|ip| address(&ip)),
        envelope_from: None,
        what: Some("dmarc".to_owned()),
        unaligned: Some(unaligned.join(", ")).filter(|list| !list.is_empty()),
        delivery: None,
        dkim_domain: None,
        incidents: 1,
    })
}

fn is_plain(mail: &[u8], part: &posthorn_message::Part) -> bool {
    part.kind == Kind::Leaf && media_type(mail.get(part.header()).unwrap_or_default()) == "text/plain"
}

fn text(value: &[u8]) -> Option<String> {
    Some(clean::line(&unfold(value), clean::LINE_CHARACTERS)).filter(|text| !text.is_empty())
}

fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_matches(['[', ']', '"']);
    Some(bare.parse::<IpAddr>().ok()?.to_canonical())
}

/// The domain in `From` of the mail.
fn reporter(mail: &[u8]) -> String {
    let from = first_field(mail, "From").map(|from| unfold(from).into_owned());
    let from = from.unwrap_or_default();
    let address = from
        .rsplit_once('<')
        .map_or(from.as_str(), |(_, address)| address);
    clean::domain_of(address.split(['>', ' ', ';']).next().unwrap_or_default())
}

/// The mail's own id; without one, a name made of what the report says.
fn report_id(mail: &[u8], said: &[u8]) -> String {
    let fields = Fields::new(mail).filter(|field| field.is("Message-ID"));
    fields
        .filter_map(|field| text(field.value))
        .next()
        .unwrap_or_else(|| blake3::hash(said).to_hex().chars().take(32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_spam_is_no_failure_report() {
        assert_eq!(
            read_feedback(b"", b"Feedback-Type: abuse\r\nReported-Domain: a.test\r\n"),
            None
        );
    }

    #[test]
    fn no_address_of_a_person_is_kept() {
        let feedback = b"Feedback-Type: auth-failure\r\nReported-Domain: A.test\r\nOriginal-Mail-From: <anna@b.test>\r\n\
            Original-Rcpt-To: carl@c.test\r\nIdentity-Alignment: DKIM\r\nSource-IP: [::ffff:192.0.2.1]\r\n\r\n";
        let report = read_feedback(b"From: X <x@reporter.test>\r\n\r\n", feedback).unwrap();
        let json = serde_json::to_string(&report).unwrap();
        assert!(!json.contains("anna") && !json.contains("carl"), "{json}");
        let Report::Failure(failure) = report else {
            panic!("{json}")
        };
        assert_eq!(failure.reporter, "reporter.test");
        assert_eq!(failure.domain, "a.test");
        assert_eq!(failure.envelope_from.as_deref(), Some("b.test"));
        assert_eq!(failure.source, Some("192.0.2.1".parse().unwrap()));
        assert_eq!(failure.report_id.len(), 32);
    }
}
