//! A toy protocol for the tests of driver and listener: lines in, lines out.
//!
//! `STARTTLS`, `QUIT`, `FLOOD` (answers without end), `PANIC` (the handler does), `SLOW line` (the handler
//! answers when released), `FACTS` (the TLS facts); any other line is asked of the handler and its answer
//! sent, as two sends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use posthorn_base::TlsInfo;
use posthorn_base::session::{Output, Session};
use posthorn_runtime::clock;
use tokio::sync::Notify;

use crate::driver::Handler;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Echo {
    held: Vec<u8>,
    outputs: VecDeque<Output<String, String>>,
    is_asking: bool,
    is_flooding: bool,
    is_closed: bool,
    deadline: Option<Instant>,
    facts: String,
    /// How often a flooding session was polled.
    pub(crate) polls: Arc<AtomicUsize>,
}

impl Echo {
    pub(crate) fn new() -> Self {
        let mut echo = Self {
            held: Vec::new(),
            outputs: VecDeque::new(),
            is_asking: false,
            is_flooding: false,
            is_closed: false,
            deadline: Some(clock::now() + PATIENCE),
            facts: "plain".to_owned(),
            polls: Arc::default(),
        };
        echo.send("hello\r\n");
        echo
    }

    fn send(&mut self, text: &str) {
        self.outputs.push_back(Output::Send(text.as_bytes().to_vec()));
    }

    fn close(&mut self, text: &str) {
        self.send(text);
        self.outputs.push_back(Output::Close);
        self.is_closed = true;
        self.deadline = None;
    }

    fn work(&mut self) {
        while !self.is_asking && !self.is_closed && !self.is_flooding {
            let Some(end) = self.held.iter().position(|&c| c == b'\n') else {
                return;
            };
            let line: Vec<u8> = self.held.drain(..=end).collect();
            self.line(String::from_utf8_lossy(&line).trim_end());
        }
    }

    fn line(&mut self, line: &str) {
        match line {
            "STARTTLS" => {
                self.send("go ahead\r\n");
                self.outputs.push_back(Output::StartTls);
                self.held.clear();
            }
            "QUIT" => self.close("bye\r\n"),
            "FLOOD" => self.is_flooding = true,
            "FACTS" => {
                let facts = format!("{}\r\n", self.facts);
                self.send(&facts);
            }
            _ => {
                self.outputs.push_back(Output::Event(format!("asked {line}")));
                self.outputs.push_back(Output::Ask(line.to_owned()));
                self.is_asking = true;
            }
        }
    }
}

impl Session for Echo {
    type Ask = String;
    type Answer = String;
    type Event = String;

    fn handle_input(&mut self, now: Instant, octets: &[u8]) {
        self.deadline = Some(now + PATIENCE);
        self.held.extend(octets);
        self.work();
    }

    fn handle_tls(&mut self, _now: Instant, tls: TlsInfo) {
        self.facts = facts(&tls);
    }

    fn handle_timeout(&mut self, now: Instant) {
        assert!(self.deadline.is_some_and(|deadline| deadline <= now));
        self.close("too slow\r\n");
    }

    fn handle_shutdown(&mut self, _now: Instant) {
        self.close("going down\r\n");
    }

    fn handle_notice(&mut self, _now: Instant) {
        self.send("news\r\n");
    }

    fn answer(&mut self, _now: Instant, answer: String) {
        assert!(std::mem::take(&mut self.is_asking));
        self.send(&answer);
        self.send("\r\n");
        self.work();
    }

    fn poll_output(&mut self) -> Option<Output<String, String>> {
        if self.is_flooding && self.outputs.is_empty() {
            self.polls.fetch_add(1, Ordering::Relaxed);
            return Some(Output::Send(vec![b'x'; 1000]));
        }
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn wants_input(&self) -> bool {
        !self.is_asking
    }
}

pub(crate) fn facts(tls: &TlsInfo) -> String {
    format!(
        "{} {} {:?} {:?}",
        tls.version, tls.cipher, tls.exporter, tls.server_end_point
    )
}

/// Answers a line with itself.
#[derive(Default)]
pub(crate) struct Echoing {
    pub(crate) events: Vec<String>,
    /// Lets `SLOW` answers go.
    pub(crate) release: Arc<Notify>,
    pub(crate) news: Arc<Notify>,
}

impl Handler<Echo> for Echoing {
    async fn answer(&mut self, ask: String) -> String {
        match ask.split_once(' ') {
            Some(("SLOW", rest)) => {
                self.release.notified().await;
                rest.to_owned()
            }
            _ if ask == "PANIC" => panic!("as the peer wished"),
            _ => ask,
        }
    }

    fn event(&mut self, event: String) {
        self.events.push(event);
    }

    async fn notice(&mut self) {
        self.news.notified().await;
    }
}
