//! Why a command ends with exit status 1. What is printed is a plain sentence and what to do.

use std::io;

use posthorn_accounts::PasswordError;
use posthorn_config::ConfigError;
use posthorn_dns::ResolverError;

use crate::admin::AskError;
use crate::demo::DemoError;
use crate::node::NodeError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(
        "there are no settings: neither ./posthorn.toml nor /etc/posthorn/posthorn.toml is there; give their place with --config FILE, or make them: posthorn config example > posthorn.toml"
    )]
    NoSettings,
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("{0}")]
    Refused(String),
    #[error("the server answered something else than was asked; restart it, it may be of another version")]
    OtherAnswer,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the two passwords differ; nothing is changed")]
    PasswordsDiffer,
    #[error("no password can be read ({0}); without a terminal give it with --password-stdin")]
    NoPassword(io::Error),
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
    #[error("the program cannot start its threads: {0}")]
    Runtime(io::Error),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Resolver(#[from] ResolverError),
    /// An examination found something, and says so by its exit status; it is printed already.
    #[error("")]
    Found(u8),
    /// What is wrong is printed already.
    #[error("")]
    Told,
}

impl Failure {
    /// Did whoever read the output go away? That is their right.
    pub(super) fn is_reader_gone(&self) -> bool {
        matches!(self, Self::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit status.
    pub(super) fn status(&self) -> u8 {
        if let Self::Found(status) = self {
            *status
        } else {
            1
        }
    }

    /// What to print; `None` when nothing is left to say.
    pub(super) fn text(&self) -> Option<String> {
        let text = self.to_string();
        match self {
            Self::Told | Self::Found(_) => None,
            // Each line of it begins with the file and the line, which editors understand.
            Self::Config(ConfigError::Faulty { .. }) => Some(text),
            Self::Config(ConfigError::Unreadable { .. })
            | Self::NoSettings
            | Self::Ask(_)
            | Self::Refused(_)
            | Self::OtherAnswer
            | Self::Password(_)
            | Self::PasswordsDiffer
            | Self::NoPassword(_)
            | Self::Output(_)
            | Self::Runtime(_)
            | Self::Node(_)
            | Self::Demo(_)
            | Self::Resolver(_) => Some(format!("posthorn: {text}")),
        }
    }
}
