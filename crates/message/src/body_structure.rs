//! `BODY` and `BODYSTRUCTURE` in wire form, RFC 9051 section 7.5.2. A multipart that could not be taken
//! apart is shown as `text/plain`, so that its text can be read; a message that could not, as
//! `application/octet-stream`, so that it can be saved.

use posthorn_base::limits::MIME_DEPTH;

use crate::envelope::write_envelope;
use crate::head::Head;
use crate::header::unfold_octets;
use crate::imap_string::{write_nstring, write_number, write_string};
use crate::line_count::LineCount;
use crate::mime_value::MimeValue;
use crate::parts::{Kind, Part};
use crate::scan::Scan;

/// Languages of one part that are told.
const LANGUAGES: usize = 16;

/// Which of the two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `BODY`.
    Basic,
    /// `BODYSTRUCTURE`.
    Extended,
}

/// Writes the structure of a message.
pub(crate) fn write_structure(scan: &Scan<'_>, lines: &LineCount<'_>, form: Form, out: &mut Vec<u8>) {
    Writer { scan, lines, form }.write(0, 0, out);
}

struct Writer<'a> {
    scan: &'a Scan<'a>,
    lines: &'a LineCount<'a>,
    form: Form,
}

impl Writer<'_> {
    fn write(&self, at: usize, depth: usize, out: &mut Vec<u8>) {
        let (Some(part), Some(head)) = (self.scan.parts.all().get(at), self.scan.heads.get(at)) else {
            return;
        };
        // The scanner nests no deeper; the bound is here for the stack's sake.
        if depth > MIME_DEPTH {
            return;
        }
        out.push(b'(');
        match part.kind {
            Kind::Multipart => {
                for child in self.scan.parts.children(at) {
                    self.write(child, depth.saturating_add(1), out);
                }
                self.write_multipart_end(head, out);
            }
            Kind::Message => {
                self.write_basic(part, head, &head.media, out);
                if let Some(message) = self.scan.parts.children(at).next() {
                    out.push(b' ');
                    self.scan
                        .heads
                        .get(message)
                        .iter()
                        .for_each(|head| write_envelope(head, out));
                    out.push(b' ');
                    self.write(message, depth.saturating_add(1), out);
                    write_number(self.lines.of(part.body()), out);
                }
                self.write_extension(head, out);
            }
            Kind::Leaf => self.write_leaf(part, head, out),
        }
        out.push(b')');
    }

    fn write_leaf(&self, part: &Part, head: &Head<'_>, out: &mut Vec<u8>) {
        let media = leaf_media(head);
        self.write_basic(part, head, &media, out);
        if media.0 == b"text" {
            write_number(self.lines.of(part.body()), out);
        }
        self.write_extension(head, out);
    }

    /// Type, subtype, parameters, id, description, encoding and size.
    fn write_basic(&self, part: &Part, head: &Head<'_>, media: &(Vec<u8>, Vec<u8>), out: &mut Vec<u8>) {
        write_string(&media.0.to_ascii_uppercase(), out);
        out.push(b' ');
        write_string(&media.1.to_ascii_uppercase(), out);
        out.push(b' ');
        let mut parameters = if *media == head.media {
            head.content_type.parameters.clone()
        } else {
            Vec::new()
        };
        // RFC 2046 section 4.1.2 gives plain text this charset unless it says another.
        let names_charset = parameters
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(b"charset"));
        if media.0 == b"text" && media.1 == b"plain" && !names_charset {
            parameters.insert(0, (b"charset".to_vec(), b"US-ASCII".to_vec()));
        }
        write_parameters(&parameters, out);
        for value in [head.id, head.description] {
            out.push(b' ');
            write_nstring(
                Head::unfolded(value).filter(|value| !value.is_empty()).as_deref(),
                out,
            );
        }
        out.push(b' ');
        write_string(&head.encoding_name().to_ascii_uppercase(), out);
        write_number(part.body().len(), out);
    }

    fn write_multipart_end(&self, head: &Head<'_>, out: &mut Vec<u8>) {
        out.push(b' ');
        write_string(&head.media.1.to_ascii_uppercase(), out);
        if self.form == Form::Extended {
            out.push(b' ');
            write_parameters(&head.content_type.parameters, out);
            write_disposition(head, out);
        }
    }

    fn write_extension(&self, head: &Head<'_>, out: &mut Vec<u8>) {
        if self.form == Form::Extended {
            // Content-MD5 (RFC 1864): nobody has looked at it for decades.
            out.extend_from_slice(b" NIL");
            write_disposition(head, out);
        }
    }
}

