//! Listeners, TLS and the driver that runs any session of a protocol crate over a socket. Knows no protocol:
//! what is said on a connection is the session's affair, what is decided the handler's.

mod binding;
mod driver;
mod limits;
mod listener;
mod stream;
pub mod tls;
#[cfg(test)]
mod toy;

pub use binding::{BindError, BindHint, Listener, bind};
pub use driver::{Ended, Handler, drive};
pub use limits::{ConnectionLimits, Connections, Refusal};
pub use listener::{Accepted, Refuse, Serving, serve};
pub use stream::Stream;
pub use tls::{ClientTls, HandshakeError, ServerTls, TlsSide, first_certificate};
