//! What is known of a domain before its records are written: where its mail goes, who signs for it, what
//! already stands in the DNS. Decides nothing yet.

use std::net::IpAddr;

use posthorn_base::{Address, DMARC_REPORTS, Domain, TLS_REPORTS};

use crate::entry::USUAL_TTL_SECS;

/// A key that signs for the domain, or soon will, or lately did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name of the key: its record stands at `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// The record: `v=DKIM1; k=rsa; p=…`.
    pub value: String,
    /// Does nothing get signed with it before its record is there?
    pub is_pending: bool,
}

/// A service that mail programs look for (RFC 6186, RFC 8314).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Sending, TLS from the first octet (465).
    Submissions,
    /// Sending, TLS by STARTTLS (587).
    Submission,
    /// Reading by IMAP, TLS from the first octet (993).
    Imaps,
    /// Reading by POP3, TLS from the first octet (995).
    Pop3s,
}

impl Service {
    /// The label of its SRV record.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Submissions => "_submissions",
            Self::Submission => "_submission",
            Self::Imaps => "_imaps",
            Self::Pop3s => "_pop3s",
        }
    }

    /// The port where nobody chose another.
    #[must_use]
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Submissions => 465,
            Self::Submission => 587,
            Self::Imaps => 993,
            Self::Pop3s => 995,
        }
    }

    /// What a mail program does there.
    pub(crate) fn deed(self) -> &'static str {
        match self {
            Self::Submissions => "send mail",
            Self::Submission => "send mail by STARTTLS",
            Self::Imaps => "read mail by IMAP",
            Self::Pop3s => "fetch mail by POP3",
        }
    }
}

/// How strictly other servers must hold to the MTA-STS policy (RFC 8461 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MtaStsMode {
    /// Deliver all the same, and report.
    Testing,
    /// Deliver only over TLS with a good certificate.
    Enforce,
}

/// The record that announces an MTA-STS policy. The policy itself is a file at
/// `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`, which this crate neither writes nor fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MtaSts {
    /// Changes with every change of the policy: 1 to 32 letters and digits.
    pub id: String,
    /// For the sentence beside the record; the record itself does not tell.
    pub mode: MtaStsMode,
}

/// What the records of a domain follow from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The domain.
    pub domain: Domain,
    /// Our mail host, as it greets and as MX names it.
    pub hostname: Domain,
    /// Where the host is reached and sends from.
    pub addresses: Vec<IpAddr>,
    /// The SPF record that is there: it is added to, never replaced.
    pub spf: Option<String>,
    /// Every key whose record must be in the DNS.
    pub keys: Vec<Key>,
    /// Where aggregate reports go; `None`: nobody is asked for any.
    pub dmarc_reports: Option<Address>,
    /// Where reports about TLS go; `None`: nobody is asked for any.
    pub tls_reports: Option<Address>,
    /// The DMARC record that is there: it is kept.
    pub dmarc: Option<String>,
    /// `None` leaves MTA-STS out.
    pub mta_sts: Option<MtaSts>,
    /// SHA-256 of the public key (SubjectPublicKeyInfo) in the host's certificate; `None` leaves TLSA out.
    pub public_key_sha256: Option<[u8; 32]>,
    /// Who issues the host's certificates (`letsencrypt.org`); `None` leaves CAA out.
    pub certificate_issuer: Option<String>,
    /// What mail programs find here, and at which port.
    pub services: Vec<(Service, u16)>,
    /// Does the host answer at `autoconfig.DOMAIN` and `autodiscover.DOMAIN`?
    pub serves_settings: bool,
    /// Does the domain neither send nor receive mail? Then its records say so, and everything else here
    /// is left aside.
    pub no_mail: bool,
    /// In seconds.
    pub ttl_secs: u32,
}

impl Plan {
    /// A domain whose mail is handled by `hostname`, with reports to `dmarc-reports@` and `tls-reports@`
    /// the domain and the usual services.
    #[must_use]
    pub fn new(domain: Domain, hostname: Domain) -> Self {
        let services = [Service::Submissions, Service::Imaps];
        Self {
            dmarc_reports: Address::parse(&format!("{DMARC_REPORTS}@{domain}")).ok(),
            tls_reports: Address::parse(&format!("{TLS_REPORTS}@{domain}")).ok(),
            domain,
            hostname,
            addresses: Vec::new(),
            spf: None,
            keys: Vec::new(),
            dmarc: None,
            mta_sts: None,
            public_key_sha256: None,
            certificate_issuer: None,
            services: services.map(|service| (service, service.usual_port())).into(),
            serves_settings: true,
            no_mail: false,
            ttl_secs: USUAL_TTL_SECS,
        }
    }

    /// A domain that neither sends nor receives mail, and says so.
    #[must_use]
    pub fn no_mail(domain: Domain) -> Self {
        let mut plan = Self::new(domain.clone(), domain);
        plan.services.clear();
        plan.serves_settings = false;
        plan.no_mail = true;
        plan
    }
}
