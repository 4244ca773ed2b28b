//! The wire's promises: golden files for each variant, newtypes at their limits, the error table's consistency.

mod errors;
mod golden;
mod names;
