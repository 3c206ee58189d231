//! The pages for the operator's programs: `/metrics` and `/readyz`. On the operator's own port a connection holds the
//! relay only while it is answered, so it does not keep the relay from stopping.

use std::sync::{Arc, Weak};

use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::metrics::render;
use super::plain;
use crate::context::Context;

/// The media type of OpenMetrics 1.0, which Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The relay that is asked about, while it lives.
#[derive(Clone)]
pub(super) struct Operated(Weak<Context>);

impl Operated {
    pub(super) fn weak(context: &Arc<Context>) -> Self {
        Self(Arc::downgrade(context))
    }
}

impl FromRef<Arc<Context>> for Operated {
    fn from_ref(context: &Arc<Context>) -> Self {
        Self::weak(context)
    }
}

/// Show everything that is counted.
pub(super) async fn metrics(State(Operated(context)): State<Operated>) -> Response {
    let Some(context) = context.upgrade() else {
        return stopped();
    };
    // The figures of the process are read from files.
    let rendered = tokio::task::spawn_blocking(move || render(&context)).await;
    match rendered {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Say whether players can be let in: 200, or 503 with the reason.
pub(super) async fn readyz(State(Operated(context)): State<Operated>) -> Response {
    let Some(context) = context.upgrade() else {
        return stopped();
    };
    match context.readiness.ask(&context).await {
        Ok(()) => plain(StatusCode::OK, "ready\n"),
        Err(reason) => plain(StatusCode::SERVICE_UNAVAILABLE, reason + "\n"),
    }
}

fn stopped() -> Response {
    plain(StatusCode::SERVICE_UNAVAILABLE, "The relay has stopped.\n")
}
