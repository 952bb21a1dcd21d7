//! Metered functions: their declarations, owners, services, and the series that their calls feed.

pub(crate) mod appended;
pub(crate) mod by_address;
pub(crate) mod completion;
pub(crate) mod family;
pub(crate) mod function;
pub(crate) mod label_values;
pub(crate) mod resolved;
pub(crate) mod series;
pub(crate) mod service;
pub(crate) mod service_of_impl;
pub(crate) mod service_series;
pub(crate) mod site;
pub(crate) mod type_name;
pub(crate) mod unused_services;

pub use self::{
    function::{Function, Role},
    service::{MeteredService, NoService, Owner, Probe, SERVICES, ServiceMeta},
    service_of_impl::has_metrics,
    site::{SITES, Site},
    unused_services::{idle_services, message as idle_message},
};
