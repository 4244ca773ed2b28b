//! How many sockets are open, in all and for each address. An entry lives as long as its sockets do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::{ErrorCode, Limits};

use crate::address::Address;
use crate::error::Failure;

/// When somebody who was refused for the number of sockets may try again.
const RETRY_MS: u64 = 5_000;

/// The counts.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    total: u32,
    by_address: HashMap<Address, u32>,
}

/// One open socket; dropping it gives the place back.
#[derive(Debug)]
pub struct Place {
    connections: Connections,
    address: Address,
}

impl Connections {
    /// Takes a place.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] at the server's limit, [`ErrorCode::TooManyConnections`] at the address's.
    pub fn enter(&self, address: Address, limits: &Limits) -> Result<Place, Failure> {
        let mut counts = self.lock();
        if counts.total >= limits.connections_total {
            return Err(Failure::after(ErrorCode::Overloaded, RETRY_MS));
        }
        let own = counts.by_address.entry(address).or_default();
        if *own >= limits.connections_per_address {
            return Err(Failure::after(ErrorCode::TooManyConnections, RETRY_MS));
        }
        *own += 1;
        counts.total += 1;
        Ok(Place { connections: self.clone(), address })
    }

    /// Open sockets.
    pub fn total(&self) -> u32 {
        self.lock().total
    }

    /// Addresses with open sockets.
    pub fn addresses(&self) -> usize {
        self.lock().by_address.len()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.lock();
        counts.total -= 1;
        if let Some(own) = counts.by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}