/// The media type that a leaf is shown with.
pub(crate) fn leaf_media(head: &Head<'_>) -> (Vec<u8>, Vec<u8>) {
    if head.media.0 == b"multipart" {
        (b"text".to_vec(), b"plain".to_vec())
    } else if head.is_message_type() {
        (b"application".to_vec(), b"octet-stream".to_vec())
    } else {
        head.media.clone()
    }
}

/// `(name value …)` or `NIL`.
fn write_parameters(parameters: &[(Vec<u8>, Vec<u8>)], out: &mut Vec<u8>) {
    if parameters.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    let mut mark = b'(';
    for (name, value) in parameters {
        out.push(mark);
        mark = b' ';
        write_string(&name.to_ascii_uppercase(), out);
        out.push(b' ');
        write_string(value, out);
    }
    out.push(b')');
}

/// Disposition, language and location, each after a space.
fn write_disposition(head: &Head<'_>, out: &mut Vec<u8>) {
    match head.disposition() {
        None => out.extend_from_slice(b" NIL"),
        Some(MimeValue { value, parameters }) => {
            out.extend_from_slice(b" (");
            write_string(&value.to_ascii_uppercase(), out);
            out.push(b' ');
            write_parameters(&parameters, out);
            out.push(b')');
        }
    }
    out.push(b' ');
    write_languages(head.language, out);
    out.push(b' ');
    write_nstring(
        Head::unfolded(head.location)
            .filter(|value| !value.is_empty())
            .as_deref(),
        out,
    );
}

/// `NIL`, a string, or a list of strings: RFC 3282 has them with commas between.
fn write_languages(value: Option<&[u8]>, out: &mut Vec<u8>) {
    let value = value.map(unfold_octets).unwrap_or_default();
    let languages: Vec<&[u8]> = value
        .split(|octet| *octet == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|language| !language.is_empty())
        .take(LANGUAGES)
        .collect();
    match languages.as_slice() {
        [] => out.extend_from_slice(b"NIL"),
        [one] => write_string(one, out),
        many => {
            let mut mark = b'(';
            for language in many {
                out.push(mark);
                mark = b' ';
                write_string(language, out);
            }
            out.push(b')');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    fn structure(raw: &str, form: Form) -> String {
        let mut out = Vec::new();
        write_structure(
            &scan(raw.as_bytes()),
            &LineCount::new(raw.as_bytes()),
            form,
            &mut out,
        );
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn extension_data_comes_in_its_order() {
        let raw = "Content-Type: image/png; name=a.png\r\nContent-ID: <i@x>\r\nContent-Description: a\r\n picture\r\n\
            Content-Transfer-Encoding: Base64\r\nContent-Disposition: inline; filename*0=\"a \"; filename*1=b\r\n\
            Content-Language: de, en-GB\r\nContent-Location: http://x.test/\r\n\r\nQQ==\r\n";
        let basic = "(\"IMAGE\" \"PNG\" (\"NAME\" \"a.png\") \"<i@x>\" \"a picture\" \"BASE64\" 6";
        assert_eq!(structure(raw, Form::Basic), format!("{basic})"));
        assert_eq!(
            structure(raw, Form::Extended),
            format!("{basic} NIL (\"INLINE\" (\"FILENAME\" \"a b\")) (\"de\" \"en-GB\") \"http://x.test/\")")
        );
    }

    #[test]
    fn what_could_not_be_taken_apart_can_be_read_or_saved() {
        let lost = "Content-Type: multipart/mixed; boundary=x\r\n\r\ntext\r\n";
        assert_eq!(
            structure(lost, Form::Basic),
            "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 6 1)"
        );
        let encoded = "Content-Type: message/rfc822; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==";
        assert_eq!(
            structure(encoded, Form::Basic),
            "(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL \"BASE64\" 4)"
        );
    }

    #[test]
    fn a_type_that_is_none_is_plain_text() {
        for field in ["Content-Type: text", "Content-Type: /", "Content-Type:", "X: y"] {
            assert!(
                structure(&format!("{field}\r\n\r\nx"), Form::Basic).starts_with("(\"TEXT\" \"PLAIN\" ("),
                "{field}"
            );
        }
    }
}
