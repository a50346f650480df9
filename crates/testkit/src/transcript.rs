//! Plays transcripts against a session: whole, and cut into pieces of 1, 2, 3 and 7 octets, with the
//! same result.
//!
//! ```text
//! # RFC 5321 section 4.1.1.3: the point of this file
//! #! option=value           handed to `Scripted::start`
//! S: server octets          a line with CRLF; `S-` without
//! C: client octets          neighbouring lines are one write; `C-` without CRLF
//! E: what the session asks or reports, as `Scripted` words it; also `starttls`, `compress`,
//!                           `end of compression` and `close`
//! | lines of octets         the block of the E: or A: line above; `|-` without CRLF
//! A: our answer; also `tls`, `compressed`, `notice` and `shutdown`
//! T: 300s                   time passes; a deadline that is reached fires
//! ```
//! In C:, S: and | lines `\r \n \t \0 \\ \xNN` and `\{TEXT*COUNT}` are expanded, and `\{NAME}` everywhere, if
//! it is one of [`Scripted::variables`].

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use posthorn_base::TlsInfo;
use posthorn_base::session::{Output, Session};

use crate::script::{Script, Step};

/// How a question or event is written in a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Described {
    /// One `E:` line.
    Line(String),
    /// One `E:` line with a block of octets. Neighbouring chunks under the same line are joined, so that
    /// the way the input was split does not show.
    Chunk(String, Vec<u8>),
}

/// What the runner must know of a protocol.
pub trait Scripted {
    /// The session under test.
    type Session: Session;

    /// A new session; `options` are the file's `#!` lines.
    ///
    /// # Errors
    /// When an option is unknown.
    fn start(&self, options: &[(String, String)], now: Instant) -> Result<Self::Session, String>;

    /// Names and what they stand for: text that many transcripts share.
    fn variables(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The words for a question.
    fn ask(&self, ask: &<Self::Session as Session>::Ask) -> Described;

    /// The words for an event.
    fn event(&self, event: &<Self::Session as Session>::Event) -> Described;

    /// Reads an `A:` line and its block.
    ///
    /// # Errors
    /// When the line is no answer.
    fn answer(&self, line: &str, block: &[u8]) -> Result<<Self::Session as Session>::Answer, String>;
}

/// The TLS facts that `A: tls` tells a session.
#[must_use]
pub fn test_tls() -> TlsInfo {
    TlsInfo {
        version: "TLSv1.3".to_owned(),
        cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
        exporter: Some(vec![7; 32]),
        server_end_point: Some(vec![9; 32]),
    }
}

/// Plays every `*.txt` below `folder`, each whole and in pieces.
///
/// # Panics
/// When a transcript does not come out as written, or the folder holds none.
#[expect(clippy::panic, reason = "a test helper: the panic is the test's failure")]
pub fn play_folder<P: Scripted>(folder: &Path, protocol: &P) {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no transcripts in {}", folder.display());
    let mut failures = String::new();
    for file in &files {
        let text =
            std::fs::read_to_string(file).unwrap_or_else(|cause| panic!("{}: {cause}", file.display()));
        let first = text.lines().next().unwrap_or_default();
        if !first.starts_with("# ") {
            let _infallible = writeln!(
                failures,
                "{}: the first line says the RFC section and the point",
                file.display()
            );
        }
        for piece in [usize::MAX, 1, 2, 3, 7] {
            if let Err(reason) = play(&text, protocol, piece) {
                let pieces = if piece == usize::MAX {
                    "whole".to_owned()
                } else {
                    format!("in pieces of {piece}")
                };
                let _infallible = writeln!(failures, "{} ({pieces}): {reason}", file.display());
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "txt") {
            files.push(path);
        }
    }
}

/// Plays one transcript, the client's octets cut into pieces of `piece`.
///
/// # Errors
/// With the line and what came instead.
pub fn play<P: Scripted>(text: &str, protocol: &P, piece: usize) -> Result<(), String> {
    let mut text = text.to_owned();
    for (name, value) in protocol.variables() {
        text = text.replace(&format!("\\{{{name}}}"), &value);
    }
    let script = Script::parse(&text)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the start of the virtual clock; it never runs by itself"
    )]
    let now = Instant::now();
    let session = protocol.start(&script.options, now)?;
    let mut player = Player {
        protocol,
        session,
        now,
        seen: Vec::new(),
    };
    player.drain();
    for (line, step) in script.steps {
        player
            .step(step, piece)
            .map_err(|reason| format!("line {line}: {reason}"))?;
    }
    match player.seen.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "after the last line there is more: {}",
            show_all(&player.seen)
        )),
    }
}

