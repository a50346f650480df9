//! Writes the XML of an aggregate report as RFC 9990 wants it: its namespace, version 1.0, `np`, `testing`
//! and `discovery_method`, no `pct`, the reverse path as the only scope of SPF.

use crate::aggregate::NAMESPACE;
use crate::clean;
use crate::report::{Aggregate, Discovery, DkimAuth, Mode, Override, Published, Record, SpfAuth};

/// The report as a file.
pub(crate) fn write_xml(report: &Aggregate) -> String {
    let mut xml = Writer::default();
    xml.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.out.push_str(&format!("<feedback xmlns=\"{NAMESPACE}\">\n"));
    xml.depth = 1;
    xml.value("version", "1.0");
    xml.element("report_metadata", |xml| metadata(xml, report));
    xml.element("policy_published", |xml| published(xml, &report.published));
    for of in &report.records {
        xml.element("record", |xml| record(xml, of));
    }
    xml.out.push_str("</feedback>\n");
    xml.out
}

fn metadata(xml: &mut Writer, report: &Aggregate) {
    xml.value("org_name", &report.org_name);
    xml.value("email", &report.email);
    xml.optional("extra_contact_info", report.extra_contact.as_deref());
    xml.value("report_id", &report.report_id);
    xml.element("date_range", |xml| {
        xml.value("begin", &report.begin.to_string());
        xml.value("end", &report.end.to_string());
    });
    // The schema has room for one.
    if !report.errors.is_empty() {
        xml.value("error", &report.errors.join("; "));
    }
    xml.optional("generator", report.generator.as_deref());
}

fn published(xml: &mut Writer, of: &Published) {
    let mode = |mode: Mode| match mode {
        Mode::Relaxed => "r",
        Mode::Strict => "s",
    };
    xml.value("domain", &of.domain);
    xml.optional("p", of.p.map(posthorn_dmarc::Policy::name));
    xml.optional("sp", of.sp.map(posthorn_dmarc::Policy::name));
    xml.optional("np", of.np.map(posthorn_dmarc::Policy::name));
    xml.optional("adkim", of.adkim.map(mode));
    xml.optional("aspf", of.aspf.map(mode));
    let discovery = of.discovery.map(|discovery| match discovery {
        Discovery::Psl => "psl",
        Discovery::TreeWalk => "treewalk",
    });
    xml.optional("discovery_method", discovery);
    xml.optional("fo", of.fo.as_deref());
    xml.optional(
        "testing",
        of.testing.map(|testing| if testing { "y" } else { "n" }),
    );
}

fn record(xml: &mut Writer, of: &Record) {
    xml.element("row", |xml| {
        xml.value("source_ip", &of.source.to_string());
        xml.value("count", &of.count.to_string());
        xml.element("policy_evaluated", |xml| evaluated(xml, of));
    });
    xml.element("identifiers", |xml| {
        xml.value("header_from", &of.header_from);
        xml.optional("envelope_from", of.envelope_from.as_deref());
        xml.optional("envelope_to", of.envelope_to.as_deref());
    });
    xml.element("auth_results", |xml| {
        for signature in &of.dkim {
            xml.element("dkim", |xml| dkim(xml, signature));
        }
        if let Some(of) = &of.spf {
            xml.element("spf", |xml| spf(xml, of));
        }
    });
}

fn evaluated(xml: &mut Writer, of: &Record) {
    let word = |aligned: bool| if aligned { "pass" } else { "fail" };
    xml.value("disposition", of.disposition.name());
    xml.value("dkim", word(of.dkim_aligned));
    xml.value("spf", word(of.spf_aligned));
    for reason in &of.overrides {
        xml.element("reason", |xml| override_reason(xml, reason));
    }
}

fn override_reason(xml: &mut Writer, of: &Override) {
    xml.value("type", of.kind.name());
    xml.optional("comment", of.comment.as_deref());
}

fn dkim(xml: &mut Writer, of: &DkimAuth) {
    xml.value("domain", &of.domain);
    xml.value("selector", &of.selector);
    xml.value("result", of.result.name());
}

fn spf(xml: &mut Writer, of: &SpfAuth) {
    xml.value("domain", &of.domain);
    xml.value("scope", if of.is_helo { "helo" } else { "mfrom" });
    xml.value("result", of.result.name());
}

/// Elements, indented by two spaces.
#[derive(Default)]
struct Writer {
    out: String,
    depth: usize,
}

impl Writer {
    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.indent();
        self.out.push_str(&format!("<{name}>\n"));
        self.depth = self.depth.saturating_add(1);
        inside(self);
        self.depth = self.depth.saturating_sub(1);
        self.indent();
        self.out.push_str(&format!("</{name}>\n"));
    }

    fn value(&mut self, name: &str, text: &str) {
        self.indent();
        self.out.push_str(&format!("<{name}>{}</{name}>\n", escape(text)));
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.value(name, text);
        }
    }
}

/// Text as XML has it, without the characters that XML cannot have.
fn escape(text: &str) -> String {
    let text = clean::line(text, usize::MAX);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
    out
}
