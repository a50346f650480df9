//! The socket of a running server: `admin.sock` in the data folder, for the owner of that folder alone. One
//! request and one response a connection. Whoever binds it holds the lock of the data folder, so a socket
//! that is there already belongs to a dead server.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use posthorn_runtime::Shutdown;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::wire::{REQUEST_OCTETS, from_line, to_line};
use super::{Admin, Request, Response, execute};

/// Connections at the same time; more wait in line.
const CONNECTIONS: usize = 16;

/// How long a command may take to send its request, and to read the response.
const PATIENCE: Duration = Duration::from_secs(10);

/// A wait after the system had no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What fits into a socket's address (`sun_path`) on every system.
const ADDRESS_OCTETS: usize = 100;

/// A socket that is bound and not served yet.
#[derive(Debug)]
pub(crate) struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
    owner: u32,
}

/// Where the socket of a data folder is.
#[must_use]
pub(crate) fn socket_path(data: &Path) -> PathBuf {
    data.join("admin.sock")
}

/// Binds the socket, in place of one that a dead server left. Needs a running tokio runtime.
///
/// # Errors
/// When the operating system refuses.
pub(crate) fn bind(path: &Path) -> io::Result<AdminSocket> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    match fs::remove_file(&fresh) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        Err(_) | Ok(()) => {}
    }
    let listener = UnixListener::bind(Reach::to(&fresh)?.address())?;
    fs::set_permissions(&fresh, Permissions::from_mode(0o600))?;
    let owner = fs::metadata(&fresh)?.uid();
    // Only now has it the name that commands look for.
    fs::rename(&fresh, path)?;
    Ok(AdminSocket {
        listener,
        path: path.to_owned(),
        owner,
    })
}

/// Answers requests until the shutdown, then finishes those that it has.
pub(crate) async fn listen(admin: Admin, socket: AdminSocket, shutdown: &Shutdown) {
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.wait() => break,
            Some(_ended) = conversations.join_next() => {}
            accepted = socket.listener.accept(), if conversations.len() < CONNECTIONS => match accepted {
                Ok((stream, _nameless)) => {
                    let (admin, owner, shutdown) = (admin.clone(), socket.owner, shutdown.clone());
                    conversations.spawn(async move {
                        if let Err(cause) = converse(stream, admin, owner, &shutdown).await {
                            tracing::debug!(%cause, "a command went away before it had its answer");
                        }
                    });
                }
                Err(cause) => {
                    tracing::warn!(%cause, "no connection on the socket for administration");
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
    if let Err(cause) = fs::remove_file(&socket.path) {
        tracing::debug!(%cause, "the socket for administration stays behind");
    }
    while conversations.join_next().await.is_some() {}
}

async fn converse(stream: UnixStream, admin: Admin, owner: u32, shutdown: &Shutdown) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != owner && peer != 0 {
        // The mode of the socket keeps others out; this holds where a file system ignores modes.
        tracing::warn!(peer, "another user reached the socket for administration");
        return Ok(());
    }
    let (from, mut to) = stream.into_split();
    let mut line = Vec::new();
    let mut from = BufReader::new(from.take(REQUEST_OCTETS));
    tokio::select! {
        read = tokio::time::timeout(PATIENCE, from.read_until(b'\n', &mut line)) => { read??; }
        () = shutdown.wait() => return Ok(()),
    }
    if line.is_empty() {
        return Ok(()); // Somebody looked whether a server runs.
    }
    let response = if line.ends_with(b"\n") {
        respond(admin, &line).await
    } else {
        Response::Refused("the request is cut off or too long".to_owned())
    };
    let line = to_line(&response).map_err(io::Error::other)?;
    tokio::time::timeout(PATIENCE, to.write_all(&line)).await?
}

async fn respond(admin: Admin, line: &[u8]) -> Response {
    let request: Request = match from_line(line) {
        Ok(request) => request,
        Err(error) => return Response::Refused(error.to_string()),
    };
    // Scripts look every minute; what changes something is worth a line.
    if request.is_question() {
        tracing::debug!(?request, "administration");
    } else {
        tracing::info!(?request, "administration");
    }
    // It blocks on the store, a check of everything for long.
    let executed = tokio::task::spawn_blocking(move || execute(&admin, request)).await;
    executed.unwrap_or_else(|_panicked| {
        Response::Refused("a fault in posthorn itself; the server's log has more".to_owned())
    })
}

/// A way to a socket that fits into its address: where the path is too long, through the open folder and
/// Linux's `/proc`.
pub(super) struct Reach {
    address: PathBuf,
    _folder: Option<File>,
}

impl Reach {
    pub(super) fn to(path: &Path) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        if path.as_os_str().len() <= ADDRESS_OCTETS {
            return Ok(Self {
                address: path.to_owned(),
                _folder: None,
            });
        }
        let folder = File::open(folder)?;
        let address = Path::new("/proc/self/fd")
            .join(folder.as_raw_fd().to_string())
            .join(name);
        Ok(Self {
            address,
            _folder: Some(folder),
        })
    }

    pub(super) fn address(&self) -> &Path {
        &self.address
    }
}
