//! What a look-up can end with. "There is no such thing" and "nobody could tell me" are never confused:
//! the first lets a message bounce, the second makes it wait.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_resolver::net::{DnsError, NetError};
use posthorn_base::lookup::NoRecords;

/// From an answer without records.
pub(crate) fn from_code(code: ResponseCode) -> NoRecords {
    if code == ResponseCode::NXDomain {
        NoRecords::NoSuchName
    } else if code == ResponseCode::NoError {
        NoRecords::NoneOfKind
    } else {
        NoRecords::Temporary(format!("answer {}", code.to_str()))
    }
}

pub(crate) fn from_net(error: &NetError) -> NoRecords {
    if let NetError::Dns(DnsError::NoRecordsFound(none)) = error {
        return from_code(none.response_code);
    }
    if let NetError::Dns(DnsError::ResponseCode(code)) = error {
        // An error code is never "no records", whatever it is.
        return NoRecords::Temporary(format!("answer {}", code.to_str()));
    }
    NoRecords::Temporary(error.to_string())
}

/// How long the absence of records may be believed (RFC 2308 section 5).
pub(crate) fn believed_for(error: &NetError) -> Duration {
    let NetError::Dns(DnsError::NoRecordsFound(none)) = error else {
        return Duration::ZERO;
    };
    Duration::from_secs(none.negative_ttl.unwrap_or(0).into())
}

pub(crate) fn timeout(after: Duration) -> NoRecords {
    NoRecords::Temporary(format!("no answer within {} ms", after.as_millis()))
}

/// Why nobody takes a domain's mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailHostsError {
    /// The domain does not exist.
    #[error("the domain {0} does not exist")]
    NoSuchDomain(String),
    /// The domain exists, with neither an MX record nor an address.
    #[error("the domain {0} has neither a mail server nor an address")]
    NoMailServer(String),
    /// A null MX (RFC 7505 section 3).
    #[error("the domain {0} accepts no mail")]
    NullMx(String),
    /// There are MX records, and none of their hosts has an address.
    #[error("none of the mail servers of {0} has an address: {1}")]
    NoAddress(String, String),
    /// The best mail server is this one, and it does not know the domain.
    #[error("mail for {0} loops back to me")]
    LoopsBack(String),
    /// Nobody could tell.
    #[error("the mail servers of {domain} cannot be looked up now: {reason}")]
    Temporary {
        /// Which domain.
        domain: String,
        /// What went wrong.
        reason: String,
    },
}

impl MailHostsError {
    /// Will trying again be useless, so that the message must bounce?
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::NoSuchDomain(_)
            | Self::NoMailServer(_)
            | Self::NullMx(_)
            | Self::NoAddress(..)
            | Self::LoopsBack(_) => true,
            Self::Temporary { .. } => false,
        }
    }

    /// The enhanced status code for the delivery report: RFC 3463 section 3, and RFC 7505 for 5.1.10.
    #[must_use]
    pub fn enhanced_status(&self) -> &'static str {
        match self {
            Self::NoSuchDomain(_) | Self::NoMailServer(_) => "5.1.2",
            Self::NullMx(_) => "5.1.10",
            Self::NoAddress(..) => "5.4.4",
            Self::LoopsBack(_) => "5.4.6",
            Self::Temporary { .. } => "4.4.3",
        }
    }
}
