//! Where a domain of ours receives reports. Its own DNS records name these addresses, and mail to them is
//! read by this crate rather than put in a mailbox.

/// Local part for DMARC reports, aggregate and failure: `rua=mailto:dmarc-reports@…`.
pub const DMARC_REPORTS: &str = "dmarc-reports";
/// Local part for TLS reports: `rua=mailto:tls-reports@…` (RFC 8460 section 3).
pub const TLS_REPORTS: &str = "tls-reports";

/// Does mail to this local part, at a domain of ours, hold reports? Letter case does not matter.
///
/// What arrives there must not be observed for reports of our own (see [`crate::observe`]): two servers
/// would report each other's reports for ever.
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