/// What the session put out and no line has matched yet.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Sent(Vec<u8>),
    Line(String),
    Chunk(String, Vec<u8>),
}

struct Player<'a, P: Scripted> {
    protocol: &'a P,
    session: P::Session,
    now: Instant,
    seen: Vec<Seen>,
}

impl<P: Scripted> Player<'_, P> {
    fn step(&mut self, step: Step, piece: usize) -> Result<(), String> {
        match step {
            Step::Client(octets) => {
                for part in octets.chunks(piece) {
                    self.session.handle_input(self.now, part);
                    self.drain();
                }
                Ok(())
            }
            Step::Server(octets) => self.expect_sent(&octets),
            Step::Expect(line, block) => self.expect(line, block),
            Step::Answer(line, block) => self.answer(&line, &block),
            Step::Time(passed) => {
                self.now += passed;
                if self
                    .session
                    .deadline()
                    .is_some_and(|deadline| deadline <= self.now)
                {
                    self.session.handle_timeout(self.now);
                }
                self.drain();
                Ok(())
            }
        }
    }

    fn answer(&mut self, line: &str, block: &[u8]) -> Result<(), String> {
        match line {
            "tls" => self.session.handle_tls(self.now, test_tls()),
            "compressed" => self.session.handle_compression(self.now),
            "notice" => self.session.handle_notice(self.now),
            "shutdown" => self.session.handle_shutdown(self.now),
            _ => {
                if !self.seen.is_empty() {
                    return Err(format!(
                        "before the answer there is more: {}",
                        show_all(&self.seen)
                    ));
                }
                self.session.answer(self.now, self.protocol.answer(line, block)?);
            }
        }
        self.drain();
        Ok(())
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            let seen = match output {
                Output::Send(octets) => Seen::Sent(octets),
                Output::StartTls => Seen::Line("starttls".to_owned()),
                Output::StartCompression => Seen::Line("compress".to_owned()),
                Output::EndCompression => Seen::Line("end of compression".to_owned()),
                Output::Close => Seen::Line("close".to_owned()),
                Output::Ask(ask) => from_described(self.protocol.ask(&ask)),
                Output::Event(event) => from_described(self.protocol.event(&event)),
            };
            match (self.seen.last_mut(), seen) {
                (Some(Seen::Sent(before)), Seen::Sent(octets)) => before.extend(octets),
                (Some(Seen::Chunk(label, before)), Seen::Chunk(same, octets)) if *label == same => {
                    before.extend(octets);
                }
                (_, seen) => self.seen.push(seen),
            }
        }
    }

    fn expect_sent(&mut self, octets: &[u8]) -> Result<(), String> {
        match self.seen.first_mut() {
            Some(Seen::Sent(sent)) if sent.starts_with(octets) => {
                sent.drain(..octets.len());
                if sent.is_empty() {
                    self.seen.remove(0);
                }
                Ok(())
            }
            _ => Err(format!(
                "expected\n{}came\n{}",
                show(octets),
                show_all(&self.seen)
            )),
        }
    }

    fn expect(&mut self, line: String, block: Vec<u8>) -> Result<(), String> {
        let fits = match self.seen.first() {
            Some(Seen::Line(came)) => *came == line && block.is_empty(),
            Some(Seen::Chunk(label, octets)) => *label == line && *octets == block,
            Some(Seen::Sent(_)) | None => false,
        };
        if fits {
            self.seen.remove(0);
            return Ok(());
        }
        Err(format!(
            "expected\n  E: {line}\n{}came\n{}",
            show(&block),
            show_all(&self.seen)
        ))
    }
}

fn from_described(described: Described) -> Seen {
    match described {
        Described::Line(line) => Seen::Line(line),
        Described::Chunk(line, octets) => Seen::Chunk(line, octets),
    }
}

fn show(octets: &[u8]) -> String {
    let mut out = String::new();
    for line in octets.split_inclusive(|&c| c == b'\n') {
        let text: String = line.escape_ascii().to_string().chars().take(300).collect();
        let _infallible = writeln!(out, "    {text}");
    }
    out
}

fn show_all(seen: &[Seen]) -> String {
    let mut out = String::new();
    for item in seen {
        match item {
            Seen::Sent(octets) => out.push_str(&show(octets)),
            Seen::Line(line) => {
                let _infallible = writeln!(out, "  E: {line}");
            }
            Seen::Chunk(line, octets) => {
                let _infallible = write!(out, "  E: {line}\n{}", show(octets));
            }
        }
    }
    if out.is_empty() {
        "    nothing\n".to_owned()
    } else {
        out
    }
}
