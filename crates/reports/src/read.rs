//! Finds and reads the reports in a mail, or in a file somebody saved. Goes by what the octets are, not by
//! their name or media type, of which reporters use a dozen. Messages attached to the mail are not looked
//! into: the one in a failure report is somebody's private mail.

use std::borrow::Cow;

use posthorn_message::{Kind, Part, decode_body, header, media_type, render};

use crate::aggregate::read_xml;
use crate::failure;
use crate::limits::{Limits, Unreadable};
use crate::report::Report;
use crate::tls::read_json;
use crate::unpack::Unpacker;

/// The reports in a mail: in its attachments, or in the mail as such when it is a failure report.
///
/// # Errors
/// When none could be read: why the first that looked like one was not, or that there is none.
pub fn read_message(octets: &[u8], limits: &Limits) -> Result<Vec<Report>, Unreadable> {
    let parts = render(octets).parts;
    let mut found = Found::new(limits);
    let mut attached: Option<Vec<u32>> = None;
    for number in parts.numbers() {
        if attached.as_ref().is_some_and(|outer| number.starts_with(outer)) {
            continue;
        }
        let Some(part) = parts.part(&number) else { continue };
        match part.kind {
            Kind::Message => attached = Some(number),
            Kind::Multipart => {}
            Kind::Leaf => {
                let (header, body) = split(octets, part);
                let media = media_type(header);
                if media == failure::MEDIA_TYPE {
                    found.add(failure::read_feedback(octets, &decode_body(header, body)));
                } else if !matches!(media.as_str(), "text/html" | "text/rfc822-headers") {
                    found.add_file(&decode_body(header, body));
                }
            }
        }
    }
    if found.reports.is_empty()
        && let Some(failure) = failure::read_plain(octets, &parts)
    {
        return Ok(vec![Report::Failure(failure)]);
    }
    found.finish()
}

/// The reports in a file: XML, JSON, either packed with gzip or zip, or a saved mail. The name is looked at
/// only to tell a mail from other text: `.eml`. Outlook's `.msg` is not read.
///
/// # Errors
/// As [`read_message`].
pub fn read_file(name: &str, octets: &[u8], limits: &Limits) -> Result<Vec<Report>, Unreadable> {
    let is_mail = name.to_ascii_lowercase().ends_with(".eml");
    if is_mail || looks_like_mail(octets) {
        return read_message(octets, limits);
    }
    let mut found = Found::new(limits);
    found.add_file(octets);
    found.finish()
}

/// Does it begin with a header? XML, JSON and archives never do.
fn looks_like_mail(octets: &[u8]) -> bool {
    let first = octets.trim_ascii_start().first().copied().unwrap_or(b'<');
    first.is_ascii_alphabetic() && header::Fields::new(octets).take(20).any(|field| field.is("From"))
}

fn split<'a>(octets: &'a [u8], part: &Part) -> (&'a [u8], &'a [u8]) {
    let header = octets.get(part.header()).unwrap_or_default();
    (header, octets.get(part.body()).unwrap_or_default())
}

/// What was read so far, and the first thing that went wrong.
struct Found<'l> {
    limits: &'l Limits,
    unpacker: Unpacker<'l>,
    reports: Vec<Report>,
    first_error: Option<Unreadable>,
    files: usize,
}

impl<'l> Found<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            unpacker: Unpacker::new(limits),
            reports: Vec::new(),
            first_error: None,
            files: 0,
        }
    }

    fn add<T: Into<Option<Report>>>(&mut self, report: T) {
        self.reports.extend(report.into());
    }

    fn add_file(&mut self, octets: &[u8]) {
        if self.files >= self.limits.files {
            self.note(Unreadable::TooManyFiles {
                limit: self.limits.files,
            });
            return;
        }
        let limits = self.limits;
        let mut results = Vec::new();
        let unpacked = self.unpacker.unpack(octets, &mut |file| {
            if let Some(read) = read_plain_file(file, limits) {
                results.push(read);
            }
        });
        self.files = self.files.saturating_add(results.len());
        for result in results {
            match result {
                Ok(report) => self.reports.push(report),
                Err(error) => self.note(error),
            }
        }
        if let Err(error) = unpacked {
            self.note(error);
        }
    }

    /// That there was something else before counts less than why a report was not read.
    fn note(&mut self, error: Unreadable) {
        if self.first_error.is_none() && error != Unreadable::NoReport {
            self.first_error = Some(error);
        }
    }

    fn finish(self) -> Result<Vec<Report>, Unreadable> {
        if self.reports.is_empty() {
            return Err(self.first_error.unwrap_or(Unreadable::NoReport));
        }
        Ok(self.reports)
    }
}

/// Reads what is not packed; `None` for what is neither XML nor JSON.
fn read_plain_file(octets: &[u8], limits: &Limits) -> Option<Result<Report, Unreadable>> {
    let text: Cow<'_, [u8]> = Cow::Borrowed(octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets));
    let is_utf16 = matches!(octets.get(..2), Some([0xff, 0xfe] | [0xfe, 0xff]));
    match text.trim_ascii_start().first() {
        Some(b'{') => Some(read_json(&text).map(Report::Tls)),
        Some(b'<') => Some(read_xml(octets, limits).map(Report::Aggregate)),
        Some(_) if is_utf16 => Some(read_xml(octets, limits).map(Report::Aggregate)),
        Some(_) | None => None,
    }
}
