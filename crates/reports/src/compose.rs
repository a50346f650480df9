//! Our own aggregate report for one policy domain and day, as XML and as mail: RFC 9990 sections 3.1 and
//! 3.5. Whether a destination outside of the policy domain agrees is asked by the caller
//! (`posthorn_dmarc::report_destinations`); the mail has to be signed by the domain in `From`.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_auth::flate2::{Compression, GzBuilder};
use posthorn_base::{Address, Domain, Timestamp};
use posthorn_message::build::{BodyPart, HeaderWriter, choose_boundary};
use posthorn_store::{StoreError, Tx};

use crate::aggregate::write_xml;
use crate::clean;
use crate::day::Day;
use crate::observe::counted;
use crate::report::Aggregate;

/// Characters of a line of base64, RFC 2045 section 6.8.
const BASE64_LINE: usize = 76;

/// Who reports: us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporter {
    /// The name of the organisation.
    pub org_name: String,
    /// The address that the report comes from and where people answer; of a domain whose mail we sign.
    pub email: Address,
    /// The domain that reports, in the subject and in the file name.
    pub domain: Domain,
    /// Where to read more, if anywhere.
    pub extra_contact: Option<String>,
}

/// A report ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// What it says.
    pub report: Aggregate,
    /// The URIs of `rua`, as published: `mailto:…`, at most 10. To be verified.
    pub report_to: Vec<String>,
    /// The name of the file: `receiver!policy-domain!begin!end!id.xml.gz`.
    pub file_name: String,
    submitter: Domain,
}

/// Composes the report of a day; `None` when there is nothing to report or it was sent. The same call gives
/// the same report, with the same id, so that a second try is recognised as such.
///
/// # Errors
/// When the store cannot be read.
pub fn compose(
    tx: &Tx<'_>,
    policy_domain: &Domain,
    day: Day,
    reporter: &Reporter,
) -> Result<Option<Composed>, StoreError> {
    let Some(counted) = counted(tx, policy_domain, day)? else {
        return Ok(None);
    };
    if counted.records.is_empty() {
        return Ok(None);
    }
    let unique = unique_id(policy_domain, day, &reporter.domain);
    let errors = match counted.left_out {
        0 => Vec::new(),
        left_out => vec![format!(
            "{left_out} messages of too many different kinds are not in this report"
        )],
    };
    let report = Aggregate {
        org_name: clean::line(&reporter.org_name, clean::LINE_CHARACTERS),
        email: reporter.email.to_string(),
        extra_contact: reporter.extra_contact.clone(),
        report_id: unique.clone(),
        begin: day.begin(),
        end: day.end(),
        errors,
        generator: Some(concat!("Posthorn ", env!("CARGO_PKG_VERSION")).to_owned()),
        published: counted.published,
        records: counted.records,
        unusable: 0,
    };
    let file_name = format!(
        "{}!{policy_domain}!{}!{}!{unique}.xml.gz",
        reporter.domain, report.begin, report.end
    );
    Ok(Some(Composed {
        report,
        report_to: counted.report_to,
        file_name,
        submitter: reporter.domain.clone(),
    }))
}

/// `unique-id = 1*(ALPHA / DIGIT)`, RFC 9990 section 3.5.2: the same for the same report. It is the report's
/// id as well, which must be identical.
fn unique_id(policy_domain: &Domain, day: Day, submitter: &Domain) -> String {
    let text = format!("{submitter} {policy_domain} {}", day.0);
    blake3::hash(text.as_bytes()).to_hex().chars().take(32).collect()
}

impl Composed {
    /// The report as RFC 9990 has it.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write_xml(&self.report)
    }

    /// The XML, packed with gzip.
    ///
    /// # Errors
    /// None that the memory it is written into can give; the writer's signature has them.
    pub fn to_gzip(&self) -> std::io::Result<Vec<u8>> {
        let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        packed.write_all(self.to_xml().as_bytes())?;
        packed.finish()
    }

    /// The report as a mail to these addresses, unsigned.
    ///
    /// # Errors
    /// See [`Self::to_gzip`].
    pub fn to_message(&self, from: &Reporter, to: &[Address], now: Timestamp) -> std::io::Result<Vec<u8>> {
        let policy_domain = &self.report.published.domain;
        let id = &self.report.report_id;
        let subject = format!(
            "Report Domain: {policy_domain} Submitter: {} Report-ID: <{id}>",
            self.submitter
        );
        let text = self.text();
        let file = base64_lines(&self.to_gzip()?);
        let part = |body| BodyPart {
            content_type: "",
            description: "",
            body,
        };
        let boundary = choose_boundary(id, &[part(text.as_bytes()), part(file.as_bytes())]);
        let recipients: Vec<(&str, &Address)> = to.iter().map(|address| ("", address)).collect();
        let header = HeaderWriter::new()
            .date(now)
            .addresses("From", &[(&self.report.org_name, &from.email)])
            .addresses("To", &recipients)
            .structured("Subject", &subject)
            .message_id(&format!("{id}.dmarc"), &self.submitter)
            .structured("Auto-Submitted", "auto-generated")
            .content_type(&format!("multipart/mixed; boundary=\"{boundary}\""));
        let text_part = HeaderWriter::new().structured("Content-Type", "text/plain; charset=utf-8");
        let encoding = if text.is_ascii() { "7bit" } else { "8bit" };
        let text_part = text_part.structured("Content-Transfer-Encoding", encoding);
        let file_part = HeaderWriter::new()
            .structured("Content-Type", "application/gzip")
            .structured("Content-Transfer-Encoding", "base64")
            .structured(
                "Content-Disposition",
                &format!("attachment; filename=\"{}\"", self.file_name),
            );
        let body = [
            format!("--{boundary}\r\n").as_bytes(),
            &text_part.finish(text.as_bytes()),
            format!("\r\n--{boundary}\r\n").as_bytes(),
            &file_part.finish(file.as_bytes()),
            format!("\r\n--{boundary}--\r\n").as_bytes(),
        ]
        .concat();
        Ok(header.finish(&body))
    }

    /// What a person reads who opens the mail.
    fn text(&self) -> String {
        let messages = self
            .report
            .records
            .iter()
            .fold(0_u64, |sum, of| sum.saturating_add(of.count));
        let passed: u64 = self
            .report
            .records
            .iter()
            .filter(|of| of.passes())
            .fold(0, |sum, of| sum.saturating_add(of.count));
        let day = Day::of(Timestamp::from_secs(self.report.begin));
        let domain = &self.report.published.domain;
        format!(
            "This is the DMARC aggregate report of {} for {domain}.\r\n\r\n\
             On {day} (UTC) {messages} messages came here with {domain}, or a name under it, in From.\r\n\
             {passed} of them passed DMARC. The attached file has the details; it is meant for a program.\r\n\r\n\
             It is sent because the DMARC record of {domain} asks for it (rua=).\r\n",
            self.submitter
        )
    }
}

fn base64_lines(octets: &[u8]) -> String {
    let encoded = STANDARD.encode(octets);
    let mut out = String::with_capacity(encoded.len().saturating_add(encoded.len() / 32));
    let mut column = 0_usize;
    for c in encoded.chars() {
        if column == BASE64_LINE {
            out.push_str("\r\n");
            column = 0;
        }
        out.push(c);
        column = column.saturating_add(1);
    }
    out
}

#[cfg(test)]
mod tests;
