//! Proves the stack that the end-to-end tests stand on, without this project's SDK: the shipped files are accepted
//! by the programs they are for, and what is sent or scraped arrives with its exemplars, once.

mod configuration;
mod delivery;
mod judges;
mod page;
mod sample;
