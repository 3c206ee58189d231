//! What the routes answer with. Only this floor knows all parts of the relay.

use std::sync::Arc;

use crate::config::Config;
use crate::lifecycle::Lifecycle;
use crate::limits::Admission;
use crate::metrics::Metrics;
use crate::players::Players;
use crate::spectators::Spectators;
use crate::upstream::{Dialer, Readiness};

/// The parts of one relay.
pub(crate) struct Services {
    pub(crate) config: Config,
    /// HTTP connections of the public port.
    pub(crate) connections: Admission,
    /// Clients that are being told why they are refused.
    pub(crate) refusals: Admission,
    pub(crate) players: Players,
    /// `None`: nobody may watch.
    pub(crate) spectators: Option<Arc<Spectators>>,
    pub(crate) dialer: Arc<Dialer>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
}
