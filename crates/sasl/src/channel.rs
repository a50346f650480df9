//! Channel bindings: what ties a SCRAM exchange to the TLS connection it runs in (RFC 5056).
//! `tls-unique` is absent: it does not exist in TLS 1.3 and is unsafe below without RFC 7627.

use posthorn_base::TlsInfo;

/// What a session knows about its channel. The default is no TLS, hence no binding.
///
/// A server that does not offer SCRAM-SHA-256-PLUS hands over the default even inside TLS, so that a
/// client saying "I would bind, you do not offer it" is not taken for the victim of a downgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// `tls-exporter`, RFC 9266.
    pub exporter: Option<Vec<u8>>,
    /// `tls-server-end-point`, RFC 5929 section 4.
    pub server_end_point: Option<Vec<u8>>,
}

impl From<&TlsInfo> for Channel {
    fn from(tls: &TlsInfo) -> Self {
        Self {
            exporter: tls.exporter.clone(),
            server_end_point: tls.server_end_point.clone(),
        }
    }
}

impl Channel {
    /// Is there anything to bind to? Only then may SCRAM-SHA-256-PLUS be offered.
    #[must_use]
    pub const fn can_bind(&self) -> bool {
        self.exporter.is_some() || self.server_end_point.is_some()
    }

    /// The binding data of that type; `None` when unknown here. The names are case-sensitive.
    pub(crate) fn data(&self, cb_name: &str) -> Option<&[u8]> {
        match cb_name {
            "tls-exporter" => self.exporter.as_deref(),
            "tls-server-end-point" => self.server_end_point.as_deref(),
            _ => None,
        }
    }

    /// The strongest binding there is: the exporter is unique to the connection.
    pub(crate) fn strongest(&self) -> Option<(&'static str, &[u8])> {
        ["tls-exporter", "tls-server-end-point"]
            .into_iter()
            .find_map(|name| self.data(name).map(|data| (name, data)))
    }
}
