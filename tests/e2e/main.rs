//! End to end: game server, relay and players, through real sockets on loopback.
