//! What the operating system tells the program: stop (SIGINT, SIGTERM), read the settings and certificates
//! anew (SIGHUP). Decides nothing: the program does.

use std::io;

use tokio::signal::unix::{self, SignalKind};

/// What a signal means to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT or SIGTERM: go down in order. A second one means that somebody is tired of waiting.
    Stop,
    /// SIGHUP: look at settings and certificates again.
    Reload,
}

/// Hears signals from the moment it is made.
#[derive(Debug)]
pub struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hang_up: unix::Signal,
}

impl Signals {
    /// Takes the three signals over: from now on they no longer end the process by themselves. Needs a
    /// running tokio runtime.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            hang_up: unix::signal(SignalKind::hangup())?,
        })
    }

    /// The next signal. May be dropped and called anew without losing one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.hang_up.recv() => Signal::Reload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(name: &str) {
        let me = std::process::id().to_string();
        let status = std::process::Command::new("kill")
            .args(["-s", name, &me])
            .status();
        assert!(status.unwrap().success());
    }

    #[tokio::test]
    async fn hang_up_means_reload_and_terminate_means_stop() {
        let mut signals = Signals::install().unwrap();
        send("HUP");
        assert_eq!(signals.next().await, Signal::Reload);
        send("TERM");
        assert_eq!(signals.next().await, Signal::Stop);
        send("INT");
        assert_eq!(signals.next().await, Signal::Stop);
    }
}
