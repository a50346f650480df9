//! The words of an SMTP transaction that both sides share: who, to whom, and with which extensions.
//! Holds no octets of a message and no protocol state.

use posthorn_base::{Address, ReversePath, TlsInfo};

/// The `BODY` parameter: RFC 6152 section 2 and RFC 3030 section 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// `7BIT`, and what is meant when the parameter is absent.
    SevenBit,
    /// `8BITMIME`: lines, but octets above 127 may stand in them.
    EightBitMime,
    /// `BINARYMIME`: any octets, sent with `BDAT` alone.
    BinaryMime,
}

/// How much of the message a bounce returns: RFC 3461 section 4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    /// `FULL`.
    Full,
    /// `HDRS`.
    Headers,
}

/// When the sender wants to hear of a recipient's fate: RFC 3461 section 4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notify {
    /// `NEVER`.
    Never,
    /// Any of `SUCCESS`, `FAILURE`, `DELAY`; at least one is set.
    On(NotifyOn),
}

/// The cases of [`Notify::On`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct NotifyOn {
    /// `SUCCESS`.
    pub success: bool,
    /// `FAILURE`.
    pub failure: bool,
    /// `DELAY`.
    pub delay: bool,
}

/// What `MAIL` says (RFC 5321 section 4.1.1.2 with the extensions' parameters).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Where bounces go.
    pub reverse_path: ReversePath,
    /// `SIZE=`: the octets the client means to send (RFC 1870); `None` when it did not say.
    pub size: Option<u64>,
    /// `BODY=`.
    pub body: Body,
    /// Did it say `SMTPUTF8` (RFC 6531)?
    pub smtputf8: bool,
    /// `RET=`; `None` when it did not say.
    pub ret: Option<Ret>,
    /// `ENVID=`, decoded from xtext: printable ASCII, at most 100 characters.
    pub envelope_id: Option<String>,
    /// Who has logged in; `None` for strangers. A client session ignores it.
    pub identity: Option<String>,
}

/// What one `RCPT` says (RFC 5321 section 4.1.1.3, RFC 3461).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The forward path, without a source route.
    pub address: Address,
    /// `NOTIFY=`; `None` when it did not say.
    pub notify: Option<Notify>,
    /// `ORCPT=`: address type, `;`, and the address decoded from xtext: `rfc822;anna@example.test`.
    pub original_recipient: Option<String>,
}

/// All that is known of a message beside its content, once its last octet has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the client called itself.
    pub helo: String,
    /// Did it say `EHLO` or `LHLO` (and not `HELO`)?
    pub esmtp: bool,
    /// The TLS connection; `None` in the clear.
    pub tls: Option<TlsInfo>,
    /// Who has logged in.
    pub identity: Option<String>,
    /// What `MAIL` said.
    pub sender: Sender,
    /// The recipients that were accepted, in the client's order; at least one.
    pub recipients: Vec<Recipient>,
    /// Octets of the content: the sum of all body chunks.
    pub size_octets: u64,
}
