//! The memory that a connected player takes in the relay.

use tests::StandIn;

use crate::plan::Plan;
use crate::player::Player;
use crate::report::Figures;
use crate::route::{Route, Target};

/// Connect players that do nothing, and see by how much the relay grows.
pub(crate) async fn measure(
    route: &Route,
    game: &StandIn,
    plan: Plan,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let Target::Relay(relay) = &route.target else {
        return Ok(());
    };
    // The first connection takes memory that is needed only once.
    drop(Player::connect(route).await?);
    game.until_all_left().await?;
    let before = relay.process().anonymous()?;
    let players = Player::connect_all(route, plan.idle).await?;
    let after = relay.process().anonymous()?;
    figures.kibibytes(after.saturating_sub(before) as f64 / plan.idle as f64);
    drop(players);
    game.until_all_left().await
}
