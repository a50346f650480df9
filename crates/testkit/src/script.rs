//! Reads a transcript file into steps. The format stands in `transcript`.

use std::time::Duration;

/// One step of a transcript, with the line it began on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `C:` lines, joined: one write of the client.
    Client(Vec<u8>),
    /// `S:` lines, joined: what the server must have sent by now.
    Server(Vec<u8>),
    /// `E:`: a question, an event, `starttls` or `close`, with its `|` block.
    Expect(String, Vec<u8>),
    /// `A:`: an answer, `tls`, `notice` or `shutdown`, with its `|` block.
    Answer(String, Vec<u8>),
    /// `T:`: time passes.
    Time(Duration),
}

/// A transcript: `#!` options and steps with their line numbers.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) options: Vec<(String, String)>,
    pub(crate) steps: Vec<(usize, Step)>,
}

impl Script {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut script = Self::default();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            script
                .line(number, line)
                .map_err(|reason| format!("line {number}: {reason}: {line}"))?;
        }
        if script.steps.is_empty() {
            return Err("the transcript has no step".to_owned());
        }
        Ok(script)
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if let Some(option) = line.strip_prefix("#!") {
            let (key, value) = option.trim().split_once('=').unwrap_or((option.trim(), "yes"));
            self.options
                .push((key.trim().to_owned(), value.trim().to_owned()));
            return Ok(());
        }
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (kind, text) = line.split_at_checked(2).ok_or("too short")?;
        let text = text.strip_prefix(' ').unwrap_or(text);
        match kind {
            "C:" | "C-" => self.client(number, octets(text, kind)?),
            "S:" | "S-" => self.server(number, octets(text, kind)?),
            "E:" => self
                .steps
                .push((number, Step::Expect(text.to_owned(), Vec::new()))),
            "A:" => self
                .steps
                .push((number, Step::Answer(text.to_owned(), Vec::new()))),
            "T:" => self.steps.push((number, Step::Time(duration(text)?))),
            "| " | "|" => self.block(octets(text, ":")?)?,
            "|-" => self.block(octets(text, "-")?)?,
            _ => return Err("a line begins with C: C- S: S- E: A: T: | |- # or #!".to_owned()),
        }
        Ok(())
    }

    fn client(&mut self, number: usize, octets: Vec<u8>) {
        if let Some((_, Step::Client(before))) = self.steps.last_mut() {
            before.extend(octets);
        } else {
            self.steps.push((number, Step::Client(octets)));
        }
    }

    fn server(&mut self, number: usize, octets: Vec<u8>) {
        if let Some((_, Step::Server(before))) = self.steps.last_mut() {
            before.extend(octets);
        } else {
            self.steps.push((number, Step::Server(octets)));
        }
    }

    fn block(&mut self, octets: Vec<u8>) -> Result<(), String> {
        match self.steps.last_mut() {
            Some((_, Step::Expect(_, block) | Step::Answer(_, block))) => {
                block.extend(octets);
                Ok(())
            }
            Some((_, Step::Client(_) | Step::Server(_) | Step::Time(_))) | None => {
                Err("a block belongs to an E: or A: line".to_owned())
            }
        }
    }
}

/// Expands `\r \n \t \0 \\ \xNN` and `\{TEXT*COUNT}`, and ends the line unless the kind says no.
fn octets(text: &str, kind: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        let escape = after.chars().next().ok_or("a backslash at the end")?;
        let mut used = escape.len_utf8();
        match escape {
            'r' => out.push(b'\r'),
            'n' => out.push(b'\n'),
            't' => out.push(b'\t'),
            '0' => out.push(0),
            '\\' => out.push(b'\\'),
            'x' => {
                let hex = after.get(1..3).ok_or("\\x needs two digits")?;
                out.push(u8::from_str_radix(hex, 16).map_err(|cause| cause.to_string())?);
                used = 3;
            }
            '{' => {
                let (inner, _) = after
                    .get(1..)
                    .and_then(|t| t.split_once('}'))
                    .ok_or("\\{ without }")?;
                let (piece, count) = inner.rsplit_once('*').ok_or("\\{TEXT*COUNT}")?;
                let count: usize = count.parse().map_err(|_cause| "COUNT is no number")?;
                out.extend(piece.as_bytes().repeat(count));
                used = inner.len() + 2;
            }
            _ => return Err(format!("unknown escape \\{escape}")),
        }
        rest = after.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
    if !kind.ends_with('-') {
        out.extend_from_slice(b"\r\n");
    }
    Ok(out)
}

fn duration(text: &str) -> Result<Duration, String> {
    let secs = text
        .trim()
        .strip_suffix('s')
        .ok_or("T: takes seconds, as in 300s")?;
    secs.parse()
        .map(Duration::from_secs)
        .map_err(|_cause| "T: takes whole seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_client_lines_are_one_write() {
        let script = Script::parse("# point\nC: a\nC- b\\{x*3}\\x41\nS: c").unwrap();
        let steps: Vec<Step> = script.steps.into_iter().map(|(_, step)| step).collect();
        assert_eq!(
            steps,
            [
                Step::Client(b"a\r\nbxxxA".to_vec()),
                Step::Server(b"c\r\n".to_vec())
            ]
        );
    }

    #[test]
    fn a_wrong_line_is_named() {
        assert!(Script::parse("C: a\nX: b").unwrap_err().starts_with("line 2"));
    }
}
