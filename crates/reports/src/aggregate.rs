//! Aggregate reports as XML: RFC 9990 section 3.1 and its schema; RFC 7489 appendix C and the drafts before
//! it are read, too. Own code rather than mail-auth's (0.13.3), which refuses what real reporters send (an
//! element around `feedback`, octets that are no UTF-8, a bare `<`) and takes `Pass` for no result.

mod read;
mod words;
mod write;

pub(crate) use read::read_xml;
pub(crate) use write::write_xml;

/// The XML namespace of RFC 9990.
pub(crate) const NAMESPACE: &str = "urn:ietf:params:xml:ns:dmarc-2.0";
/// Errors that are kept of a report.
const ERRORS: usize = 10;
/// Reasons that are kept of a record.
const OVERRIDES: usize = 5;
/// Signatures that are kept of a record; RFC 9990 section 3.1.3 lets reporters send 100.
const SIGNATURES: usize = 10;

#[cfg(test)]
mod tests;
