//! Where a domain of ours receives reports about its mail. The records we publish name these addresses, mail
//! to them is read by the server rather than put in a mailbox, and no report of ours is about it: three
//! places, one pair of words.

/// Local part for DMARC reports, aggregate and failure (RFC 9990, RFC 9991): `rua=mailto:dmarc-reports@…`.
pub const DMARC_REPORTS: &str = "dmarc-reports";
/// Local part for TLS reports (RFC 8460 section 3): `rua=mailto:tls-reports@…`.
pub const TLS_REPORTS: &str = "tls-reports";

/// Does mail to this local part, at a domain of ours, hold reports unless somebody has the address? Letter
/// case does not matter.
///
/// What arrives there must not be observed for reports of our own: two servers would report each other's
/// reports for ever.
#[must_use]
pub fn receives_reports(local_part: &str) -> bool {
    [DMARC_REPORTS, TLS_REPORTS]
        .iter()
        .any(|name| local_part.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_addresses_receive_reports() {
        assert!(receives_reports("DMARC-Reports"));
        assert!(receives_reports("tls-reports"));
        assert!(!receives_reports("dmarc-reports+x"));
        assert!(!receives_reports("postmaster"));
    }
}
