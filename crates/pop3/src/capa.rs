//! The list of capabilities, RFC 2449 section 5. It depends on TLS and on the state, never on the user.

use std::fmt::Write as _;

use posthorn_sasl::{Channel, Mechanism};

use crate::config::{Config, Expire};

/// What the list depends on beside the settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    pub(crate) is_tls: bool,
    pub(crate) is_logged_in: bool,
    pub(crate) channel: &'a Channel,
}

/// May somebody log in now?
pub(crate) const fn may_log_in(config: &Config, is_tls: bool) -> bool {
    is_tls || config.allow_plaintext_login
}

/// The mechanisms `AUTH` takes now.
pub(crate) fn mechanisms(config: &Config, channel: &Channel) -> Vec<Mechanism> {
    config
        .mechanisms
        .iter()
        .copied()
        .filter(|mechanism| *mechanism != Mechanism::ScramSha256Plus || channel.can_bind())
        .collect()
}

/// The whole reply to `CAPA`.
pub(crate) fn reply(config: &Config, now: Circumstances<'_>) -> Vec<u8> {
    let mut out =
        "+OK capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n".to_owned();
    if may_log_in(config, now.is_tls) {
        out.push_str("USER\r\n");
        let mechanisms = mechanisms(config, now.channel);
        if !mechanisms.is_empty() {
            out.push_str("SASL");
            for mechanism in mechanisms {
                out.push(' ');
                out.push_str(mechanism.name());
            }
            out.push_str("\r\n");
        }
    }
    // RFC 2595 section 4: listed where the command is permitted in the current state.
    if config.starttls && !now.is_tls && !now.is_logged_in {
        out.push_str("STLS\r\n");
    }
    if let Some(delay) = config.login_delay_secs {
        let _infallible = write!(out, "LOGIN-DELAY {delay}\r\n");
    }
    let _infallible = match config.expire {
        Expire::Never => write!(out, "EXPIRE NEVER\r\n"),
        Expire::Days(days) => write!(out, "EXPIRE {days}\r\n"),
    };
    out.push_str("UTF8 USER\r\nIMPLEMENTATION Posthorn\r\n.\r\n");
    out.into_bytes()
}
