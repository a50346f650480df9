//! Taking an address and port to listen on, and saying plainly why that does not work.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections the system holds for us until they are accepted.
const BACKLOG: i32 = 1024;

/// A port that is listened on.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: TcpListener,
    local: SocketAddr,
}

impl Listener {
    /// The address, with the port that the system chose where 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

/// An address and port that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {hint}{}", Details(.cause, *.hint))]
pub struct BindError {
    /// The address and port.
    pub address: SocketAddr,
    /// The likely reason.
    pub hint: BindHint,
    /// What the operating system says.
    pub cause: io::Error,
}

/// Why an address and port cannot be listened on, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindHint {
    /// Another program has the port.
    #[error(
        "another program listens there already; stop it (`ss -ltnp` shows which), or choose another port"
    )]
    InUse,
    /// The system lets only some users have the port.
    #[error(
        "the system does not allow it; ports below 1024 need root or the capability CAP_NET_BIND_SERVICE, \
         or choose a port from 1024 up"
    )]
    NotAllowed,
    /// The address is another machine's.
    #[error("this machine does not have that address; 0.0.0.0 and [::] mean all that it has")]
    NotHere,
    /// Something else.
    #[error("the system refuses")]
    Other,
}

/// The system's own words, where the hint does not already say it all.
struct Details<'a>(&'a io::Error, BindHint);

impl std::fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.1 {
            BindHint::InUse | BindHint::NotAllowed | BindHint::NotHere => Ok(()),
            BindHint::Other => write!(f, " ({})", self.0),
        }
    }
}

/// Listens on `address`; port 0 lets the system choose. `[::]` takes IPv6 only, so that it can stand beside
/// `0.0.0.0`. Needs a running tokio runtime.
///
/// # Errors
/// When the system refuses; the error says what to do.
pub fn bind(address: SocketAddr) -> Result<Listener, BindError> {
    open(address).map_err(|cause| BindError {
        address,
        hint: BindHint::of(cause.kind()),
        cause,
    })
}

impl BindHint {
    fn of(kind: io::ErrorKind) -> Self {
        if kind == io::ErrorKind::AddrInUse {
            Self::InUse
        } else if kind == io::ErrorKind::PermissionDenied {
            Self::NotAllowed
        } else if kind == io::ErrorKind::AddrNotAvailable {
            Self::NotHere
        } else {
            Self::Other
        }
    }
}

fn open(address: SocketAddr) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the connections of the run before to fade.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let socket = TcpListener::from_std(socket.into())?;
    Ok(Listener {
        local: socket.local_addr()?,
        socket,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named_with_what_to_do() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = bind(first.local_addr()).unwrap_err();
        assert_eq!(error.hint, BindHint::InUse);
        let text = error.to_string();
        let start = format!(
            "cannot listen on {}: another program listens there",
            first.local_addr()
        );
        assert!(text.starts_with(&start), "{text}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_said_to_be_one() {
        let error = bind("192.0.2.1:0".parse().unwrap()).unwrap_err();
        assert_eq!(error.hint, BindHint::NotHere);
    }

    #[tokio::test]
    async fn both_wildcards_can_have_the_same_port() {
        let four = bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let six = SocketAddr::new("::".parse().unwrap(), four.local_addr().port());
        match bind(six) {
            Ok(six) => assert_eq!(six.local_addr().port(), four.local_addr().port()),
            // A machine without IPv6 says so in other words.
            Err(error) => assert_ne!(error.hint, BindHint::InUse, "{error}"),
        }
    }
}
