//! Which path leads to which page, and what a request is told that leads to none.

use std::net::IpAddr;

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use posthorn_net::Connections;
use posthorn_store::Store;

use crate::facts::Facts;
use crate::pages::{autoconfig, health, metrics, mta_sts, welcome};
use crate::reply::{Content, Reply};
use crate::visit::Visit;

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Welcome,
    Style,
    Autoconfig,
    MtaSts,
    Health,
    Metrics,
}

/// All pages. Each answers GET and HEAD, and nothing else.
const ROUTES: [(&str, Page); 7] = [
    ("/", Page::Welcome),
    ("/style.css", Page::Style),
    // What programs ask the domain itself, and what they ask the host `autoconfig` in it.
    ("/.well-known/autoconfig/mail/config-v1.1.xml", Page::Autoconfig),
    ("/mail/config-v1.1.xml", Page::Autoconfig),
    // What mail servers ask the host `mta-sts` in a domain.
    ("/.well-known/mta-sts.txt", Page::MtaSts),
    ("/health", Page::Health),
    ("/metrics", Page::Metrics),
];

/// The methods of every page.
const METHODS: &str = "GET, HEAD";

/// Everything that pages need.
pub(crate) struct Site {
    pub(crate) facts: Facts,
    pub(crate) store: Store,
    pub(crate) connections: Connections,
    welcome: Bytes,
}

impl Site {
    pub(crate) fn new(mut facts: Facts, store: Store, connections: Connections) -> Self {
        facts.arrange();
        let welcome = welcome::page(&facts).into();
        Self {
            facts,
            store,
            connections,
            welcome,
        }
    }

    /// The response to a request. Its body is never read.
    pub(crate) async fn answer<B: Body>(&self, request: &Request<B>, peer: IpAddr) -> Response<Full<Bytes>> {
        let reply = self.reply(request, peer).await;
        let mut response = reply.into_response();
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let methods = HeaderValue::from_static(METHODS);
            response.headers_mut().insert(header::ALLOW, methods);
        }
        if !request.body().is_end_stream() {
            // The body stands between this request and the next.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }

    async fn reply<B: Body>(&self, request: &Request<B>, peer: IpAddr) -> Reply {
        let Ok(visit) = Visit::new(request, peer) else {
            return Reply::problem(StatusCode::BAD_REQUEST, "A request names one host.\n");
        };
        let Some(page) = find(request.uri().path(), &visit) else {
            return not_found();
        };
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return Reply::problem(StatusCode::METHOD_NOT_ALLOWED, "This page can only be read.\n");
        }
        if !request.body().is_end_stream() {
            return Reply::problem(StatusCode::PAYLOAD_TOO_LARGE, "This page takes no content.\n");
        }
        match page {
            Page::Welcome => Reply::ok(Content::Html, self.welcome.clone()),
            Page::Style => Reply::ok(Content::Css, welcome::STYLE),
            Page::Autoconfig => autoconfig::reply(self, &visit).await,
            Page::MtaSts => mta_sts::reply(self, &visit).await,
            Page::Health => health::reply(self).await,
            Page::Metrics => metrics::reply(self).await,
        }
    }
}

pub(crate) fn not_found() -> Reply {
    Reply::problem(StatusCode::NOT_FOUND, "There is no such page.\n")
}

/// The page of a path. For all but those on this machine the numbers do not exist.
fn find(path: &str, visit: &Visit) -> Option<Page> {
    let (_, page) = ROUTES.iter().find(|(known, _)| *known == path)?;
    (visit.is_local || *page != Page::Metrics).then_some(*page)
}
