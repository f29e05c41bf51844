//! Spans by their traces, and who stands under whom.

use std::collections::{HashMap, HashSet};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use relais_tests::{Noted, SeenSpan};

/// The spans of one trace.
pub struct Tree {
    /// Its id, in hexadecimal.
    pub trace: String,
    /// The call that began it, when it was one of the journal's.
    pub call: Option<Noted>,
    /// Its spans.
    pub spans: Vec<SeenSpan>,
}

/// All traces.
pub struct Forest(pub Vec<Tree>);

impl Forest {
    /// Sorts spans by trace. A call without any span is a tree without spans.
    pub fn grow(spans: Vec<SeenSpan>, calls: Vec<Noted>) -> Self {
        let mut found: HashMap<String, Vec<SeenSpan>> = HashMap::new();
        for span in spans {
            found.entry(span.trace()).or_default().push(span);
        }
        let called = calls.into_iter().map(|call| {
            let spans = found.remove(&call.trace).unwrap_or_default();
            Tree { trace: call.trace.clone(), call: Some(call), spans }
        });
        let mut trees: Vec<_> = called.collect();
        trees.extend(found.into_iter().map(|(trace, spans)| Tree { trace, call: None, spans }));
        Self(trees)
    }

    /// All spans.
    pub fn spans(&self) -> impl Iterator<Item = &SeenSpan> {
        self.0.iter().flat_map(|tree| &tree.spans)
    }

    /// The trees by their traces.
    pub fn by_trace(&self) -> HashMap<&str, &Tree> {
        self.0.iter().map(|tree| (tree.trace.as_str(), tree)).collect()
    }
}

impl Tree {
    /// Spans under nobody of this trace: one is right, under the caller's span or under none.
    pub fn roots(&self) -> Vec<&SeenSpan> {
        let above = self.call.as_ref().map_or("", |call| call.span.as_str());
        self.spans.iter().filter(|span| span.parent() == above).collect()
    }

    /// Spans whose parent never came.
    pub fn orphans(&self) -> Vec<&SeenSpan> {
        let ids: HashSet<String> = self.spans.iter().map(SeenSpan::id).collect();
        let above = self.call.as_ref().map_or("", |call| call.span.as_str());
        self.spans.iter().filter(|span| span.parent() != above && !ids.contains(&span.parent())).collect()
    }

    /// The spans right under one.
    pub fn under<'t>(&'t self, parent: &SeenSpan) -> impl Iterator<Item = &'t SeenSpan> {
        let id = parent.id();
        self.spans.iter().filter(move |span| span.parent() == id)
    }

    /// Whether a span has SQL under it, however deep.
    pub fn has_sql(&self, span: &SeenSpan) -> bool {
        self.under(span).any(|below| below.has("db.system.name") || self.has_sql(below))
    }

    /// Its spans of a kind.
    pub fn of_kind(&self, kind: SpanKind) -> impl Iterator<Item = &SeenSpan> {
        self.spans.iter().filter(move |span| span.span.kind() == kind)
    }

    /// What it is, for people.
    pub fn title(&self) -> String {
        let root = self.roots().first().map(|root| format!("{}: {}", root.service, root.span.name));
        let called = self.call.as_ref().map(|call| call.rpc.clone());
        called.or(root).unwrap_or_default()
    }
}
