//! `posthorn demo`: a private internet on loopback, in which a real message travels the whole way and can
//! be watched. Name server, one node per domain with its own address, folder, accounts and certificate;
//! then the story; then it runs on, for any mail client.

mod internet;
mod script;
mod senders;
mod show;
mod story;

use std::path::PathBuf;

use posthorn_runtime::logging::{self, LogSettings};
use posthorn_runtime::{Signal, Signals};

use crate::node::{NodeError, write_atomically};
use internet::Internet;
use show::Show;

/// How the demonstration is run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where everything is kept; `None`: in a folder that is removed at the end.
    pub(crate) dir: Option<PathBuf>,
    /// Written once everything listens.
    pub(crate) ready_file: Option<PathBuf>,
    /// Ports from here on; `None`: free ones.
    pub(crate) base_port: Option<u16>,
    /// End after the story.
    pub(crate) once: bool,
    /// With colours.
    pub(crate) color: bool,
}

/// The demonstration failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// A node cannot run.
    #[error("{domain}: {cause}")]
    Node {
        /// Whose.
        domain: String,
        /// Why.
        cause: NodeError,
    },
    /// The name server cannot run.
    #[error(transparent)]
    Zone(#[from] posthorn_dns::zone::ZoneError),
    /// A folder or file cannot be written.
    #[error("{what}: {cause}")]
    System {
        /// Which.
        what: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A step of the setting up was refused.
    #[error("{0}")]
    SetUp(String),
    /// The message did not arrive.
    #[error("the message did not arrive: {0}")]
    Story(String),
}

impl DemoError {
    fn system(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.to_string();
        move |cause| Self::System { what, cause }
    }
}

/// How a message travels, and then who really sent three of them.
async fn tell(internet: &Internet, show: &Show, goes_on: bool) -> Result<(), DemoError> {
    let message_id = story::tell(internet, show).await?;
    senders::tell(internet, show, &message_id, goes_on).await
}

/// Runs the demonstration to its end.
///
/// # Errors
/// When it cannot start, or the message does not arrive.
pub(crate) async fn run(options: Options) -> Result<(), DemoError> {
    // The story is the output; the log speaks up only when something is wrong.
    let quiet = LogSettings {
        filter: "error".to_owned(),
        ..LogSettings::default()
    };
    if let Err(reason) = logging::init(&quiet) {
        tracing::warn!(%reason, "the log stays as it is");
    }
    let mut signals = Signals::install().map_err(DemoError::system("signals"))?;
    let show = Show::new(options.color);
    let internet = Internet::start(&options).await?;
    let told = tokio::select! {
        told = tell(&internet, &show, !options.once) => told,
        _ = signals.next() => {
            internet.stop().await;
            return Ok(());
        }
    };
    // Only now: mail of whoever reads the file would get in between the lines of the story.
    if let (Ok(()), Some(path)) = (&told, &options.ready_file) {
        write_atomically(path, &internet.ready_json()).map_err(DemoError::system(path.display()))?;
    }
    if told.is_ok() && !options.once {
        show.connect(&internet);
        while signals.next().await == Signal::Reload {}
        show.line("");
    }
    internet.stop().await;
    told
}
