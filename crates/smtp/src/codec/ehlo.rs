//! The lines of a reply to `EHLO` as the client reads them: RFC 5321 section 4.1.1.1. The server's side is
//! `server::hello`, which offers what the settings allow.

use posthorn_sasl::Mechanism;

use super::split_word;

/// The extensions a peer offers, as far as we use them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offers {
    pub(crate) pipelining: bool,
    /// `SIZE` without or with 0: no fixed limit.
    pub(crate) size: Option<u64>,
    pub(crate) has_size: bool,
    pub(crate) eight_bit_mime: bool,
    pub(crate) smtputf8: bool,
    pub(crate) starttls: bool,
    pub(crate) chunking: bool,
    pub(crate) binary_mime: bool,
    pub(crate) dsn: bool,
    pub(crate) mechanisms: Vec<Mechanism>,
}

impl Offers {
    /// Reads the lines of the reply behind the first. What we do not know is passed over.
    pub(crate) fn parse(lines: &[String]) -> Self {
        let mut offers = Self::default();
        for line in lines {
            let (keyword, rest) = split_word(line);
            match keyword.to_ascii_uppercase().as_str() {
                "PIPELINING" => offers.pipelining = true,
                "SIZE" => {
                    offers.has_size = true;
                    offers.size = rest.parse().ok().filter(|&octets| octets > 0);
                }
                "8BITMIME" => offers.eight_bit_mime = true,
                "SMTPUTF8" => offers.smtputf8 = true,
                "STARTTLS" => offers.starttls = true,
                "CHUNKING" => offers.chunking = true,
                "BINARYMIME" => offers.binary_mime = true,
                "DSN" => offers.dsn = true,
                "AUTH" => offers
                    .mechanisms
                    .extend(rest.split(' ').filter_map(Mechanism::from_name)),
                _ => {}
            }
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_in_any_case() {
        let lines = [
            "size 1000",
            "Pipelining",
            "AUTH PLAIN XYZ scram-sha-256",
            "X-FOO",
            "DSN",
        ];
        let offers = Offers::parse(&lines.map(str::to_owned));
        assert_eq!(offers.size, Some(1000));
        assert!(offers.pipelining && offers.dsn && !offers.smtputf8);
        assert_eq!(offers.mechanisms, [Mechanism::Plain, Mechanism::ScramSha256]);
    }

    #[test]
    fn a_size_of_zero_is_no_limit() {
        let offers = Offers::parse(&["SIZE 0".to_owned()]);
        assert_eq!((offers.has_size, offers.size), (true, None));
    }
}
