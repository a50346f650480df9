//! One JSON line per scenario.

use crate::error::{Error, Result};
use crate::process;
use crate::server::Server;
use hdrhistogram::Histogram;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Latencies in microseconds.
pub struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        Self(Histogram::new(3).expect("3 digits is a valid precision"))
    }
}

impl Latency {
    pub fn add(&mut self, d: Duration) {
        self.0
            .record(d.as_micros() as u64)
            .expect("an auto-sized histogram takes any value");
    }

    pub fn merge(&mut self, other: &Self) {
        self.0
            .add(&other.0)
            .expect("an auto-sized histogram takes any value");
    }
}

/// Errors met in a run: how many, and the first in words.
#[derive(Default)]
pub struct Errors {
    pub count: u64,
    pub first: Option<Error>,
}

impl Errors {
    pub fn add(&mut self, e: Error) {
        self.count += 1;
        self.first.get_or_insert(e);
    }

    pub fn check<T>(&mut self, r: Result<T>) -> Option<T> {
        r.map_err(|e| self.add(e)).ok()
    }

    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        if let Some(e) = other.first {
            self.first.get_or_insert(e);
        }
    }
}

pub struct Report {
    line: String,
    started: Instant,
    trees: Vec<u32>,
    cpu_server: f64,
    cpu_client: f64,
    cpu_machine: f64,
}

impl Report {
    /// Starts the clock.
    pub fn start(server: &Server, scenario: &str) -> Self {
        let trees = &server.tree;
        let mut r = Self {
            line: String::from("{"),
            started: Instant::now(),
            trees: trees.clone(),
            cpu_server: process::tree_cpu_seconds(trees),
            cpu_client: process::cpu_seconds(std::process::id()),
            cpu_machine: process::machine_busy_seconds(),
        };
        r.text("server", &server.server);
        r.text("scenario", scenario);
        r.text("label", server.label.as_deref().unwrap_or(scenario));
        r.float("load1", process::load1());
        r
    }

    pub fn elapsed(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    fn key(&mut self, key: &str) {
        if self.line.len() > 1 {
            self.line.push(',');
        }
        let _ = write!(self.line, "\"{key}\":");
    }

    pub fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.line.push('"');
        for c in value.chars() {
            match c {
                '"' | '\\' => self.line.extend(['\\', c]),
                c if (c as u32) < 0x20 => {
                    let _ = write!(self.line, "\\u{:04x}", c as u32);
                }
                c => self.line.push(c),
            }
        }
        self.line.push('"');
    }

    pub fn int(&mut self, key: &str, value: u64) {
        self.key(key);
        let _ = write!(self.line, "{value}");
    }

    pub fn float(&mut self, key: &str, value: f64) {
        self.key(key);
        let rounded = if value.is_finite() {
            (value * 1000.0).round() / 1000.0
        } else {
            0.0
        };
        let _ = write!(self.line, "{rounded}");
    }

    /// `<name>_p50_ms`, `_p99_ms`, `_max_ms`.
    pub fn latency(&mut self, name: &str, l: &Latency) {
        if l.0.is_empty() {
            return;
        }
        self.float(
            &format!("{name}_p50_ms"),
            l.0.value_at_quantile(0.50) as f64 / 1e3,
        );
        self.float(
            &format!("{name}_p99_ms"),
            l.0.value_at_quantile(0.99) as f64 / 1e3,
        );
        self.float(&format!("{name}_max_ms"), l.0.max() as f64 / 1e3);
    }

    /// Ends the line with errors and processor use, and prints it.
    /// `cpu_other_s` is what neither the server nor this client used: noise
    /// (and the kernel's own threads).
    pub fn finish(mut self, errors: &Errors) {
        let client = process::cpu_seconds(std::process::id()) - self.cpu_client;
        let busy = process::machine_busy_seconds() - self.cpu_machine;
        let mut other = busy - client;
        if !self.trees.is_empty() {
            let server = process::tree_cpu_seconds(&self.trees) - self.cpu_server;
            other -= server;
            self.float("cpu_server_s", server);
        }
        self.float("cpu_client_s", client);
        self.float("cpu_other_s", other.max(0.0));
        self.int("errors", errors.count);
        if let Some(e) = &errors.first {
            self.text("first_error", &e.0);
        }
        println!("{}}}", self.line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_keep_their_size() {
        let (mut a, mut b) = (Latency::default(), Latency::default());
        a.add(Duration::from_micros(3));
        b.add(Duration::from_secs(70));
        a.merge(&b);
        assert_eq!(a.0.len(), 2);
        assert_eq!(a.0.min(), 3);
        assert!((69_900_000..70_100_000).contains(&a.0.max()));
    }
}
