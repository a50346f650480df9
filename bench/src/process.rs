//! What /proc says of processes and the machine (Linux).

use std::collections::{HashMap, HashSet};
use std::fs;

/// Clock ticks a second: 100 on every Linux that this runs on.
const TICKS: f64 = 100.0;

struct Stat {
    parent: u32,
    /// Own time, and that of children that ended and were waited for.
    cpu_seconds: f64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything; fields count after it.
    let fields: Vec<&str> = text[text.rfind(')')? + 2..].split(' ').collect();
    let ticks: u64 = fields
        .get(11..15)?
        .iter()
        .filter_map(|f| f.parse::<u64>().ok())
        .sum();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        cpu_seconds: ticks as f64 / TICKS,
    })
}

pub fn cpu_seconds(pid: u32) -> f64 {
    stat(pid).map_or(0.0, |s| s.cpu_seconds)
}

/// The roots and all their descendants.
pub fn tree(roots: &[u32]) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    if let Ok(entries) = fs::read_dir("/proc") {
        for entry in entries.flatten() {
            if let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok())
                && let Some(s) = stat(pid)
            {
                children.entry(s.parent).or_default().push(pid);
            }
        }
    }
    let mut seen = HashSet::new();
    let mut todo = roots.to_vec();
    while let Some(pid) = todo.pop() {
        if seen.insert(pid) {
            todo.extend(children.get(&pid).into_iter().flatten());
        }
    }
    seen.into_iter().collect()
}

pub fn tree_cpu_seconds(roots: &[u32]) -> f64 {
    if roots.is_empty() {
        return 0.0;
    }
    tree(roots).into_iter().map(cpu_seconds).sum()
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Memory {
    pub processes: u64,
    /// Resident, shared pages counted in every process.
    pub rss_kb: u64,
    /// Resident, each shared page split among its users: the honest sum.
    pub pss_kb: u64,
}

pub fn tree_memory(roots: &[u32]) -> Memory {
    let mut sum = Memory::default();
    for pid in tree(roots) {
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
            continue;
        };
        sum.processes += 1;
        sum.rss_kb += kb_field(&text, "Rss:");
        sum.pss_kb += kb_field(&text, "Pss:");
    }
    sum
}

/// MemAvailable of the machine: sees kernel memory (sockets, page tables) too.
pub fn available_kb() -> u64 {
    fs::read_to_string("/proc/meminfo").map_or(0, |t| kb_field(&t, "MemAvailable:"))
}

fn kb_field(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|l| {
            l.strip_prefix(name)?
                .trim()
                .trim_end_matches(" kB")
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0)
}

pub fn load1() -> f64 {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|t| t.split(' ').next()?.parse().ok())
        .unwrap_or(0.0)
}

/// Seconds that all processors together were not idle since boot.
pub fn machine_busy_seconds() -> f64 {
    let Ok(text) = fs::read_to_string("/proc/stat") else {
        return 0.0;
    };
    let fields: Vec<u64> = text
        .lines()
        .next()
        .unwrap_or("")
        .split_whitespace()
        .skip(1)
        .filter_map(|f| f.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal
    fields
        .iter()
        .take(8)
        .enumerate()
        .filter(|(i, _)| *i != 3 && *i != 4)
        .map(|(_, t)| *t as f64 / TICKS)
        .sum()
}
