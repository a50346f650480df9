//! How often a server forces data to the disk for each message, counted by strace in all its processes.
//! strace slows the server down, so the times of such a run say nothing.

use crate::error::Result;
use crate::fail;
use crate::process;
use crate::server::Server;
use crate::smtp::{self, SmtpArgs};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Every call that makes what was written durable.
const CALLS: &str = "fsync,fdatasync,msync,sync_file_range,syncfs,sync";

pub async fn run(server: &Server, args: &SmtpArgs) -> Result<()> {
    let counts = std::env::temp_dir().join(format!("posthorn-bench-strace.{}", std::process::id()));
    let mut strace = attach(server, &counts).await?;
    let sent = smtp::send(server, args, "syncs").await;
    detach(&mut strace).await?;
    let text = fs::read_to_string(&counts)?;
    fs::remove_file(&counts)?;
    let (mut report, errors) = sent?;
    let calls = count(&text);
    report.int("syncs", calls);
    report.float("syncs_each", calls as f64 / args.messages() as f64);
    report.finish(&errors);
    Ok(())
}

/// Starts strace on every process of the server, and waits until it holds them.
async fn attach(server: &Server, counts: &Path) -> Result<Child> {
    let pids = process::tree(&server.tree);
    if pids.is_empty() {
        return fail!("--tree must name the server's processes");
    }
    let mut command = Command::new("strace");
    command
        .args(["-f", "-c", "-U", "calls,name", "-e"])
        .arg(format!("trace={CALLS}"))
        .arg("-o")
        .arg(counts);
    for pid in &pids {
        command.arg("-p").arg(pid.to_string());
    }
    let mut strace = command.stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
    let Some(stderr) = strace.stderr.take() else {
        return fail!("strace has no error output");
    };
    let mut lines = BufReader::new(stderr).lines();
    let mut attached = 0;
    while attached < pids.len() {
        let line = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await??;
        match line {
            // "Process 7 attached", or "attach: ptrace(…): …" for one that ended meanwhile.
            Some(line) if line.contains("attach") => attached += 1,
            Some(_) => {}
            None => return fail!("strace ended"),
        }
    }
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(strace)
}

/// Ends strace, which then writes its counts.
async fn detach(strace: &mut Child) -> Result<()> {
    let Some(pid) = strace.id() else {
        return fail!("strace ended before its time");
    };
    Command::new("kill")
        .arg("-INT")
        .arg(pid.to_string())
        .status()
        .await?;
    tokio::time::timeout(Duration::from_secs(20), strace.wait()).await??;
    Ok(())
}

/// The calls in strace's table `calls syscall`, without its total.
fn count(table: &str) -> u64 {
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let calls: u64 = words.next()?.parse().ok()?;
        CALLS
            .split(',')
            .any(|call| words.clone().any(|w| w == call))
            .then_some(calls)
    };
    table.lines().filter_map(row).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_not_counted_again() {
        let table = "    calls syscall\n--------- --------\n       12 fsync\n        3 fdatasync\n--------- --------\n       15 total\n";
        assert_eq!(count(table), 15);
        assert_eq!(count(""), 0);
    }
}
