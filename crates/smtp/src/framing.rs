//! Octets to lines and bodies and back, with limits: RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2.
//! Knows no command.

pub(crate) mod body;
pub(crate) mod line;
pub(crate) mod stuffing;
