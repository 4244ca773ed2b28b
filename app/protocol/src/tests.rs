//! The wire's promises: golden files for each variant, newtypes at their limits, the error table's consistency.

mod decode;
mod errors;
mod golden;
mod identity;
mod json;
mod names;
mod released;
mod requests;
