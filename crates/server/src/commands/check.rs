//! `posthorn check`: the settings, what they point at, and the store.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use posthorn_config::Settings;
use posthorn_net::ServerTls;

use super::ask::ask;
use super::failure::Failure;
use super::settings;
use crate::admin::{CheckView, Request, Response};
use crate::output::{self, count};

/// Look for faults in the settings, or in the stored mail.
///
/// Tells every fault of the settings file with its line, its key and what to write instead, and warns of
/// files and folders that the server could not use. With --store it reads everything that is stored and
/// compares it, also while the server runs. The exit status is 1 when something is wrong; a warning is not.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  posthorn check\n  posthorn check --store")]
pub(super) struct Args {
    /// Check what is stored instead of the settings.
    #[arg(long)]
    store: bool,
}

pub(super) fn run(config: Option<&Path>, args: &Args) -> Result<(), Failure> {
    if args.store {
        return check_store(config);
    }
    let path = settings::find(config)?;
    let settings = Settings::load(&path)?;
    for warning in warnings(&settings) {
        output::complain(&format!("warning: {warning}"));
    }
    output::print(&format!("{}: no faults", path.display()))?;
    Ok(())
}

fn check_store(config: Option<&Path>) -> Result<(), Failure> {
    let Response::Checked(view) = ask(config, Request::CheckStore)? else {
        return Err(Failure::OtherAnswer);
    };
    for finding in &view.findings {
        output::complain(&output::clean(finding));
    }
    output::print(&summary(&view))?;
    if view.findings.is_empty() {
        Ok(())
    } else {
        Err(Failure::Told)
    }
}

fn summary(view: &CheckView) -> String {
    let findings = u64::try_from(view.findings.len()).unwrap_or(u64::MAX);
    let verdict = match findings {
        0 => "nothing is wrong".to_owned(),
        some => format!("{} above", count(some, "fault")),
    };
    let looked_at = [
        count(view.domains, "domain"),
        count(view.accounts, "account"),
        if view.aliases == 1 {
            "1 alias".to_owned()
        } else {
            format!("{} aliases", view.aliases)
        },
        count(view.queue_recipients, "queued recipient"),
        count(view.blobs, "stored content"),
    ];
    format!(
        "checked {}: {verdict}; {} named by nothing and left to the collector",
        looked_at.join(", "),
        count(view.unreferenced_blobs, "content")
    )
}

/// What the server would stumble over at its start, a sentence each.
fn warnings(settings: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(data_folder(&settings.data));
    if let (Some(certificate), Some(key)) = (&settings.tls.certificate, &settings.tls.key)
        && let Err(error) = ServerTls::from_files(certificate, key)
    {
        found.push(format!("tls: {error}"));
    }
    if let Some(smarthost) = &settings.queue.smarthost
        && let Err(error) = smarthost.read_password()
    {
        found.push(format!("queue.smarthost.password_file: {error}"));
    }
    found
}

/// Can this user keep mail there? Makes nothing: a check leaves no trace.
fn data_folder(data: &Path) -> Option<String> {
    let name = data.display();
    match fs::metadata(data) {
        Ok(found) if !found.is_dir() => Some(format!("data: {name} is a file; name a folder")),
        Ok(_) if !is_writable(data) => Some(format!(
            "data: this user cannot write to {name}; let the user that runs Posthorn own it"
        )),
        Ok(_) => None,
        Err(_) => {
            let there = nearest(data)?;
            (!is_writable(&there)).then(|| {
                let above = there.display();
                format!("data: {name} is not there, and this user cannot make it in {above}; make it")
            })
        }
    }
}

/// The nearest folder above that is there.
fn nearest(folder: &Path) -> Option<PathBuf> {
    let mut above = folder
        .ancestors()
        .filter(|path| path.as_os_str() != OsStr::new(""));
    above.find(|path| path.exists()).map(Path::to_owned)
}

fn is_writable(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
