//! A reply before it is on its way, and the fields that every reply has.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

/// What a browser may do with anything of ours: show it, with our style sheet. No scripts, no frames, no
/// forms, nothing from elsewhere, and no word to anybody else about the page it came from.
const PROTECTION: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    // What the pages say changes with settings and time, and they are small.
    (header::CACHE_CONTROL, "no-store"),
];

/// What the content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Html,
    Css,
    Text,
    Xml,
    Json,
    /// The text format of Prometheus, version 0.0.4.
    Metrics,
}

/// A status, and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    pub(crate) body: Bytes,
}

impl Content {
    fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Css => "text/css; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json",
            Self::Metrics => "text/plain; version=0.0.4; charset=utf-8",
        })
    }
}

impl Reply {
    pub(crate) fn ok(content: Content, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            content,
            body: body.into(),
        }
    }

    /// A status that needs explaining, in a line of plain text.
    pub(crate) fn problem(status: StatusCode, line: &'static str) -> Self {
        Self {
            status,
            content: Content::Text,
            body: Bytes::from_static(line.as_bytes()),
        }
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let length = HeaderValue::from(self.body.len());
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, self.content.media_type());
        // Said here because a reply to HEAD has the length and no body (RFC 9110 section 8.6).
        fields.insert(header::CONTENT_LENGTH, length);
        for (name, value) in PROTECTION {
            fields.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
