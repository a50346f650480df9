//! The command's side: asks the running server through its socket, or opens the store itself when none
//! runs. The lock of the data folder decides which of the two is right, never a guess.

use std::fs;
use std::io::{self, BufRead, BufReader, Write as _};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use posthorn_store::{OpenError, Options, Store};

use super::socket::{Reach, socket_path};
use super::wire::{WireError, from_line, to_line};
use super::{Admin, Request, Response, execute};
use crate::components::components;

/// How long the server may take for anything but the check of the whole store.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// The socket is there, but not for us.
    #[error(
        "this user may not talk to the server; run the command as the user that runs the server, or as root"
    )]
    Denied,
    /// The data folder is another user's, and files of ours in it would be in the way of the server.
    #[error(
        "the data folder {} belongs to the user with the number {owner}; run the command as that user, or start the server first",
        data.display()
    )]
    OthersFolder {
        /// The data folder.
        data: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Somebody has the data folder, but does not answer.
    #[error(
        "another posthorn uses the data folder {} but does not answer on its socket: it is starting or stopping, or it is another command; try again in a moment",
        .0.display()
    )]
    Silent(PathBuf),
    /// There is no store to look at.
    #[error("there is no store in {} yet; look at the setting `data`", .0.display())]
    NoStore(PathBuf),
    /// The store cannot be opened.
    #[error(transparent)]
    Open(OpenError),
    /// The server went away in the middle.
    #[error("the server did not answer ({0}); look whether it was done before you do it again")]
    Unanswered(io::Error),
    /// Another version answers.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Has a request done, by the running server or right here.
///
/// # Errors
/// See [`AskError`]; a refusal is a [`Response`].
pub(crate) fn ask(data: &Path, request: Request) -> Result<Response, AskError> {
    match connect(data) {
        Ok(stream) => converse(stream, &request),
        Err(cause) if is_no_server(&cause) => do_it_here(data, request),
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Err(AskError::Denied),
        Err(cause) => Err(AskError::Unanswered(cause)),
    }
}

/// There is no socket, or one that a dead server left.
fn is_no_server(cause: &io::Error) -> bool {
    [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused].contains(&cause.kind())
}

fn connect(data: &Path) -> io::Result<UnixStream> {
    let path = socket_path(data);
    UnixStream::connect(Reach::to(&path)?.address())
}

fn converse(mut stream: UnixStream, request: &Request) -> Result<Response, AskError> {
    let patience = match request {
        Request::CheckStore => None,
        Request::Domain(_)
        | Request::Account(_)
        | Request::Alias(_)
        | Request::Mailbox(_)
        | Request::Queue(_)
        | Request::Dkim(_)
        | Request::Message(_)
        | Request::Reports(_) => Some(PATIENCE),
    };
    match exchange(&mut stream, &to_line(request)?, patience) {
        Ok(answer) => Ok(from_line(&answer)?),
        Err(cause) => Err(AskError::Unanswered(cause)),
    }
}

/// Sends a line and reads one.
fn exchange(stream: &mut UnixStream, line: &[u8], patience: Option<Duration>) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(line)?;
    let mut answer = Vec::new();
    match BufReader::new(stream).read_until(b'\n', &mut answer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(answer),
    }
}

fn do_it_here(data: &Path, request: Request) -> Result<Response, AskError> {
    if let Ok(folder) = fs::metadata(data) {
        let me = rustix::process::geteuid().as_raw();
        if folder.uid() != me && me == 0 {
            return Err(AskError::OthersFolder {
                data: data.to_owned(),
                owner: folder.uid(),
            });
        }
    }
    if request == Request::CheckStore && !data.join("posthorn.db").exists() {
        return Err(AskError::NoStore(data.to_owned()));
    }
    let options = Options {
        data: data.to_owned(),
        readers: 1,
    };
    let store = Store::open(&options, &components()).map_err(|error| match error {
        OpenError::InUse(data) => AskError::Silent(data),
        OpenError::Unusable { .. } | OpenError::TooNew { .. } | OpenError::Store(_) => AskError::Open(error),
    })?;
    // Without a server there is no delivery to wake.
    let admin = Admin::new(store, Arc::new(|| {}));
    Ok(execute(&admin, request))
}
