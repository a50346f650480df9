//! TLS for both sides of a connection: certificates of the server, roots of the client, the handshake and
//! its bounds. TLS 1.2 and 1.3 with ring. Does not fetch certificates from an authority.

mod binding;
mod client;
mod files;
mod handshake;
mod self_signed;
mod server;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use client::{ClientTls, Roots};
pub use files::{TlsError, first_certificate};
pub use handshake::{HandshakeError, TlsSide};
pub use server::ServerTls;

pub(crate) use handshake::{TlsStream, handshake};

/// The cryptography, named outright so that no other crate's choice can replace it.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
