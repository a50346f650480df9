//! Open files: each connection is one, and the system's limit for a process is often 1,024. It is raised as far as the
//! system lets us; where that is not enough, the log says so at the start and not when it has come to pass.

use posthorn_config::Settings;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the store, the listeners and the resolver need at most.
const OTHER_HANDLES: u64 = 500;

/// Makes room for as many connections as the settings allow.
pub(super) fn make_room(settings: &Settings) {
    let wanted = u64::from(settings.limits.sessions_total)
        + u64::from(settings.queue.connections_total)
        + OTHER_HANDLES;
    let limit = getrlimit(Resource::Nofile);
    let Some(raised) = raised(&limit, wanted) else {
        return;
    };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(_refused) => limit.current,
    };
    let allowed = allowed.unwrap_or(u64::MAX);
    if allowed < wanted {
        tracing::warn!(
            allowed,
            wanted,
            "the system allows fewer open files than limits.sessions_total needs; beyond them connections wait \
             (systemd: LimitNOFILE=, a shell: ulimit -n)"
        );
    } else {
        tracing::debug!(allowed, "open files allowed");
    }
}

/// The limit to ask for; `None` when the present one is enough.
fn raised(limit: &Rlimit, wanted: u64) -> Option<Rlimit> {
    let current = limit.current?;
    (current < wanted).then(|| Rlimit {
        current: Some(limit.maximum.map_or(wanted, |most| most.min(wanted))),
        maximum: limit.maximum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_raised_as_far_as_allowed_and_never_lowered() {
        let raised =
            |current, maximum| raised(&Rlimit { current, maximum }, 10_700).map(|limit| limit.current);
        assert_eq!(raised(Some(1_024), Some(524_288)), Some(Some(10_700)));
        assert_eq!(raised(Some(1_024), None), Some(Some(10_700)));
        assert_eq!(raised(Some(1_024), Some(4_096)), Some(Some(4_096)));
        assert_eq!(raised(Some(20_000), Some(20_000)), None);
        assert_eq!(raised(None, None), None);
    }
}
