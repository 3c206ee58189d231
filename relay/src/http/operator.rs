//! The pages for the operator's programs: `/metrics` and `/readyz`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::metrics::render;
use super::{Services, plain};

/// The media type of OpenMetrics 1.0, which Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Show everything that is counted.
pub(super) async fn metrics(State(services): State<Arc<Services>>) -> Response {
    // The figures of the process are read from files.
    let rendered = tokio::task::spawn_blocking(move || render(&services)).await;
    match rendered {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Say whether players can be let in: 200, or 503 with the reason.
pub(super) async fn readyz(State(services): State<Arc<Services>>) -> Response {
    match services.readiness.ask().await {
        Ok(()) => plain(StatusCode::OK, "ready\n"),
        Err(reason) => plain(StatusCode::SERVICE_UNAVAILABLE, reason + "\n"),
    }
}
