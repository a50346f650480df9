//! The web pages of a node, and what monitoring and mail programs ask it over HTTP/1.1 (RFC 9110, RFC 9112):
//! how to set up a mail program, for people and as Mozilla's autoconfig, whether the node is well, and its
//! numbers. hyper reads and writes the protocol. Speaks no TLS, takes no request bodies and knows no log-in.

mod facts;
mod pages;
mod patience;
mod reply;
mod routes;
mod server;
mod visit;

pub use facts::{Facts, Host, MailKind, MailService, MailTls};
pub use server::HttpServer;
