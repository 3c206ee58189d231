//! What all spectators of a room are shown: its newest text and snapshot as WebSocket frames, encoded once. Pure: the
//! live room has the clock.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::frame;
use super::room::Room;

/// The newest text and snapshot of a room.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    pub(crate) text: Bytes,
    /// Counts the texts, from 1.
    pub(crate) text_number: u32,
    pub(crate) snapshot: Bytes,
    /// Counts the snapshots, from 1.
    pub(crate) snapshot_number: u32,
}

impl View {
    /// The first view of a room: its text, and no snapshot.
    pub(crate) fn first(room: &Room) -> Self {
        Self {
            text: frame::text(&room.text()),
            text_number: 1,
            ..Self::default()
        }
    }

    fn set_text(&mut self, text: &str) {
        self.text = frame::text(text);
        self.text_number = self.text_number.wrapping_add(1).max(1);
    }

    fn set_snapshot(&mut self, bytes: &[u8]) {
        self.snapshot = frame::binary(bytes);
        self.snapshot_number = self.snapshot_number.wrapping_add(1).max(1);
    }
}

/// Makes the views of one room, and holds each back for the delay.
#[derive(Debug)]
pub(crate) struct Views {
    delay: Duration,
    pub(super) newest: View,
    /// Views that are not due yet, oldest first. One a tick at most, so never more than the delay has ticks.
    pub(super) delayed: VecDeque<(Duration, View)>,
    /// The last snapshot had cars, so one without any must follow it.
    had_cars: bool,
}

impl Views {
    pub(crate) fn new(first: View, delay: Duration) -> Self {
        Self {
            delay,
            newest: first,
            delayed: VecDeque::new(),
            had_cars: false,
        }
    }

    /// Take the room as it is at `now`. Gives the view that is due.
    pub(crate) fn take(&mut self, room: &mut Room, now: Duration) -> Option<View> {
        if self.refresh(room, now) {
            let due = now + self.delay;
            self.delayed.push_back((due, self.newest.clone()));
        }
        let due = self.delayed.partition_point(|(due, _)| *due <= now);
        self.delayed.drain(..due).next_back().map(|(_, view)| view)
    }

    /// Prepare `shown`, which nobody watched for a while, for the next spectator. Without a delay its text becomes the
    /// room's newest. The old snapshot is not shown again.
    pub(crate) fn resume(&mut self, room: &mut Room, shown: &mut View) {
        if self.delay.is_zero() {
            self.refresh_text(room);
            (shown.text, shown.text_number) = (self.newest.text.clone(), self.newest.text_number);
        }
        shown.snapshot = Bytes::new();
    }

    /// Say whether there is something to show even if nothing happens in the room.
    pub(crate) fn is_pending(&self) -> bool {
        self.had_cars || !self.delayed.is_empty()
    }

    /// Bring `newest` up to date. Says whether it changed.
    fn refresh(&mut self, room: &mut Room, now: Duration) -> bool {
        let snapshot = room.sample(now);
        // The text goes first: it names the cars of the snapshot.
        let text_changed = self.refresh_text(room);
        let has_cars = !snapshot.cars.is_empty();
        let snapshot_changed = has_cars || self.had_cars;
        if snapshot_changed {
            let mut bytes = Vec::new();
            snapshot.encode(&mut bytes);
            self.newest.set_snapshot(&bytes);
        }
        self.had_cars = has_cars;
        text_changed || snapshot_changed
    }

    fn refresh_text(&mut self, room: &mut Room) -> bool {
        let text = room.take_text();
        if let Some(text) = &text {
            self.newest.set_text(text);
        }
        text.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectators::public_id::PublicIds;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_delayed_view_is_due_after_the_delay_and_not_before() {
        let mut room = Room::new("1".repeat(32).parse().unwrap(), PublicIds::new().unwrap());
        let mut views = Views::new(View::first(&room), ms(300));
        let player = "a".repeat(32).parse().unwrap();
        room.enter(&player, Some("Ann"));
        assert!(views.take(&mut room, ms(1000)).is_none());
        room.rename(&player, "Bob");
        for now in [1050, 1100, 1299] {
            assert!(views.take(&mut room, ms(now)).is_none(), "{now}");
            assert!(views.is_pending());
        }
        let shown = views.take(&mut room, ms(1300)).unwrap();
        assert!(shown.text.ends_with(br#""name":"Ann"}]}"#));
        let shown = views.take(&mut room, ms(1400)).unwrap();
        assert!(shown.text.ends_with(br#""name":"Bob"}]}"#));
        assert!(!views.is_pending());
    }

    #[test]
    fn a_resumed_view_has_the_newest_text_and_no_old_snapshot() {
        let mut room = Room::new("1".repeat(32).parse().unwrap(), PublicIds::new().unwrap());
        let mut shown = View::first(&room);
        shown.set_snapshot(b"old");
        let mut views = Views::new(shown.clone(), Duration::ZERO);
        room.enter(&"a".repeat(32).parse().unwrap(), Some("Ann"));
        views.resume(&mut room, &mut shown);
        assert!(shown.text.ends_with(br#""name":"Ann"}]}"#));
        assert!(shown.snapshot.is_empty());
    }
}
