//! What every connection of one relay shares.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::config::Config;
use crate::lifecycle::Phase;
use crate::limits::admission::Admission;
use crate::metrics::Metrics;
use crate::spectators::Hub;
use crate::upstream::dial::Dialer;
use crate::upstream::readiness::Readiness;

pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) dialer: Dialer,
    pub(crate) readiness: Readiness,
    /// HTTP connections of the public port.
    pub(crate) http: Admission,
    pub(crate) players: Admission,
    pub(crate) spectators: Admission,
    /// None where nobody may watch.
    pub(crate) hub: Option<Hub>,
    /// Who is told that there is no place, or no leave, takes a place too for that moment.
    pub(crate) refusals: Admission,
    pub(crate) phase: watch::Receiver<Phase>,
    /// Every connection and every player hold the context: the relay has stopped once this is dropped.
    pub(crate) _alive: mpsc::Sender<Infallible>,
}
