//! DMARC policy records (RFC 9989 sections 4.7 and 4.8): read as a receiver must, written as a domain
//! should.
//!
//! ```text
//! dmarc-record  = dmarc-version *(dmarc-sep dmarc-tag) [dmarc-sep]
//! dmarc-version = "v" equals %s"DMARC1" ; case sensitive
//! dmarc-tag     = 1*ALPHA equals 1*dmarc-value
//! dmarc-value   = %x20-3A / %x3C-7E
//! dmarc-sep     = *WSP ";" *WSP
//! equals        = *WSP "=" *WSP
//! ```
//!
//! Whether a text is a DMARC record at all is decided by its version alone; a fault in the rest costs only
//! the tag it stands in ("Syntax errors in the remainder of the record MUST be discarded in favor of default
//! values (if any) or ignored outright"). Where RFC 9989 says nothing: of a tag that is repeated, the first
//! counts. Does not ask the DNS.

mod fault;
mod tags;

#[cfg(test)]
mod tests;

use std::fmt;

pub use fault::{Fault, FaultKind, faults};

use posthorn_base::Address;

use crate::{Policy, PolicyTag, uri};

/// As many report addresses are read from one tag.
pub const MAX_URIS: usize = 10;

/// How alike two domains must be (RFC 9989 section 4.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `r`: of the same organization.
    #[default]
    Relaxed,
    /// `s`: the same.
    Strict,
}

/// What a domain says of its place among the public suffixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Psd {
    /// `psd=y`: others register names below it, as below `com`.
    Yes,
    /// `psd=n`: it is the organizational domain of everything below it.
    No,
    /// `psd=u`, or nothing: the tree walk tells.
    #[default]
    Unknown,
}

/// When reports of single failures are wanted (`fo=`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FailureOptions {
    /// `1`: when any mechanism fails to vouch, not only when all do (`0`).
    pub any: bool,
    /// `d`: when a DKIM signature does not hold, aligned or not.
    pub dkim: bool,
    /// `s`: when SPF fails, aligned or not.
    pub spf: bool,
}

/// A DMARC policy record; fields are called as the tags are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Record {
    /// What is asked for the domain itself. `None` when `p=` is missing or when `p=`, `sp=` or `np=` cannot be
    /// read: then `sp` and `np` are `None` too, and [`Record::policies`] says what follows.
    pub p: Option<Policy>,
    /// For names below it; `None`: as `p`.
    pub sp: Option<Policy>,
    /// For names below it that do not exist; `None`: as `sp`.
    pub np: Option<Policy>,
    /// How alike the domain of a DKIM signature must be.
    pub adkim: Mode,
    /// How alike SPF's domain must be.
    pub aspf: Mode,
    /// Is it a public suffix?
    pub psd: Psd,
    /// `t=y`: only a test.
    pub t: bool,
    /// Where aggregate reports are wanted, as URIs without a size; at most [`MAX_URIS`].
    pub rua: Vec<String>,
    /// Where reports of single failures are wanted.
    pub ruf: Vec<String>,
    /// When those are wanted.
    pub fo: FailureOptions,
}

/// The policies of a record after all defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    /// For the domain itself.
    pub p: Policy,
    /// For names below it.
    pub sp: Policy,
    /// For names below it that do not exist.
    pub np: Policy,
}

impl Record {
    /// A record with one policy for the domain and everything below it, and nothing else.
    #[must_use]
    pub fn new(p: Policy) -> Self {
        Self {
            p: Some(p),
            ..Self::default()
        }
    }

    /// The same, with aggregate reports sent to the address.
    #[must_use]
    pub fn with_reports_to(mut self, address: &Address) -> Self {
        self.rua.push(uri::mailto(address));
        self
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When the text is no DMARC record, because it does not begin with `v=DMARC1`. Whatever else is wrong is
    /// passed over; [`faults`] names it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut record = Self::default();
        let mut are_policies_sound = true;
        for tag in tags::read(text)? {
            if tag.is_repeated {
                continue;
            }
            are_policies_sound &= record.take(&tag);
        }
        if !are_policies_sound || record.p.is_none() {
            (record.p, record.sp, record.np) = (None, None, None);
        }
        Ok(record)
    }

    /// Takes over what a tag says; `false` when it is a policy that cannot be read.
    fn take(&mut self, tag: &tags::Tag<'_>) -> bool {
        use tags::Name;
        let value = tag.value;
        match tag.name {
            Name::P => self.p = tags::policy(value),
            Name::Sp => {
                self.sp = tags::policy(value);
                return self.sp.is_some();
            }
            Name::Np => {
                self.np = tags::policy(value);
                return self.np.is_some();
            }
            Name::Adkim => self.adkim = tags::mode(value).unwrap_or_default(),
            Name::Aspf => self.aspf = tags::mode(value).unwrap_or_default(),
            Name::Psd => self.psd = tags::psd(value).unwrap_or_default(),
            Name::T => self.t = tags::yes_or_no(value).unwrap_or_default(),
            Name::Rua => self.rua = tags::uris(value),
            Name::Ruf => self.ruf = tags::uris(value),
            Name::Fo => self.fo = tags::failure_options(value).unwrap_or_default(),
            Name::Obsolete | Name::Unknown | Name::Version => {}
        }
        true
    }

    /// The policies in force (RFC 9989 section 4.10.1). Without a usable `p=`, `none` if reports are wanted;
    /// otherwise `None`: the record cannot be used.
    #[must_use]
    pub fn policies(&self) -> Option<Policies> {
        let p = match self.p {
            Some(p) => p,
            None if self.rua.is_empty() => return None,
            None => Policy::None,
        };
        let sp = self.sp.unwrap_or(p);
        Some(Policies {
            p,
            sp,
            np: self.np.unwrap_or(sp),
        })
    }

    /// The tag that the policy for names below the domain comes from.
    pub(crate) fn subdomain_tag(&self) -> PolicyTag {
        if self.sp.is_some() {
            PolicyTag::Sp
        } else {
            PolicyTag::P
        }
    }
}

impl fmt::Display for Record {
    /// The record as it is published. `p` stands second, where readers of RFC 7489 demand it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=DMARC1")?;
        for (name, policy) in [("p", self.p), ("sp", self.sp), ("np", self.np)] {
            if let Some(policy) = policy {
                write!(f, "; {name}={policy}")?;
            }
        }
        for (name, mode) in [("adkim", self.adkim), ("aspf", self.aspf)] {
            if mode == Mode::Strict {
                write!(f, "; {name}=s")?;
            }
        }
        match self.psd {
            Psd::Yes => f.write_str("; psd=y")?,
            Psd::No => f.write_str("; psd=n")?,
            Psd::Unknown => {}
        }
        if self.t {
            f.write_str("; t=y")?;
        }
        for (name, uris) in [("rua", &self.rua), ("ruf", &self.ruf)] {
            if !uris.is_empty() {
                write!(f, "; {name}={}", uris.join(","))?;
            }
        }
        let FailureOptions { any, dkim, spf } = self.fo;
        let wanted = [("1", any), ("d", dkim), ("s", spf)];
        let wanted: Vec<&str> = wanted.iter().filter(|(_, on)| *on).map(|(c, _)| *c).collect();
        if !wanted.is_empty() {
            write!(f, "; fo={}", wanted.join(":"))?;
        }
        Ok(())
    }
}
